"""since when a task waits

Revision: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('tasks', sa.Column('waiting_at', sa.DateTime(timezone=True), nullable=True), schema='jobs')


def downgrade() -> None:
    op.drop_column('tasks', 'waiting_at', schema='jobs')
