"""initial tables

Revision: 0001
Revises: 
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('assets',
    sa.Column('asset_id', sa.Uuid(), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('declared_type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('size', sa.BigInteger(), nullable=False),
    sa.Column('sha256', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('content_type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('info', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('probe_error', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('asset_id', name=op.f('pk_assets')),
    sa.UniqueConstraint('key', name=op.f('uq_assets_key')),
    schema='ingest'
    )
    op.create_index('ix_assets_owner_created_at', 'assets', ['owner', sa.literal_column('created_at DESC')], unique=False, schema='ingest')
    op.create_index(op.f('ix_assets_sha256'), 'assets', ['sha256'], unique=False, schema='ingest')
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    schema='ingest'
    )
    op.create_table('uploads',
    sa.Column('asset_id', sa.Uuid(), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('declared_type', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('begun_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('abandoned_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('asset_id', name=op.f('pk_uploads')),
    schema='ingest'
    )
    op.create_index('ix_uploads_begun_at', 'uploads', ['begun_at'], unique=False, schema='ingest')


def downgrade() -> None:
    op.drop_index('ix_uploads_begun_at', table_name='uploads', schema='ingest')
    op.drop_table('uploads', schema='ingest')
    op.drop_table('outbox', schema='ingest')
    op.drop_index(op.f('ix_assets_sha256'), table_name='assets', schema='ingest')
    op.drop_index('ix_assets_owner_created_at', table_name='assets', schema='ingest')
    op.drop_table('assets', schema='ingest')
