"""When an account was added, which may be days after its partner: what is caught up counts from then. Of those that are
there already nobody knows it; they count from their partner's day, as before.
"""

import sqlalchemy as sa
from alembic import op

from campaign.models.types import UtcDateTime

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("account", sa.Column("added_at", UtcDateTime(timezone=True), nullable=True))
