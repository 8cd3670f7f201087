"""Readings of posts that a platform charges for, each once in a day."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

PAID = sa.text("read_of IS NOT NULL AND released_at IS NULL")


def upgrade() -> None:
    """Bring the schema here."""
    with op.batch_alter_table("booking", schema=None) as batch_op:
        batch_op.add_column(sa.Column("read_of", sa.String(), nullable=True))
    op.create_index(
        "booking_reading",
        "booking",
        ["account_id", "read_of"],
        unique=True,
        sqlite_where=PAID,
        postgresql_where=PAID,
    )
