"""plans that grow, lists, discards, turns

Revision: 0004
Revises: 0003
"""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('discards',
    sa.Column('discard_id', sa.Integer(), sa.Identity(always=False), nullable=False),
    sa.Column('fingerprint', sqlmodel.sql.sqltypes.AutoString(), nullable=False),
    sa.Column('request', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('discard_id', name=op.f('pk_discards')),
    schema='jobs'
    )
    op.create_index(op.f('ix_discards_fingerprint'), 'discards', ['fingerprint'], unique=False, schema='jobs')
    op.drop_index('ix_jobs_owner_created_at', table_name='jobs', schema='jobs')
    op.create_index('ix_jobs_owner_family_created_at', 'jobs', ['owner', 'family', sa.literal_column('created_at DESC'), sa.literal_column('job_id DESC')], unique=False, schema='jobs', postgresql_include=['state'])
    op.add_column('tasks', sa.Column('time_limit', sa.Float(), server_default='3600', nullable=False), schema='jobs')
    op.create_index('ix_tasks_served', 'tasks', ['service', 'share', sa.literal_column('released_at DESC')], unique=False, schema='jobs', postgresql_where=sa.text('released_at IS NOT NULL'))


def downgrade() -> None:
    op.drop_index('ix_tasks_served', table_name='tasks', schema='jobs', postgresql_where=sa.text('released_at IS NOT NULL'))
    op.drop_column('tasks', 'time_limit', schema='jobs')
    op.drop_index('ix_jobs_owner_family_created_at', table_name='jobs', schema='jobs', postgresql_include=['state'])
    op.create_index('ix_jobs_owner_created_at', 'jobs', ['owner', sa.literal_column('created_at DESC')], unique=False, schema='jobs')
    op.drop_index(op.f('ix_discards_fingerprint'), table_name='discards', schema='jobs')
    op.drop_table('discards', schema='jobs')
