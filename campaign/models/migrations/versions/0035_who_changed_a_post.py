"""All who changed a post since it was last approved: none of them approves it."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

_CHANGED = sa.text("""
    SELECT DISTINCT event.post_id, event.who FROM event JOIN post ON post.id = event.post_id
    WHERE event.move = 'edit' AND post.status IN ('draft', 'in_review', 'failed', 'missed')
      AND event.why NOT IN ('its account changed', 'the partner revoked its agreement',
        'sender or reply address of its account changed')
      AND event.id > COALESCE(
        (SELECT MAX(one.id) FROM event AS one WHERE one.post_id = event.post_id AND one.move = 'approve'), 0)
    ORDER BY event.post_id, event.who
""")


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("post", sa.Column("writers", sa.JSON(), nullable=False, server_default="[]"))
    writers: dict[int, list[str]] = {}
    for post_id, who in op.get_bind().execute(_CHANGED):
        writers.setdefault(post_id, []).append(who)
    if writers:
        post = sa.table("post", sa.column("id"), sa.column("writers", sa.JSON()))
        stored = sa.update(post).where(post.c.id == sa.bindparam("of")).values(writers=sa.bindparam("names", type_=sa.JSON()))
        op.get_bind().execute(stored, [{"of": ident, "names": names} for ident, names in writers.items()])
