"""Who changed the account of a post since it was last approved does not approve it either."""

import sqlalchemy as sa
from alembic import op

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

_CHANGED = sa.text("""
    SELECT DISTINCT event.post_id, event.who FROM event JOIN post ON post.id = event.post_id
    WHERE event.move = 'edit' AND event.why = 'its account changed'
      AND post.status IN ('draft', 'in_review', 'failed', 'missed')
      AND event.id > COALESCE(
        (SELECT MAX(one.id) FROM event AS one WHERE one.post_id = event.post_id AND one.move = 'approve'), 0)
""")


def upgrade() -> None:
    """Bring the rows here."""
    connection, post = op.get_bind(), sa.table("post", sa.column("id"), sa.column("writers", sa.JSON()))
    for post_id, who in connection.execute(_CHANGED).all():
        before = connection.execute(sa.select(post.c.writers).where(post.c.id == post_id)).scalar_one()
        connection.execute(sa.update(post).where(post.c.id == post_id).values(writers=sorted({*before, who})))
