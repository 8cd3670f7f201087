"""A reading names its post's partner, so that a partner's log is found in its order."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    # With a default: SQLite adds a column that must have a value in no other way than by making the table anew.
    op.add_column("snapshot", sa.Column("partner_id", sa.Integer(), nullable=False, server_default="0"))
    op.execute("UPDATE snapshot SET partner_id = (SELECT partner_id FROM post WHERE post.id = snapshot.post_id)")
    op.create_index("snapshot_of_partner", "snapshot", ["partner_id", "taken_at", "id"])
