"""video editor

Revision: 0002
Revises: 0001
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('videos',
    sa.Column('video_id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('asset_id', sa.Uuid(), nullable=True),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('stem', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('path', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('operation', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('request', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('object', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('info', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('made', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('extension', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('node', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('encoding', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('video_id', name=op.f('pk_videos')),
    sa.UniqueConstraint('asset_id', name=op.f('uq_videos_asset_id')),
    sa.UniqueConstraint('path', name=op.f('uq_videos_path')),
    schema='jobs'
    )
    op.create_index('ix_videos_ready', 'videos', ['owner', 'video_id'], unique=False, schema='jobs', postgresql_where=sa.text("state = 'ready'"))
    op.create_table('edits',
    sa.Column('edit_id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('request_code', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('edit', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('inputs', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('video_id', sa.Integer(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=True),
    sa.Column('error', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.jobs.job_id'], name=op.f('fk_edits_job_id')),
    sa.ForeignKeyConstraint(['video_id'], ['jobs.videos.video_id'], name=op.f('fk_edits_video_id')),
    sa.PrimaryKeyConstraint('edit_id', name=op.f('pk_edits')),
    sa.UniqueConstraint('video_id', name=op.f('uq_edits_video_id')),
    schema='jobs'
    )
    op.create_index('ix_edits_job_id', 'edits', ['job_id'], unique=False, schema='jobs')
    op.create_index('ix_edits_pending', 'edits', ['owner', 'request_code', 'edit_id'], unique=False, schema='jobs', postgresql_where=sa.text("state = 'pending'"))
    op.alter_column('jobs', 'asset_id', existing_type=sa.Uuid(), nullable=True, schema='jobs')
    op.add_column('jobs', sa.Column('independent', sa.Boolean(), server_default=sa.text('false'), nullable=False), schema='jobs')
    op.add_column('tasks', sa.Column('follows', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False), schema='jobs')
    op.add_column('tasks', sa.Column('error', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True), schema='jobs')


def downgrade() -> None:
    op.drop_column('tasks', 'error', schema='jobs')
    op.drop_column('tasks', 'follows', schema='jobs')
    op.drop_column('jobs', 'independent', schema='jobs')
    op.execute("DELETE FROM jobs.tasks WHERE job_id IN (SELECT job_id FROM jobs.jobs WHERE asset_id IS NULL)")
    op.drop_index('ix_edits_pending', table_name='edits', schema='jobs', postgresql_where=sa.text("state = 'pending'"))
    op.drop_index('ix_edits_job_id', table_name='edits', schema='jobs')
    op.drop_table('edits', schema='jobs')
    op.drop_index('ix_videos_ready', table_name='videos', schema='jobs', postgresql_where=sa.text("state = 'ready'"))
    op.drop_table('videos', schema='jobs')
    op.execute("DELETE FROM jobs.jobs WHERE asset_id IS NULL")
    op.alter_column('jobs', 'asset_id', existing_type=sa.Uuid(), nullable=False, schema='jobs')
