"""bounded waiting

Revision: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index('ix_tasks_open', table_name='tasks', schema='jobs', postgresql_where=sa.text("state IN ('waiting', 'released', 'running')"))
    op.create_index('ix_tasks_open', 'tasks', ['service', 'state'], unique=False, schema='jobs', postgresql_where=sa.text("state IN ('blocked', 'waiting', 'released', 'running')"))


def downgrade() -> None:
    op.drop_index('ix_tasks_open', table_name='tasks', schema='jobs', postgresql_where=sa.text("state IN ('blocked', 'waiting', 'released', 'running')"))
    op.create_index('ix_tasks_open', 'tasks', ['service', 'state'], unique=False, schema='jobs', postgresql_where=sa.text("state IN ('waiting', 'released', 'running')"))
