"""The statements of health: few, read-only, and quick on a million posts, for /healthz and /metrics ask them often."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models.bounds import may_go
from campaign.models.database import lease_now
from campaign.models.deliveries import MAY_GO, Delivery, begun_issue
from campaign.models.holds import Hold, stopped
from campaign.models.lanes import of_account, ready, sendable, sends
from campaign.models.notices import Notice
from campaign.models.partners import Account, Lane, Partner
from campaign.models.posts import Attempt, Post, stands
from campaign.models.status import Status
from campaign.models.types import bound_instant

_LATE = timedelta(seconds=60)
"""Later than this a post that could go is overdue: the beat would have found it three times over."""
_STUCK = timedelta(minutes=15)
"""A begun issue that may go and in which no copy ends for so long does not go on: a copy takes ten minutes at most."""


@dataclass(frozen=True, slots=True)
class Pile:
    """How many there are, and since when the oldest waits."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class LaneStates:
    """How many accounts are being served, must wait, and have stopped; the latter two of those in the campaign."""

    busy: int
    waiting: int
    stopped: int


@dataclass(frozen=True, slots=True)
class WaitingLane:
    """An account whose lane waits, or is held by somebody who no longer lives."""

    lane: Lane
    account: Account
    partner: Partner


def overdue(session: Session, now: datetime) -> Pile:
    """Return the posts that a claim could have taken a minute ago, by the claim's own condition, and none has."""
    return Pile(*session.execute(_overdue(), {"now": now, "late": now - _LATE}).one())


@cache
def _overdue() -> sa.Select[*tuple[Any, ...]]:
    # Made once: to put such a condition together takes longer than to answer it.
    now, late = bound_instant("now"), bound_instant("late")
    return (
        sa.select(sa.func.count(), sa.func.min(col(Post.due_at)))
        .select_from(Post)
        .where(
            sendable(now),
            col(Post.due_at) < late,
            col(Post.next_try_at) < late,
            of_account(sends(now), ready(now)),
        )
    )


@dataclass(frozen=True, slots=True)
class StuckIssue:
    """A begun issue that does not go on: how many copies could go, since when none did, how the last try ended."""

    post_id: int
    waiting: int
    since: datetime
    detail: str | None


def stuck_issues(session: Session, now: datetime) -> list[StuckIssue]:
    """Return the begun issues that nothing keeps back and of which no copy has come to its end for a while, though some
    may go. They never expire, so nobody else would say it. An attempt that is under way gets its time first.
    """
    bound = {"now": now, "before": now - _STUCK}
    return [StuckIssue(*row) for row in session.execute(_stuck_issues(), bound)]


@cache
def _stuck_issues() -> sa.Select[*tuple[Any, ...]]:
    now, before = bound_instant("now"), bound_instant("before")
    of_post = col(Delivery.post_id) == col(Post.id)
    could_go = sa.and_(of_post, col(Delivery.status).in_(MAY_GO), col(Delivery.next_try_at) <= before)
    lately = sa.select(sa.literal(1)).where(of_post, col(Delivery.settled_at) > before)
    own = sa.and_(col(Attempt.post_id) == col(Post.id), col(Attempt.number) == col(Post.tries))
    long_tried = sa.select(sa.literal(1)).where(own, col(Attempt.started_at) <= before)
    waits = sa.and_(sendable(now), of_account(sends(now)))
    on_its_way = sa.and_(stands(Status.PUBLISHING), may_go(now), sa.exists(long_tried.correlate(Post)))
    counted = sa.select(sa.func.count()).where(could_go).correlate(Post).scalar_subquery()
    last = sa.select(sa.func.max(col(Delivery.settled_at))).where(of_post).correlate(Post).scalar_subquery()
    return (
        sa.select(col(Post.id), counted, sa.func.coalesce(last, col(Post.started_at), col(Post.due_at)), _last_word())
        .where(
            # Of all issues there ever were few are on their way: by state and time an index finds them.
            col(Post.status).in_([Status.APPROVED.value, Status.PUBLISHING.value]),
            col(Post.due_at) <= before,
            sa.or_(waits, on_its_way),
            sa.exists(sa.select(sa.literal(1)).where(could_go).correlate(Post)),
            ~sa.exists(lately.correlate(Post)),
            begun_issue(),
        )
        .order_by(col(Post.id))
    )


def _last_word() -> sa.ScalarSelect[str | None]:
    """Return how the last attempt of a post ended."""
    ended = sa.select(col(Attempt.detail)).where(
        col(Attempt.post_id) == col(Post.id), col(Attempt.closed_at).is_not(None)
    )
    return ended.order_by(col(Attempt.number).desc()).limit(1).correlate(Post).scalar_subquery()


def images_to_show(session: Session, until: datetime) -> dict[str, int]:
    """Return the image files that approved posts show by ``until``, and how many posts show each."""
    shows = sa.and_(col(Post.media_key).is_not(None), col(Post.next_try_at) <= until)
    drafts = session.execute(sa.select(col(Post.draft)).where(stands(Status.APPROVED), shows))
    return Counter(str(item["file"]) for (draft,) in drafts for item in draft["media"])


