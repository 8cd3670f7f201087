"""What the posts of one partner brought in some days has an index."""

from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.create_index("newest_of_partner", "newest", ["partner_id", "published_at"])
