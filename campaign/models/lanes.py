"""The statements of dispatch on lanes and claims. Every one is short, guarded, and free of the network.

A lane is taken by a guarded UPDATE before any of its posts is claimed; a partial unique index on
``post(account_id) WHERE status = 'publishing'`` stands behind it.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from campaign.models.bounds import may_go
from campaign.models.database import changed, lease_now
from campaign.models.holds import not_stopped
from campaign.models.moves import move
from campaign.models.partners import Account, Lane
from campaign.models.posts import Attempt, Post
from campaign.models.status import Move, Status


def sendable(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on Post and Account that a claim may take the post once its time has come."""
    other = aliased(Post)
    twin_unconfirmed = sa.exists(
        sa.select(sa.literal(1)).where(
            col(other.account_id) == col(Post.account_id),
            col(other.status) == Status.UNCONFIRMED.value,
            sa.or_(col(other.text_key) == col(Post.text_key), col(other.media_key) == col(Post.media_key)),
        )
    )
    return sa.and_(
        col(Post.status) == Status.APPROVED.value,
        col(Post.approved_hash) == col(Post.content_hash),
        col(Account.mode) == "api",
        not_stopped(now),
        may_go(now),
        ~twin_unconfirmed,
    )


def due_accounts(session: Session, now: datetime, *, limit: int) -> list[int]:
    """Return accounts that have a post to send now and whose lane is free and ready, the longest due first."""
    lease = lease_now(session, now)
    statement = (
        sa.select(col(Post.account_id), sa.func.min(col(Post.next_try_at)).label("due"))
        .join(Account, col(Account.id) == col(Post.account_id))
        .join(Lane, col(Lane.account_id) == col(Post.account_id))
        .where(
            sendable(now),
            col(Post.next_try_at) <= now,
            sa.or_(col(Lane.owner).is_(None), col(Lane.lease_until) < lease),
            sa.or_(col(Lane.ready_at).is_(None), col(Lane.ready_at) <= now),
        )
        .group_by(col(Post.account_id))
        .order_by(sa.text("due"))
        .limit(limit)
    )
    return [row[0] for row in session.execute(statement)]


def take_lane(session: Session, account_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
    """Take the lane if it is free, ours already, or its lease has ended. Returns whether it is ours now."""
    instant = lease_now(session, now)
    free = sa.or_(col(Lane.owner).is_(None), col(Lane.owner) == owner, col(Lane.lease_until) < instant)
    return (
        changed(
            session,
            sa.update(Lane)
            .where(col(Lane.account_id) == account_id, free)
            .values(owner=owner, lease_until=instant + lease),
        )
        == 1
    )


def keep_lane(session: Session, account_id: int, owner: str, now: datetime, lease: timedelta) -> bool:
    """Extend the lease if the lane is still ours."""
    instant = lease_now(session, now)
    mine = sa.update(Lane).where(col(Lane.account_id) == account_id, col(Lane.owner) == owner)
    return changed(session, mine.values(lease_until=instant + lease)) == 1


def free_lane(session: Session, account_id: int, owner: str) -> None:
    """Let the lane go if it is ours."""
    mine = sa.update(Lane).where(col(Lane.account_id) == account_id, col(Lane.owner) == owner)
    changed(session, mine.values(owner=None, lease_until=None))


def pace_lane(session: Session, account_id: int, ready_at: datetime, why: str | None) -> None:
    """Say when the account may send again, and why it waits."""
    changed(
        session,
        sa.update(Lane).where(col(Lane.account_id) == account_id).values(ready_at=ready_at, ready_why=why),
    )


def next_due(session: Session, account_id: int, now: datetime) -> Post | None:
    """Return the post of this account that is to go next, None when nothing is due or the lane must wait."""
    statement = (
        select(Post)
        .join(Account, col(Account.id) == col(Post.account_id))
        .join(Lane, col(Lane.account_id) == col(Post.account_id))
        .where(
            col(Post.account_id) == account_id,
            sendable(now),
            col(Post.next_try_at) <= now,
            sa.or_(col(Lane.ready_at).is_(None), col(Lane.ready_at) <= now),
        )
        .order_by(col(Post.due_at), col(Post.id))
        .limit(1)
    )
    return session.exec(statement).first()


def claim(session: Session, post: Post, owner: str, now: datetime, lease: timedelta) -> Attempt:
    """Claim ``post`` for ``owner`` and write its Attempt; the caller's commit is the point of no return.

    Raises:
        MoveRefused: the post moved or changed meanwhile.

    """
    instant = lease_now(session, now)
    number = post.tries + 1
    changes = {"tries": number, "started_at": post.started_at or now}
    move(session, post, Move.CLAIM, who=owner, at=now, why=f"attempt {number}", changes=changes)
    attempt = Attempt(
        post_id=post.ident,
        number=number,
        owner=owner,
        content_hash=post.content_hash,
        started_at=now,
        lease_until=instant + lease,
    )
    session.add(attempt)
    session.flush()
    return attempt


def open_attempt(session: Session, post_id: int) -> Attempt | None:
    """Return the newest attempt of a post."""
    statement = select(Attempt).where(col(Attempt.post_id) == post_id).order_by(col(Attempt.number).desc()).limit(1)
    return session.exec(statement).first()


def attempts(session: Session, post_id: int) -> list[Attempt]:
    """Return every attempt of a post, oldest first."""
    return list(session.exec(select(Attempt).where(col(Attempt.post_id) == post_id).order_by(col(Attempt.number))))


def keep_media(session: Session, attempt_id: int, media_ids: Sequence[str]) -> None:
    """Store what was uploaded for the attempt, before the call that makes the post visible."""
    changed(session, sa.update(Attempt).where(col(Attempt.id) == attempt_id).values(media_ids=list(media_ids)))


def extend_attempt(session: Session, attempt_id: int, now: datetime, lease: timedelta) -> None:
    """Move the attempt's lease on, for an issue whose deliveries take long."""
    until = lease_now(session, now) + lease
    changed(session, sa.update(Attempt).where(col(Attempt.id) == attempt_id).values(lease_until=until))


def close_attempt(session: Session, attempt_id: int, outcome: str, detail: str, at: datetime) -> bool:
    """Close an open attempt with its outcome; False when somebody closed it before (its lease had ended)."""
    statement = (
        sa.update(Attempt)
        .where(col(Attempt.id) == attempt_id, col(Attempt.closed_at).is_(None))
        .values(closed_at=at, outcome=outcome, detail=detail[:2000])
    )
    return changed(session, statement) == 1


def abandoned(session: Session, now: datetime, *, limit: int = 500) -> list[tuple[Post, Attempt]]:
    """Return posts found in publishing whose attempt's lease has ended, with that attempt."""
    instant = lease_now(session, now)
    statement = (
        select(Post, Attempt)
        .join(Attempt, sa.and_(col(Attempt.post_id) == col(Post.id), col(Attempt.number) == col(Post.tries)))
        .where(col(Post.status) == Status.PUBLISHING.value, col(Attempt.lease_until) <= instant)
        .limit(limit)
    )
    return list(session.exec(statement).all())


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
