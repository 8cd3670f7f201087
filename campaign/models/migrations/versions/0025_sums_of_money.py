"""The sums of money that a claim asks for are read from an index alone."""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_UNRELEASED = sa.text("released_at IS NULL")


def upgrade() -> None:
    """Bring the schema here."""
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.drop_index("booking_month")
        batch_op.create_index(
            "booking_spent",
            ["channel", "month", "account_id", "micros", "released_at"],
            sqlite_where=_UNRELEASED,
            postgresql_where=_UNRELEASED,
        )
