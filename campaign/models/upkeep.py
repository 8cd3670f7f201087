"""The statements of the dispatcher's upkeep: what expires, what is handed over, what to look up, when to wake."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models import leaving
from campaign.models.bounds import may_go
from campaign.models.database import changed, lease_now, unindexed
from campaign.models.deliveries import begun_issue
from campaign.models.holds import not_stopped, stopped
from campaign.models.lanes import free, of_account, ready, sendable, sends, under_way
from campaign.models.partners import Account, AccountMode, Lane
from campaign.models.posts import Attempt, Post, stands, unsettled
from campaign.models.status import Status
from campaign.models.types import Instant, UtcDateTime, bound_instant

_BY_HAND_GRACE = timedelta(days=3)
"""A person who is asked to publish by hand gets a weekend before the post is missed."""
_APART = timedelta(seconds=5)
"""So far the clocks of two machines may be from one another."""
_LATELY = timedelta(days=7)
"""What fell due before is missed, whatever the grace."""


class Beat(SQLModel, table=True):
    """One row per dispatching process: when it ticked last, and when it means to wake."""

    owner: str = Field(primary_key=True)
    started_at: datetime = Field(sa_type=UtcDateTime)
    tick_at: datetime = Field(sa_type=UtcDateTime)
    next_wake_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def tick(session: Session, owner: str, now: datetime, next_wake_at: datetime | None) -> None:
    """Write the beat."""
    row = session.get(Beat, owner) or Beat(owner=owner, started_at=now, tick_at=now)
    row.tick_at, row.next_wake_at = now, next_wake_at
    session.add(row)


def beats(session: Session) -> list[Beat]:
    """Return every process's beat, the newest first."""
    return list(session.exec(select(Beat).order_by(col(Beat.tick_at).desc())))


def believed(beats: Sequence[Beat], now: datetime) -> list[Beat]:
    """Return the beats that tell of a life. One that lies ahead of ``now`` was written under another clock, and would
    look young long after its process has died.
    """
    return [beat for beat in beats if beat.tick_at - now <= _APART]


def end_beat(session: Session, owner: str) -> None:
    """Drop the beat of a process that ends by intent."""
    session.execute(sa.delete(Beat).where(col(Beat.owner) == owner))


def forget_beats(session: Session, before: datetime) -> None:
    """Drop the beats of processes that ended long ago."""
    session.execute(sa.delete(Beat).where(col(Beat.tick_at) < before))


def overdue(session: Session, now: datetime, grace: timedelta, *, limit: int = 500) -> list[Post]:
    """Return approved posts that are later than the grace, by-hand ones that nobody has recorded within days, and posts
    in review whose time has passed. An issue of which a copy has gone does not expire: its deliveries go on.
    """
    late = sa.and_(stands(Status.APPROVED), col(Post.due_at) < now - grace, ~begun_issue())
    unapproved = sa.and_(stands(Status.IN_REVIEW), col(Post.due_at) < now)
    by_hand = sa.and_(stands(Status.BY_HAND), col(Post.due_at) < now - _BY_HAND_GRACE)
    found = sa.or_(late, unapproved, by_hand)
    statement = select(Post).where(found).order_by(unindexed(col(Post.due_at))).limit(limit)
    return list(session.exec(statement))


def to_hand_over(session: Session, now: datetime, *, limit: int = 500) -> list[Post]:
    """Return approved posts on by-hand accounts that are due and that nothing keeps back."""
    statement = (
        select(Post)
        .where(
            stands(Status.APPROVED),
            col(Post.due_at) <= now,
            col(Post.next_try_at) <= now,
            of_account(_BY_HAND),
            may_go(now),
        )
        .order_by(unindexed(col(Post.due_at)))
        .limit(limit)
    )
    return list(session.exec(statement))


def to_look_up(
    session: Session, now: datetime, *, without: Collection[str] = (), limit: int = 100
) -> list[tuple[int, str]]:
    """Return unconfirmed posts whose next look is due, the oldest first, with their channels but for ``without``."""
    statement = (
        sa.select(col(Post.id), col(Post.channel))
        .where(
            col(Post.channel).not_in(without),
            stands(Status.UNCONFIRMED),
            col(Post.needs_person).is_(None),
            col(Post.next_look_at) <= now,
        )
        .order_by(col(Post.next_look_at))
        .limit(limit)
    )
    return [(row[0], row[1]) for row in session.execute(statement)]


