"""Accounts that a person took out of the campaign."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("account", sa.Column("disabled_why", sa.String(), nullable=True))
