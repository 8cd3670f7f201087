"""What a step of the wall clock has left in the tables, put right: instants that were reckoned from the wrong now."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import renewals
from campaign.models.database import changed, lease_now
from campaign.models.deliveries import Delivery, DeliveryStatus
from campaign.models.notices import Notice
from campaign.models.partners import Account, Lane
from campaign.models.posts import Attempt, Post, unsettled
from campaign.models.status import Status
from campaign.models.upkeep import Beat, beats

_DOUBTFUL = (Status.PUBLISHING.value, Status.UNCONFIRMED.value)


def since_last_beat(session: Session, owner: str, now: datetime) -> timedelta:
    """Return how long ago the newest beat is; below zero when it lies ahead, zero where there is none.

    Many hosts may work on one PostgreSQL. Another host's beats tell of that host's clock, and if this one's is slow,
    they lie ahead though nothing was set: so only those of ``owner``'s own host count, by the database's clock.
    """
    found = beats(session)
    if session.get_bind().dialect.name == "postgresql":
        host = owner.partition(":")[0]
        found = [beat for beat in found if beat.owner.partition(":")[0] == host]
    return lease_now(session, now) - found[0].tick_at if found else timedelta()


def prove_anew(session: Session, now: datetime) -> None:
    """Let every proof of absence begin anew: the time between its reads was taken from a clock that was set."""
    unsure = sa.update(Post).where(col(Post.status) == Status.UNCONFIRMED.value)
    changed(session, unsure.values(good_reads=0, first_read_at=None))
    waiting = sa.and_(unsettled(), col(Post.next_look_at) > now)
    changed(session, sa.update(Post).where(waiting).values(next_look_at=now))


def clamp_leases(session: Session, now: datetime, lease: timedelta) -> None:
    """Let no lease, and no renewal of a token, end later than one that begins now: such a one was given by a clock that
    ran ahead.
    """
    over = lease_now(session, now) + renewals.FLIGHT
    changed(session, sa.update(Account).where(col(Account.renewal_until) > over).values(renewal_until=over))
    latest = lease_now(session, now) + lease
    changed(session, sa.update(Lane).where(col(Lane.lease_until) > latest).values(lease_until=latest))
    running = sa.and_(col(Attempt.closed_at).is_(None), col(Attempt.lease_until) > latest)
    changed(session, sa.update(Attempt).where(running).values(lease_until=latest))


def set_back(session: Session, now: datetime, by: timedelta) -> None:
    """Move what was reckoned before the clock was set back; whatever had begun or passed by then has so now."""
    _begin_earlier(session, by)
    for lane in session.exec(select(Lane).where(col(Lane.ready_at) > now)):
        lane.ready_at = max(now, (lane.ready_at or now) - by)
        session.add(lane)
    for account in session.exec(select(Account).where(col(Account.stopped_until) > now)):
        account.stopped_until = max(now, (account.stopped_until or now) - by)
        session.add(account)
    _try_earlier(session, now, by)
    changed(session, sa.update(Beat).where(col(Beat.tick_at) > now).values(tick_at=now))
    unsent = sa.and_(col(Notice.sent_at).is_(None), col(Notice.next_try_at) > now)
    changed(session, sa.update(Notice).where(unsent).values(next_try_at=now))


def _begin_earlier(session: Session, by: timedelta) -> None:
    """Look for doubtful posts from the true instant of their sending on: a later one would hide them."""
    doubtful = select(Attempt).join(Post, col(Post.id) == col(Attempt.post_id)).where(col(Post.status).in_(_DOUBTFUL))
    for attempt in session.exec(doubtful):
        attempt.started_at -= by
        session.add(attempt)


def _try_earlier(session: Session, now: datetime, by: timedelta) -> None:
    """Let retries keep their distance from now; none comes before the post is due."""
    retries = sa.and_(col(Post.next_try_at) > now, col(Post.next_try_at) > col(Post.due_at))
    for post in session.exec(select(Post).where(col(Post.status) == Status.APPROVED.value, retries)):
        post.next_try_at = max(post.due_at, post.next_try_at - by)
        session.add(post)
    frozen = sa.and_(col(Delivery.status) == DeliveryStatus.WAITING, col(Delivery.next_try_at) > now)
    changed(session, sa.update(Delivery).where(frozen).values(next_try_at=now))
