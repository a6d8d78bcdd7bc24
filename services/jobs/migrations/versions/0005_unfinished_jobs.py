"""unfinished jobs

Revision: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = '0005'
down_revision = '0004'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index('ix_jobs_unfinished', 'jobs', ['owner'], unique=False, schema='jobs', postgresql_where=sa.text("state IN ('pending', 'processing')"))


def downgrade() -> None:
    op.drop_index('ix_jobs_unfinished', table_name='jobs', schema='jobs', postgresql_where=sa.text("state IN ('pending', 'processing')"))
