"""Sums of engagement that are kept, and what the pages of a large campaign are found by."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import Session

import campaign.models.types
from campaign.models import tallies

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

_FIGURES = ("impressions", "reach", "reactions", "comments", "shares", "clicks")
_IN_REVIEW = sa.text("status = 'in_review'")
_OUT = sa.text("published_at IS NOT NULL")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "tally",
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("partner_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("day", sa.String(), nullable=False),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.Column("gaps", sa.Integer(), nullable=False),
        sa.Column("taken_at", campaign.models.types.UtcDateTime(timezone=True), nullable=True),
        *(sa.Column(name, sa.BigInteger(), nullable=True) for name in _FIGURES),
        *(sa.Column(f"{name}_posts", sa.Integer(), nullable=False) for name in _FIGURES),
        sa.PrimaryKeyConstraint("part", "partner_id", "name", "channel", "day"),
    )
    with op.batch_alter_table("post", schema=None) as batch_op:
        batch_op.create_index("post_of_partner_in", ["partner_id", "status", "due_at", "id"])
        batch_op.create_index("post_of_channel", ["channel", "status", "due_at", "id"])
        batch_op.create_index("post_of_slot", ["slot", "status", "due_at", "id"])
        batch_op.create_index("post_of_template", ["template"])
        batch_op.create_index("post_says", ["text_key", "channel"])
        batch_op.create_index("post_template_of", ["account_id", "template", "due_at"])
        batch_op.create_index("post_on_day", ["due_at", "slot", "channel", "status", "id"])
        group = ["template", "template_version", "channel", "due_at", "id", "partner_id"]
        batch_op.create_index("post_group", group, sqlite_where=_IN_REVIEW, postgresql_where=_IN_REVIEW)
        batch_op.create_index("post_out", ["partner_id", "published_at"], sqlite_where=_OUT, postgresql_where=_OUT)
    with op.batch_alter_table("audit", schema=None) as batch_op:
        for name in ("who", "action", "subject"):
            batch_op.create_index(f"audit_{name}", [name, "id"])
    with op.batch_alter_table("snapshot", schema=None) as batch_op:
        for name in _FIGURES:
            given = sa.text(f"{name} IS NOT NULL")
            batch_op.create_index(f"snapshot_{name}", [name, "id"], sqlite_where=given, postgresql_where=given)
    # By the program's own rule. A later change of the table counts anew itself, and takes this line out.
    with Session(op.get_bind()) as session:
        tallies.rebuild(session)
        session.flush()
