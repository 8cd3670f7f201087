"""An import of readers that has not ended: no issue of its list begins meanwhile."""

import sqlalchemy as sa
from alembic import op

from campaign.models.types import UtcDateTime

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("mailinglist", sa.Column("importing_at", UtcDateTime(), nullable=True))
