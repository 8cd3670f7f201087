"""The mark of a token's renewal on an account; what an attempt passes on."""

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column('account', sa.Column('renewal_of', sa.String(), nullable=True))
    op.add_column(
        'account', sa.Column('renewal_until', campaign.models.types.UtcDateTime(timezone=True), nullable=True)
    )
    op.add_column('account', sa.Column('renewal_why', sa.String(), nullable=True))
    op.add_column('account', sa.Column('renewal_wanted', sa.String(), nullable=True))
    op.add_column('attempt', sa.Column('share_of', sa.String(), nullable=True))
