"""What the sums of a day, and the posts that a week published, are found by."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

_OUT = sa.text("published_at IS NOT NULL")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_index("tally_of_day", "tally", ["part", "day", "partner_id"])
    op.drop_index("post_published", table_name="post")
    op.create_index("post_published", "post", ["published_at", "channel"], sqlite_where=_OUT, postgresql_where=_OUT)
