"""The newest known figures of each post, for the reports of a week."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import Session

import campaign.models.types
from campaign.models import newest

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

_FIGURES = ("impressions", "reach", "reactions", "comments", "shares", "clicks")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "newest",
        sa.Column("post_id", sa.Integer(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("published_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        sa.Column("taken_at", campaign.models.types.UtcDateTime(timezone=True), nullable=False),
        *(sa.Column(name, sa.Integer(), nullable=True) for name in _FIGURES),
        sa.ForeignKeyConstraint(["post_id"], ["post.id"]),
        sa.PrimaryKeyConstraint("post_id"),
    )
    # By the program's own rule. A later change of the table counts anew itself, and takes this line out.
    with Session(op.get_bind()) as session:
        newest.rebuild(session)
        session.flush()
    columns = ["published_at", "channel", "partner_id", "taken_at", *_FIGURES, "post_id"]
    op.create_index("newest_of_days", "newest", columns)
