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
    op.create_table('sessions',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('asset_id', sa.Uuid(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('object', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('info', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('duration', sa.Float(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('cleaned_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('session_id', name=op.f('pk_sessions')),
    sa.UniqueConstraint('asset_id', name=op.f('uq_sessions_asset_id')),
    schema='sessions'
    )
    op.create_index('ix_sessions_expires_at', 'sessions', ['expires_at'], unique=False, schema='sessions', postgresql_where=sa.text('closed_at IS NULL'))
    op.create_index('ix_sessions_closed_at', 'sessions', ['closed_at'], unique=False, schema='sessions', postgresql_where=sa.text('closed_at IS NOT NULL'))
    op.create_table('artifacts',
    sa.Column('session_id', sa.Uuid(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.ForeignKeyConstraint(['session_id'], ['sessions.sessions.session_id'], name=op.f('fk_artifacts_session_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_id', 'key', name=op.f('pk_artifacts')),
    schema='sessions'
    )


def downgrade() -> None:
    op.drop_table('artifacts', schema='sessions')
    op.drop_index('ix_sessions_closed_at', table_name='sessions', schema='sessions', postgresql_where=sa.text('closed_at IS NOT NULL'))
    op.drop_index('ix_sessions_expires_at', table_name='sessions', schema='sessions', postgresql_where=sa.text('closed_at IS NULL'))
    op.drop_table('sessions', schema='sessions')
