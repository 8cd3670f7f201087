"""What reviewers read first has an index: what was written for one post, and what was approved last."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

_GROUP = ["status", "template", "template_version", "channel", "due_at", "id"]
_WRITTEN = sa.text("status = 'in_review' AND CAST(fields AS TEXT) <> '{}'")
_WAS_APPROVED = sa.text("approved_hash IS NOT NULL")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_index("post_written", "post", _GROUP, sqlite_where=_WRITTEN, postgresql_where=_WRITTEN)
    if op.get_bind().dialect.name == "postgresql":
        # Without it PostgreSQL takes almost every post for one with words of its own, and goes through all that waits.
        op.execute("CREATE STATISTICS post_written ON (CAST(fields AS TEXT)) FROM post")
    op.create_index("post_was_approved", "post", ["due_at"], sqlite_where=_WAS_APPROVED, postgresql_where=_WAS_APPROVED)
