"""The statements of dispatch on lanes and attempts, one at a time: short, guarded, and free of the network.

A lane is taken by a guarded UPDATE before any of its posts is claimed; a partial unique index on
``post(account_id) WHERE status = 'publishing'`` stands behind it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from campaign.models.bounds import may_go
from campaign.models.database import changed, lease_now
from campaign.models.deliveries import begun_issue
from campaign.models.holds import not_stopped
from campaign.models.partners import Account, AccountMode, Lane
from campaign.models.posts import DETAIL_MAX, Attempt, Post, stands
from campaign.models.status import Status
from campaign.models.types import Instant, bound_instant

_BURST = 5000


def sendable(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on Post that a claim may take it once its time has come, if its account sends."""
    other = aliased(Post)
    twin_unconfirmed = sa.exists(
        sa.select(sa.literal(1)).where(
            col(other.account_id) == col(Post.account_id),
            stands(Status.UNCONFIRMED, other),
            sa.or_(col(other.text_key) == col(Post.text_key), col(other.media_key) == col(Post.media_key)),
        )
    )
    return sa.and_(
        stands(Status.APPROVED),
        col(Post.approved_hash) == col(Post.content_hash),
        may_go(now),
        ~twin_unconfirmed,
    )


def sends(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on Account that its posts go out by themselves."""
    return sa.and_(col(Account.mode) == AccountMode.API, not_stopped(now))


def ready(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on Lane that it need not wait: for its pace, or because it was told to."""
    return sa.or_(col(Lane.ready_at).is_(None), col(Lane.ready_at) <= now)


def free(lease: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on Lane that nobody holds it: let go, or its owner's lease has ended at the instant."""
    return sa.or_(col(Lane.owner).is_(None), col(Lane.lease_until) < lease)


def of_account(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Return the condition on Post that its account and lane meet the conditions.

    As a question about each post and no join: a planner that begins with the accounts reads every post that waits.
    """
    asked = sa.select(sa.literal(1)).select_from(Account).join(Lane, col(Lane.account_id) == col(Account.id))
    return sa.exists(asked.where(col(Account.id) == col(Post.account_id), *conditions).correlate(Post))


def in_time(since: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on Post that it fell due no sooner than ``since``; an issue that has begun goes on."""
    return sa.or_(col(Post.due_at) >= since, begun_issue())


def nothing_under_way() -> sa.ColumnElement[bool]:
    """Return the condition on Account that no post of it stands on its way. Under a lease that has ended one may do so
    still: it is declared lost first, then the lane goes on.
    """
    left = aliased(Post, name="left_behind")
    return ~sa.exists(
        sa.select(sa.literal(1)).where(col(left.account_id) == col(Account.id), stands(Status.PUBLISHING, left))
    )


def due_accounts(session: Session, now: datetime, grace: timedelta, *, limit: int) -> list[tuple[int, str]]:
    """Return accounts, and their channels, that have a post to send now and whose lane is free and ready, the longest
    due first: those of which a claim finds a post. What it would leave alone would be looked for without end.
    """
    bound = {"now": now, "lease": lease_now(session, now), "since": now - grace, "most": limit}
    return [(row[0], row[1]) for row in session.connection().execute(_due_accounts(), bound)]


@cache
def _due_accounts() -> sa.Select[*tuple[Any, ...]]:
    now, lease = bound_instant("now"), bound_instant("lease")
    # The oldest first and no more than a burst: so the index by time serves, and not one that reads all that waits.
    oldest = (
        sa.select(col(Post.account_id), col(Post.channel), col(Post.next_try_at))
        .where(
            sendable(now),
            col(Post.next_try_at) <= now,
            in_time(bound_instant("since")),
            of_account(
                sends(now),
                free(lease),
                ready(now),
                nothing_under_way(),
            ),
        )
        .order_by(col(Post.next_try_at))
        .limit(_BURST)
        .subquery()
    )
    return (
        sa.select(oldest.c.account_id, oldest.c.channel)
        .group_by(oldest.c.account_id, oldest.c.channel)
        .order_by(sa.func.min(oldest.c.next_try_at))
        .limit(sa.bindparam("most", type_=sa.Integer))
    )


def keep_lane(session: Session, account_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
    """Extend the lease if the lane is still ours."""
    instant = lease_now(session, now)
    mine = sa.update(Lane).where(col(Lane.account_id) == account_id, col(Lane.owner) == owner)
    return changed(session, mine.values(lease_until=instant + lease)) == 1


def lock_lane(session: Session, account_id: int) -> None:
    """Keep the lane's row until the transaction ends. Whoever wants the channel's money or a post as well takes the
    lane first, as a claim does: in another order two would wait for each other. On SQLite a writer is alone anyway.
    """
    session.execute(sa.select(col(Lane.account_id)).where(col(Lane.account_id) == account_id).with_for_update())


def free_lane(session: Session, account_id: int, owner: str) -> None:
    """Let the lane go if it is ours."""
    mine = sa.update(Lane).where(col(Lane.account_id) == account_id, col(Lane.owner) == owner)
    changed(session, mine.values(owner=None, lease_until=None))


def pace_lane(session: Session, account_id: int, ready_at: datetime, why: str | None) -> None:
    """Say when the account may send again, and why it waits; a longer wait that stands already is not made shorter.

    An answer may come late, after somebody else has taken the lane over and was told to wait.
    """
    sooner = sa.or_(col(Lane.ready_at).is_(None), col(Lane.ready_at) < ready_at)
    mine = sa.update(Lane).where(col(Lane.account_id) == account_id, sooner)
    changed(session, mine.values(ready_at=ready_at, ready_why=why))


def waits_for(session: Session, account_id: int, now: datetime) -> str | None:
    """Return why the account may not send now; None when its lane is ready, or waits for its common pace alone."""
    waiting = sa.and_(col(Lane.account_id) == account_id, col(Lane.ready_at) > now)
    return session.execute(sa.select(col(Lane.ready_why)).where(waiting)).scalar()


def newest_attempt(session: Session, post_id: int) -> Attempt | None:
    """Return the newest attempt of a post, open or closed; None before the first."""
    statement = select(Attempt).where(col(Attempt.post_id) == post_id).order_by(col(Attempt.number).desc()).limit(1)
    return session.exec(statement).first()


def attempts(session: Session, post_id: int) -> list[Attempt]:
    """Return every attempt of a post, oldest first."""
    return list(session.exec(select(Attempt).where(col(Attempt.post_id) == post_id).order_by(col(Attempt.number))))


def keep_media(session: Session, post_id: int, number: int, media_ids: Sequence[str]) -> None:
    """Store what was uploaded for the attempt, before the call that makes the post visible."""
    changed(session, sa.update(Attempt).where(_attempt(post_id, number)).values(media_ids=list(media_ids)))


def extend_attempt(session: Session, post_id: int, number: int, now: datetime, lease: timedelta) -> None:
    """Move the attempt's lease on, for an issue whose deliveries take long."""
    until = lease_now(session, now) + lease
    changed(session, sa.update(Attempt).where(_attempt(post_id, number)).values(lease_until=until))


def _attempt(post_id: int, number: int) -> sa.ColumnElement[bool]:
    return sa.and_(col(Attempt.post_id) == post_id, col(Attempt.number) == number)


def close_attempt(session: Session, post_id: int, number: int, outcome: str, detail: str, at: datetime) -> bool:
    """Close an open attempt with its outcome; False when somebody closed it before (its lease had ended)."""
    statement = (
        sa.update(Attempt)
        .where(_attempt(post_id, number), col(Attempt.closed_at).is_(None))
        .values(closed_at=at, outcome=outcome, detail=detail[:DETAIL_MAX])
    )
    return changed(session, statement) == 1


def under_way() -> sa.ColumnElement[bool]:
    """Return the condition on Attempt that it is open and its post is on its way in it.

    As a question about each open attempt, of which there are few.
    """
    post = sa.select(sa.literal(1)).where(
        col(Post.id) == col(Attempt.post_id), col(Post.tries) == col(Attempt.number), stands(Status.PUBLISHING)
    )
    return sa.and_(col(Attempt.closed_at).is_(None), sa.exists(post.correlate(Attempt)))


def abandoned(session: Session, now: datetime, *, limit: int = 500) -> list[tuple[Post, Attempt]]:
    """Return posts found in publishing whose attempt's lease has ended, with that attempt."""
    instant = lease_now(session, now)
    ended = select(Attempt).where(under_way(), col(Attempt.lease_until) <= instant).order_by(col(Attempt.lease_until))
    return [(session.get_one(Post, attempt.post_id), attempt) for attempt in session.exec(ended.limit(limit))]


def end_leases(session: Session, now: datetime) -> None:
    """End every lease now. Only for a process that holds the file's lock: nobody else can be alive.

    Not earlier than now: the platform may still be at work on the dead one's last call, and absence is reckoned from
    the end of the lease.
    """
    changed(session, sa.update(Lane).where(col(Lane.owner).is_not(None)).values(owner=None, lease_until=None))
    publishing = sa.select(col(Post.id)).where(col(Post.status) == Status.PUBLISHING.value)
    running = sa.and_(col(Attempt.closed_at).is_(None), col(Attempt.lease_until) > now)
    open_ones = sa.and_(running, col(Attempt.post_id).in_(publishing))
    changed(session, sa.update(Attempt).where(open_ones).values(lease_until=now))
