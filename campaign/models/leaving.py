"""Orders to take down posts that are on their way or in doubt: each stands until the post is found, or is not there."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import insert_into, unindexed
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.types import UtcDateTime

UNSURE = (Status.PUBLISHING, Status.UNCONFIRMED)
"""Nobody can take a post down that stands here, for nobody knows yet whether and where it is."""


class TakeDown(SQLModel, table=True):
    """A person's order to take a post down as soon as it is found published."""

    post_id: int = Field(primary_key=True, foreign_key="post.id")
    ordered_by: str
    why: str
    ordered_at: datetime = Field(sa_type=UtcDateTime)


def order(session: Session, post_id: int, *, by: str, why: str, at: datetime) -> None:
    """Keep the order; one that stands already is replaced."""
    row = {"ordered_by": by, "why": why, "ordered_at": at}
    statement = insert_into(session, TakeDown).values(post_id=post_id, **row)
    session.execute(statement.on_conflict_do_update(index_elements=["post_id"], set_=row))


def ordered(session: Session, post_id: int) -> TakeDown | None:
    """Return the order that stands for a post."""
    return session.exec(select(TakeDown).where(col(TakeDown.post_id) == post_id)).first()


def without_order(session: Session, post_ids: Collection[int]) -> list[int]:
    """Return those of the posts for which no order stands, in their order."""
    mine = sa.select(col(TakeDown.post_id)).where(col(TakeDown.post_id).in_(post_ids))
    found = set(session.scalars(mine))
    return [ident for ident in post_ids if ident not in found]


def count(session: Session) -> int:
    """Return how many orders stand."""
    return int(session.execute(sa.select(sa.func.count()).select_from(TakeDown)).scalar_one())


def end(session: Session, post_id: int) -> None:
    """Forget the order: it is carried out, or there is nothing to take down."""
    session.execute(sa.delete(TakeDown).where(col(TakeDown.post_id) == post_id))


def to_carry_out(session: Session, *, limit: int = 100) -> list[Post]:
    """Return posts with an order of which it is known by now where they stand."""
    # The orders are few, whatever else there is: their posts are found by their ids.
    named = col(Post.id).in_(sa.select(col(TakeDown.post_id)))
    known = unindexed(col(Post.status)).not_in([status.value for status in UNSURE])
    return list(session.exec(select(Post).where(named, known).limit(limit)))
