"""Each post knows its slot's time, so that a plan sees a slot move away from a post that a person moved."""

import sqlalchemy as sa
from alembic import op

from campaign.models.types import UtcDateTime

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

_OPEN = ("draft", "in_review", "approved", "failed", "missed")


def upgrade() -> None:
    """Bring the schema here. The window of a post that nobody moved lies around its slot's time."""
    op.add_column("post", sa.Column("slot_at", UtcDateTime(), nullable=True))
    instants = (sa.column(name, UtcDateTime()) for name in ("window_from", "window_until", "slot_at"))
    post = sa.table("post", sa.column("id"), sa.column("status"), sa.column("moved", sa.Boolean()), *instants)
    unmoved = sa.select(post.c.id, post.c.window_from, post.c.window_until)
    unmoved = unmoved.where(post.c.status.in_(_OPEN), post.c.moved.is_(False))
    found = op.get_bind().execute(unmoved).all()
    if found:
        stored = sa.update(post).where(post.c.id == sa.bindparam("of")).values(slot_at=sa.bindparam("at"))
        times = [{"of": ident, "at": start + (end - start) / 2} for ident, start, end in found]
        op.get_bind().execute(stored, times)