def lock_unconfirmed(session: Session, account_id: int) -> None:
    """Let nobody else adopt for this account until the transaction ends: of two equal posts one finds the id first.

    On SQLite a writer is alone anyway.
    """
    mine = sa.select(col(Post.id)).where(col(Post.account_id) == account_id, stands(Status.UNCONFIRMED))
    # Without the key: who books a look-up of such a post refers to it, and may hold the budget that we come to want.
    session.execute(mine.order_by(col(Post.id)).with_for_update(key_share=True)).all()


def claim_look(session: Session, post_id: int, now: datetime, until: datetime) -> bool:
    """Take a due look-up, or a due taking down, until ``until``; False when another machine has it or it is settled."""
    due = sa.and_(
        unsettled(),
        col(Post.needs_person).is_(None),
        sa.or_(col(Post.next_look_at).is_(None), col(Post.next_look_at) <= now),
    )
    return changed(session, sa.update(Post).where(col(Post.id) == post_id, due).values(next_look_at=until)) == 1


def looked_up_from(at: datetime | None) -> dict[str, object]:
    """Return the columns of a post whose look-ups begin at ``at``: nothing is known of it yet."""
    return {"next_look_at": at, "looks": 0, "good_reads": 0, "first_read_at": None}


def set_look(session: Session, post_id: int, values: Mapping[str, object]) -> None:
    """Note what a look-up showed, or a try to take the post down, while the post still stands there."""
    looked_at = unsettled()
    changed(session, sa.update(Post).where(col(Post.id) == post_id, looked_at).values(**values))


def set_needs_person(session: Session, post_id: int, why: str) -> None:
    """Say that only a person can settle the post, and why."""
    changed(session, sa.update(Post).where(col(Post.id) == post_id).values(needs_person=why))


def to_retract(
    session: Session, now: datetime, *, without: Collection[str] = (), limit: int = 100
) -> list[tuple[int, str]]:
    """Return posts that are to be taken down now, with their channels but for those ``without``."""
    statement = sa.select(col(Post.id), col(Post.channel)).where(
        col(Post.channel).not_in(without),
        stands(Status.RETRACTING),
        col(Post.needs_person).is_(None),
        sa.or_(col(Post.next_look_at).is_(None), col(Post.next_look_at) <= now),
    )
    return [(row[0], row[1]) for row in session.execute(statement.limit(limit))]


def known_ids(session: Session, account_id: int, post_id: int) -> frozenset[str]:
    """Return the platform ids that other rows of this account already own."""
    statement = sa.select(col(Post.external_id)).where(
        col(Post.account_id) == account_id, col(Post.id) != post_id, col(Post.external_id).is_not(None)
    )
    return frozenset(row[0] for row in session.execute(statement))


def control_id(session: Session, account_id: int, post_id: int) -> str | None:
    """Return the newest post of the account that is known to stand on the platform: the positive control."""
    statement = (
        sa.select(col(Post.external_id))
        .where(
            col(Post.account_id) == account_id,
            col(Post.id) != post_id,
            col(Post.status) == Status.PUBLISHED.value,
            col(Post.external_id).is_not(None),
        )
        .order_by(col(Post.published_at).desc())
        .limit(1)
    )
    return session.execute(statement).scalar()


def sent_before(session: Session, account_id: int, attempt_id: int) -> str | None:
    """Return the newest post of the account whose id the platform gave before an attempt began: whatever any clock
    says, nothing older on the platform is that attempt's. Of an account one attempt runs at a time, so their ids tell.
    """
    told = sa.and_(col(Attempt.outcome) == "posted", col(Attempt.detail) == col(Post.external_id))
    statement = (
        sa.select(col(Post.external_id))
        .join(Attempt, col(Attempt.post_id) == col(Post.id))
        .where(
            col(Post.account_id) == account_id,
            col(Post.status) == Status.PUBLISHED.value,
            told,
            col(Attempt.id) < attempt_id,
        )
        .order_by(col(Attempt.id).desc())
        .limit(1)
    )
    return session.execute(statement).scalar()


def next_wake(session: Session, now: datetime, grace: timedelta) -> datetime | None:
    """Return the next instant at which something is to be done: a post due, a look-up, a lease that ends, a review
    or an approved post that expires. Past instants mean now. Posts that are held or stand on a stopped account wake
    nobody before they expire.
    """
    wire, bound = session.connection(), {"now": now, "lease": lease_now(session, now)}
    found = [wire.execute(statement, bound).scalar() for statement in _firsts()]
    oldest = wire.execute(_oldest()).scalar()
    if oldest is not None:
        found.append(oldest + grace)
    return min((instant for instant in found if instant is not None), default=None)


