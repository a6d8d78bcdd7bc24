"""rate limits

Revision: 0001
Revises: 
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = '0001'
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('rate_limits',
    sa.Column('key', sa.String(), nullable=False),
    sa.Column('taken', postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.Column('stale_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('key', name=op.f('pk_rate_limits')),
    schema='edge',
    prefixes=['UNLOGGED']
    )


def downgrade() -> None:
    op.drop_table('rate_limits', schema='edge')
