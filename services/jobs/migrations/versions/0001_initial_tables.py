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
    op.create_table('jobs',
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('key', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('family', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('kind', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('asset_id', sa.Uuid(), nullable=False),
    sa.Column('channel', sqlmodel.sql.sqltypes.AutoString(), nullable=True),
    sa.Column('lane', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('progress', sa.Float(), nullable=False),
    sa.Column('spec', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('error', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('result', postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('updated_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('job_id', name=op.f('pk_jobs')),
    sa.UniqueConstraint('owner', 'key', name=op.f('uq_jobs_owner_key')),
    schema='jobs'
    )
    op.create_index('ix_jobs_channel_updated_at', 'jobs', ['channel', 'updated_at'], unique=False, schema='jobs')
    op.create_index('ix_jobs_owner_created_at', 'jobs', ['owner', sa.literal_column('created_at DESC')], unique=False, schema='jobs')
    op.create_table('outbox',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=False), nullable=False),
    sa.Column('subject', sa.String(), nullable=False),
    sa.Column('message_id', sa.String(), nullable=False),
    sa.Column('headers', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_outbox')),
    schema='jobs'
    )
    op.create_table('results',
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('result', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('fingerprint', name=op.f('pk_results')),
    schema='jobs'
    )
    op.create_table('tasks',
    sa.Column('task_id', sa.Uuid(), nullable=False),
    sa.Column('job_id', sa.Uuid(), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('name', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('service', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('lane', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('owner', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('share', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('state', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('needs', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('weight', sa.Float(), nullable=False),
    sa.Column('fraction', sa.Float(), nullable=False),
    sa.Column('payload', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('trace', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('released_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['job_id'], ['jobs.jobs.job_id'], name=op.f('fk_tasks_job_id')),
    sa.PrimaryKeyConstraint('task_id', name=op.f('pk_tasks')),
    schema='jobs'
    )
    op.create_index('ix_tasks_fingerprint', 'tasks', ['fingerprint'], unique=False, schema='jobs')
    op.create_index('ix_tasks_job_id', 'tasks', ['job_id'], unique=False, schema='jobs')
    op.create_index('ix_tasks_open', 'tasks', ['service', 'state'], unique=False, schema='jobs', postgresql_where=sa.text("state IN ('waiting', 'released', 'running')"))


def downgrade() -> None:
    op.drop_index('ix_tasks_open', table_name='tasks', schema='jobs', postgresql_where=sa.text("state IN ('waiting', 'released', 'running')"))
    op.drop_index('ix_tasks_job_id', table_name='tasks', schema='jobs')
    op.drop_index('ix_tasks_fingerprint', table_name='tasks', schema='jobs')
    op.drop_table('tasks', schema='jobs')
    op.drop_table('results', schema='jobs')
    op.drop_table('outbox', schema='jobs')
    op.drop_index('ix_jobs_owner_created_at', table_name='jobs', schema='jobs')
    op.drop_index('ix_jobs_channel_updated_at', table_name='jobs', schema='jobs')
    op.drop_table('jobs', schema='jobs')
