"""A reading that failed counts on the day on which it was due, not on that on which it was given up."""

from alembic import op
from sqlmodel import Session

from campaign.models import tallies

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the sums here; the schema stays. By the program's own rule, as they were counted first."""
    with Session(op.get_bind()) as session:
        tallies.recount_gaps(session)
        session.flush()
