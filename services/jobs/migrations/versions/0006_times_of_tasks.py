"""times of tasks, removed results

Revision: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('jobs', sa.Column('removed_at', sa.DateTime(timezone=True), nullable=True), schema='jobs')
    op.add_column('tasks', sa.Column('started_at', sa.DateTime(timezone=True), nullable=True), schema='jobs')
    op.add_column('tasks', sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True), schema='jobs')
    op.create_index('ix_jobs_ended', 'jobs', ['family', 'state', 'created_at', 'updated_at'], unique=False, schema='jobs', postgresql_where=sa.text("state IN ('completed', 'failed', 'cancelled')"))


def downgrade() -> None:
    op.drop_index('ix_jobs_ended', table_name='jobs', schema='jobs', postgresql_where=sa.text("state IN ('completed', 'failed', 'cancelled')"))
    op.drop_column('tasks', 'ended_at', schema='jobs')
    op.drop_column('tasks', 'started_at', schema='jobs')
    op.drop_column('jobs', 'removed_at', schema='jobs')
