"""What keeps an approved post back, and what bounds its time: quiet periods, and words that are no longer true.

The timetable's file says the bounds; here they stand as instants, so that dispatch reads no file.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Index, Session, SQLModel, col, select

from campaign.models.holds import not_held
from campaign.models.partners import agreed
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Post
from campaign.models.types import Instant, UtcDateTime


class QuietSpan(SQLModel, table=True):
    """A time in which a partner stays silent, from ``from_at`` on and before ``until_at``."""

    __table_args__ = (Index("quietspan_partner", "partner_id", "from_at"),)

    id: int | None = Field(default=None, primary_key=True)
    partner_id: int = Field(foreign_key="partner.id")
    name: str
    from_at: datetime = Field(sa_type=UtcDateTime)
    until_at: datetime = Field(sa_type=UtcDateTime)


def keep_silent(session: Session, spans: Iterable[QuietSpan], *, of: Sequence[int] | None = None) -> None:
    """Put these quiet times in the place of all that stood before; ``of``: of what these partners had."""
    if of is None:
        session.execute(sa.delete(QuietSpan))
    for part in some_at_a_time(of or ()):
        session.execute(sa.delete(QuietSpan).where(col(QuietSpan.partner_id).in_(part)))
    session.add_all(spans)
    session.flush()


def quiet_at(session: Session, partner_id: int, at: datetime) -> QuietSpan | None:
    """Return the quiet time in which the instant lies for this partner."""
    return quiet_of(session, [partner_id], at).get(partner_id)


def quiet_of(session: Session, partner_ids: Collection[int], at: datetime) -> dict[int, QuietSpan]:
    """Return by partner the quiet time in which the instant lies, where it lies in one."""
    covers = col(QuietSpan.partner_id).in_(partner_ids), col(QuietSpan.from_at) <= at, col(QuietSpan.until_at) > at
    return {span.partner_id: span for span in session.exec(select(QuietSpan).where(*covers))}


def may_go(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that nothing keeps it back: no hold, no partner without its yes, no bound.

    Part of every claim and of every hand-over.
    """
    return sa.and_(not_held(), agreed(), within_bounds(now))


def goes_on(session: Session, post_id: int, now: datetime) -> bool:
    """Say whether nothing keeps back what is on its way: an issue takes long enough for that to change."""
    return session.execute(sa.select(col(Post.id)).where(col(Post.id) == post_id, may_go(now))).first() is not None


def within_bounds(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that nothing bounds it at its next try, or now where that is past.

    What falls into a quiet time waits, and is missed like anything late (rulings, 15).
    """
    tries_at, due = col(Post.next_try_at), col(Post.next_try_at) <= now
    covers = sa.or_(
        sa.and_(due, col(QuietSpan.from_at) <= now, col(QuietSpan.until_at) > now),
        sa.and_(~due, col(QuietSpan.from_at) <= tries_at, col(QuietSpan.until_at) > tries_at),
    )
    silent = sa.select(sa.literal(1)).where(col(QuietSpan.partner_id) == col(Post.partner_id), covers)
    true_still = sa.and_(col(Post.stale_at) > now, col(Post.stale_at) > tries_at)
    return sa.and_(~sa.exists(silent.correlate(Post)), sa.or_(col(Post.stale_at).is_(None), true_still))