@cache
def _firsts() -> Sequence[sa.Select[*tuple[Any]]]:
    now = bound_instant("now")
    idle = sa.and_(free(bound_instant("lease")), ready(now))
    return (
        _first(col(Post.next_try_at), sendable(now), of_account(sends(now), idle)),
        # A lane that must wait delays its own posts alone: the wake-up at its time is apart from those of the others.
        _first(col(Lane.ready_at), col(Lane.ready_at) > now),
        # An account that is stopped only for a while goes on by itself.
        _first(col(Account.stopped_until), col(Account.stopped_until) > now),
        _first_by_hand(now),
        # One that was put off although it is due: of those that are due all are read, and they are few.
        sa.select(sa.func.min(unindexed(col(Post.next_try_at)))).where(
            stands(Status.APPROVED), col(Post.due_at) <= now, of_account(_BY_HAND), may_go(now)
        ),
        _first(col(Post.next_look_at), stands(Status.UNCONFIRMED), col(Post.needs_person).is_(None)),
        _first(col(Post.next_look_at), stands(Status.RETRACTING), col(Post.needs_person).is_(None)),
        _first(col(Attempt.lease_until), under_way()),
        _first(col(Post.due_at), stands(Status.IN_REVIEW)),
    )


@cache
def _oldest() -> sa.Select[*tuple[Any]]:
    return _first(col(Post.due_at), stands(Status.APPROVED), ~begun_issue())


def _first(instant: Mapped[Any], *conditions: sa.ColumnElement[bool]) -> sa.Select[*tuple[Any]]:
    """Return the earliest instant; in the order of an index, of which one row is read, where ``min`` reads them all."""
    return sa.select(instant).where(instant.is_not(None), *conditions).order_by(instant).limit(1)


_BY_HAND = col(Account.mode) == AccountMode.BY_HAND


def _first_by_hand(now: Instant) -> sa.Select[*tuple[Any]]:
    """Return when the next post of a by-hand account falls due; of each such account one post is read."""
    own = col(Post.account_id) == col(Account.id)
    first = _first(col(Post.due_at), stands(Status.APPROVED), col(Post.due_at) > now, may_go(now), own)
    return sa.select(sa.func.min(first.correlate(Account).scalar_subquery())).where(_BY_HAND)


def still_to_come(session: Session, now: datetime) -> bool:
    """Say whether dispatch has anything ahead of it: an unheld approved post, a post on its way, a look-up, a
    retraction, ordered or begun. A post on a stopped account waits for a person, and so does not count.
    """
    posts = (
        sa.select(sa.literal(1))
        .select_from(Post)
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(
            sa.or_(
                sa.and_(stands(Status.APPROVED), may_go(now), _wakes(now)),
                stands(Status.PUBLISHING),
                sa.and_(
                    unsettled(),
                    col(Post.needs_person).is_(None),
                ),
            )
        )
        .limit(1)
    )
    return session.execute(posts).first() is not None or bool(leaving.to_carry_out(session, limit=1))


def _wakes(now: datetime) -> sa.ColumnElement[bool]:
    return sa.or_(not_stopped(now), col(Account.stopped_until).is_not(None))


def put_off(session: Session, post_id: int, until: datetime) -> None:
    """Look at an approved post again later. One that somebody moved beyond that meanwhile keeps its time."""
    sooner = col(Post.next_try_at) <= until
    waiting = sa.and_(col(Post.id) == post_id, col(Post.status) == Status.APPROVED.value, sooner)
    changed(session, sa.update(Post).where(waiting).values(next_try_at=until))


def put_off_posts(session: Session, now: datetime, *, limit: int) -> list[Post]:
    """Return approved posts that fell due and are to be tried later, the longest due first."""
    # The bound shows PostgreSQL that they are few: it would read all that are approved.
    fell_due = col(Post.due_at).between(now - _LATELY, now)
    late = sa.and_(stands(Status.APPROVED), fell_due, col(Post.next_try_at) > col(Post.due_at))
    return list(session.exec(select(Post).where(late).order_by(unindexed(col(Post.due_at))).limit(limit)))


def ids_in(session: Session, statuses: Sequence[Status]) -> set[int]:
    """Return the posts that stand in one of the statuses."""
    statement = sa.select(col(Post.id)).where(col(Post.status).in_([status.value for status in statuses]))
    return {row[0] for row in session.execute(statement)}


def stranded(session: Session, now: datetime) -> set[int]:
    """Return approved posts whose time has passed on an account that waits for a person."""
    statement = (
        sa.select(col(Post.id))
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(stands(Status.APPROVED), col(Post.due_at) < now, stopped(now))
    )
    return {row[0] for row in session.execute(statement)}
