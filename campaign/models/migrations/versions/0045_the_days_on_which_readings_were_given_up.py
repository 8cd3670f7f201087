"""The day on which a failed reading was given up has a row of sums: the log is bounded by the days that have one."""

from alembic import op
from sqlmodel import Session

from campaign.models import tallies

revision = "0045"
down_revision = "0044"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the rows here; the schema stays. By the program's own rule, as they come from now on."""
    with Session(op.get_bind()) as session:
        tallies.recount_gaps(session)
        session.flush()
