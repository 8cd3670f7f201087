"""How many posts stand where is kept as they change."""

import sqlalchemy as sa
from alembic import op
from sqlmodel import Session

from campaign.models import counts

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

_KEYS = ("hour", "slot", "template", "template_version", "channel", "status")
_NONE = sa.text("posts = 0")


def upgrade() -> None:
    """Bring the schema here."""
    op.create_table(
        "postcount",
        *(sa.Column(name, sa.String(), nullable=False) for name in _KEYS),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint(*_KEYS),
    )
    op.create_index("postcount_none", "postcount", ["posts"], sqlite_where=_NONE, postgresql_where=_NONE)
    op.create_index("postcount_in", "postcount", ["status", "template", "template_version", "channel", "posts"])
    op.create_table(
        "postnote",
        sa.Column("id", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.String(), nullable=False) for name in _KEYS),
        sa.Column("posts", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    # First watched, then counted: a worker of before may change posts meanwhile. On PostgreSQL the triggers wait for what
    # is under way and keep others from writing until all of this is stored.
    counts.watch(op.get_bind())
    # By the program's own rule. A later change of the tables counts anew itself, and takes these lines out. Whoever
    # makes the table of posts anew on SQLite (a batch) lets it be watched anew: its triggers go with the old one.
    with Session(op.get_bind()) as session:
        counts.rebuild(session)
        session.flush()