def unconfirmed(session: Session, *, for_person: bool) -> Pile:
    """Return the unconfirmed posts that the program still looks up, or those that wait for a person."""
    person = col(Post.needs_person)
    statement = (
        sa.select(sa.func.count(sa.distinct(col(Post.id))), sa.func.min(col(Attempt.started_at)))
        .select_from(Post)
        .join(
            Attempt, sa.and_(col(Attempt.post_id) == col(Post.id), col(Attempt.number) == col(Post.tries)), isouter=True
        )
        .where(stands(Status.UNCONFIRMED), person.is_not(None) if for_person else person.is_(None))
    )
    return Pile(*session.execute(statement).one())


def retractions_for_person(session: Session) -> int:
    """Return how many posts a person is asked to take down."""
    statement = sa.select(sa.func.count()).where(stands(Status.RETRACTING), col(Post.needs_person).is_not(None))
    return int(session.execute(statement).scalar_one())


def due_since(session: Session, status: Status, since: datetime) -> int:
    """Return how many posts that fell due since then stand in a status."""
    statement = sa.select(sa.func.count()).select_from(Post).where(stands(status), col(Post.due_at) >= since)
    return int(session.execute(statement).scalar_one())


def abandoned(session: Session, now: datetime, late: timedelta = _LATE) -> list[tuple[int, Attempt]]:
    """Return what stands in publishing under a lease that ended a while ago: nobody sweeps."""
    ended = lease_now(session, now) - late
    statement = (
        select(Post.id, Attempt)
        .join(Attempt, sa.and_(col(Attempt.post_id) == col(Post.id), col(Attempt.number) == col(Post.tries)))
        .where(stands(Status.PUBLISHING), col(Attempt.lease_until) < ended)
        .order_by(col(Attempt.lease_until))
    )
    return [(ident or 0, attempt) for ident, attempt in session.exec(statement)]


def stale_lanes(session: Session, now: datetime, late: timedelta = _LATE) -> list[WaitingLane]:
    """Return lanes whose owner let the lease run out and has not let go."""
    ended = lease_now(session, now) - late
    return _lanes(session, sa.and_(col(Lane.owner).is_not(None), col(Lane.lease_until) < ended))


def waiting_lanes(session: Session, now: datetime) -> list[WaitingLane]:
    """Return lanes in the campaign that were told to wait; the pace between two posts has no reason and counts not."""
    return _lanes(session, _waits(now))


def _waits(now: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(col(Lane.ready_at) > now, col(Lane.ready_why).is_not(None), _TAKES_PART)


_TAKES_PART = col(Account.disabled_why).is_(None)


def _lanes(session: Session, condition: sa.ColumnElement[bool]) -> list[WaitingLane]:
    statement = (
        select(Lane, Account, Partner)
        .join(Account, col(Account.id) == col(Lane.account_id))
        .join(Partner, col(Partner.id) == col(Account.partner_id))
        .where(condition)
        .order_by(col(Partner.key), col(Account.channel))
    )
    return [WaitingLane(*row) for row in session.exec(statement)]


def lane_states(session: Session, now: datetime) -> LaneStates:
    """Return how many lanes are busy, wait for a stated reason, and stand still."""
    instant = lease_now(session, now)
    busy = sa.and_(col(Lane.owner).is_not(None), col(Lane.lease_until) >= instant)
    standing = sa.and_(stopped(now), _TAKES_PART)
    counts = [sa.func.count(sa.case((condition, 1))) for condition in (busy, _waits(now), standing)]
    statement = sa.select(*counts).select_from(Lane).join(Account, col(Account.id) == col(Lane.account_id))
    return LaneStates(*session.execute(statement).one())


def count_by_status(session: Session) -> dict[str, int]:
    """Return how many posts stand in each status: the one question here that reads every post."""
    statement = sa.select(col(Post.status), sa.func.count()).group_by(col(Post.status))
    return {str(status): count for status, count in session.execute(statement)}


def active_holds(session: Session) -> int:
    """Return how many holds are on."""
    statement = sa.select(sa.func.count()).select_from(Hold).where(col(Hold.released_at).is_(None))
    return int(session.execute(statement).scalar_one())


def unsent_notices(session: Session, before: datetime, untried: datetime) -> Pile:
    """Return the mails to people that were written before then and have not gone. What was never tried counts from
    ``untried`` back, the earlier instant: until then the pause between two letters may keep it back.
    """
    stuck = sa.or_(col(Notice.tries) > 0, col(Notice.kind) == "", col(Notice.created_at) < untried)
    statement = sa.select(sa.func.count(), sa.func.min(col(Notice.created_at))).where(
        col(Notice.sent_at).is_(None), col(Notice.created_at) < before, stuck
    )
    return Pile(*session.execute(statement).one())


def database_time(session: Session, now: datetime) -> datetime | None:
    """Return what the database's own clock says; None for a file, which has none."""
    return lease_now(session, now) if session.get_bind().dialect.name == "postgresql" else None
