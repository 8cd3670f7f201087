"""Taking readings of engagement: which are due, whose they are, and what came of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import newest, tallies
from campaign.models.database import changed, insert_into
from campaign.models.posts import Post
from campaign.models.snapshots import Snapshot, of_post


def due_readings(session: Session, now: datetime, *, limit: int = 2000) -> list[Post]:
    """Return posts whose next reading is due, the longest due first."""
    statement = (
        select(Post)
        .where(col(Post.next_reading_at) <= now)
        .order_by(col(Post.next_reading_at), col(Post.id))
        .limit(limit)
    )
    return list(session.exec(statement))


@dataclass(frozen=True, slots=True)
class Watched:
    """A published post whose figures are still to be read, from reading number ``readings`` on."""

    account_id: int
    channel: str
    published_at: datetime
    readings: int


def watched(session: Session, *, until: datetime | None = None) -> list[Watched]:
    """Return the posts whose figures are still to be read, or those whose next reading is due, or claimed, ``until``
    then.
    """
    columns = (col(Post.account_id), col(Post.channel), col(Post.published_at), col(Post.readings))
    waiting = sa.select(*columns).where(col(Post.next_reading_at).is_not(None), col(Post.published_at).is_not(None))
    if until is not None:
        waiting = waiting.where(col(Post.next_reading_at) <= until)
    return [Watched(*row) for row in session.execute(waiting)]


def claim_readings(session: Session, post_ids: Sequence[int], now: datetime, until: datetime) -> list[Post]:
    """Take the due readings of these posts until ``until``, and return the posts whose readings nobody else has."""
    free = (
        sa.select(col(Post.id))
        .where(col(Post.id).in_(post_ids), col(Post.next_reading_at) <= now)
        .order_by(col(Post.id))
        .with_for_update(skip_locked=True)
    )
    mine = sa.update(Post).where(col(Post.id).in_(free)).values(next_reading_at=until).returning(Post)
    return list(session.scalars(mine.execution_options(synchronize_session=False)))


def next_reading(session: Session) -> datetime | None:
    """Return when the next reading of any post is due."""
    statement = sa.select(sa.func.min(col(Post.next_reading_at))).where(col(Post.next_reading_at).is_not(None))
    return session.execute(statement).scalar()


def settle_reading(
    session: Session, seen: Post, rows: Sequence[Snapshot], *, readings: int, next_reading_at: datetime | None
) -> int:
    """Store what became of a post's due readings and move the post on to the next.

    Nothing is written when the post has moved on since it was ``seen``: another process was here, or the post was
    taken down. Its slot may have got another name meanwhile: it counts where it stands now. Returns how many snapshots
    were stored.
    """
    mine = sa.update(Post).where(
        col(Post.id) == seen.ident,
        col(Post.readings) == seen.readings,
        col(Post.next_reading_at) == seen.next_reading_at,
    )
    if changed(session, mine.values(readings=readings, next_reading_at=next_reading_at)) != 1:
        return 0
    if not rows:
        return 0
    return store(session, session.get_one(Post, seen.ident, populate_existing=True), rows)


def store(session: Session, post: Post, rows: Sequence[Snapshot]) -> int:
    """Store snapshots of a post and count them, except those whose reading is there: a post whose readings began anew
    keeps the older rows. Returns how many were stored.
    """
    before = of_post(session, post.ident)
    values = [row.model_dump(exclude={"id"}) for row in rows]
    unless_there = insert_into(session, Snapshot).on_conflict_do_nothing(index_elements=["post_id", "due_at"])
    stored = {due_at for (due_at,) in session.execute(unless_there.returning(col(Snapshot.due_at)), values)}
    after = [*before, *(row for row in rows if row.due_at in stored)]
    tallies.count(session, post, before, after)
    newest.keep(session, post, after)
    return len(stored)
