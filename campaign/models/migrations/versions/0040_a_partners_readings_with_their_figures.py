"""A partner's readings are sorted by a figure from their index alone."""

from alembic import op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

_FIGURES = ("impressions", "reach", "reactions", "comments", "shares", "clicks")


def upgrade() -> None:
    """Bring the schema here."""
    op.drop_index("snapshot_of_partner", "snapshot")
    op.create_index("snapshot_of_partner", "snapshot", ["partner_id", "taken_at", "id", *_FIGURES])
