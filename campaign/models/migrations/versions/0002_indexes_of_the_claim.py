"""Indexes of dispatch: a lane's posts in the order in which they go, posts in doubt or leaving, attempts still open."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_APPROVED = sa.text("status = 'approved'")
_RETRACTING = sa.text("status = 'retracting'")
_OPEN = sa.text("closed_at IS NULL")
_UNCONFIRMED = sa.text("status = 'unconfirmed'")


def upgrade() -> None:
    """Bring the schema here."""
    op.drop_index("post_lane_due", table_name="post")
    op.create_index(
        "post_of_lane", "post", ["account_id", "due_at", "id"], sqlite_where=_APPROVED, postgresql_where=_APPROVED
    )
    op.create_index(
        "post_in_doubt", "post", ["account_id"], sqlite_where=_UNCONFIRMED, postgresql_where=_UNCONFIRMED
    )
    op.create_index(
        "post_leaving", "post", ["next_look_at"], sqlite_where=_RETRACTING, postgresql_where=_RETRACTING
    )
    op.create_index("attempt_open", "attempt", ["lease_until"], sqlite_where=_OPEN, postgresql_where=_OPEN)
