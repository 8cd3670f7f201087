"""Posts that a reviewer set aside: they wait, and nobody approves them in passing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import insert_into, unindexed
from campaign.models.groups import of_partners
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.types import UtcDateTime


class Aside(SQLModel, table=True):
    """A post that was set aside, with the hash of the content that it had. Other content is no longer set aside."""

    post_id: int = Field(primary_key=True, foreign_key="post.id")
    content_hash: str
    set_by: str
    set_at: datetime = Field(sa_type=UtcDateTime)


def put(session: Session, posts: Iterable[Post], *, by: str, at: datetime) -> None:
    """Set posts aside."""
    for post in posts:
        row = {"content_hash": post.content_hash, "set_by": by, "set_at": at}
        statement = insert_into(session, Aside).values(post_id=post.ident, **row)
        session.execute(statement.on_conflict_do_update(index_elements=["post_id"], set_=row))


def take_back(session: Session, post_ids: Collection[int]) -> None:
    """Set posts aside no longer."""
    session.execute(sa.delete(Aside).where(col(Aside.post_id).in_(post_ids)))


def of(session: Session, post_ids: Collection[int]) -> dict[int, Aside]:
    """Return which of these posts are set aside, by their ids."""
    statement = select(Aside).join(Post, col(Post.id) == col(Aside.post_id))
    still = statement.where(col(Aside.post_id).in_(post_ids), col(Aside.content_hash) == col(Post.content_hash))
    return {row.post_id: row for row in session.exec(still)}


def waiting(session: Session, partners: Sequence[str] = ()) -> list[Post]:
    """Return the posts in review that are set aside, of these partners or of all, by due time."""
    # Those that are set aside are few, whatever waits: their posts are found by their ids.
    named = col(Post.id).in_(sa.select(col(Aside.post_id)))
    same = sa.select(col(Aside.post_id)).where(
        col(Aside.post_id) == col(Post.id), col(Aside.content_hash) == col(Post.content_hash)
    )
    in_review = unindexed(col(Post.status)) == Status.IN_REVIEW.value
    still = select(Post).where(named, sa.exists(same), in_review, *of_partners(partners))
    return list(session.exec(still.order_by(unindexed(col(Post.due_at)), col(Post.id))))
