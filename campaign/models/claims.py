"""The hot statements of dispatch, for many accounts at once: what may go now, claimed, and settled as published.

Plain rows and one statement for many posts: a thousand posts a second leave no time for an object per row. Each
statement is built once and bound anew. Lanes, posts, attempts and events of a batch stand in the caller's one
transaction.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session, col

from campaign.models import reasons
from campaign.models.database import lease_now
from campaign.models.lanes import free, in_time, nothing_under_way, ready, sendable, sends
from campaign.models.moves import Step, move_all
from campaign.models.partners import Account, Lane, Partner
from campaign.models.posts import DETAIL_MAX, Attempt, Post
from campaign.models.prepared import Batch, inserted
from campaign.models.status import Move, Status
from campaign.models.types import bound_instant, table_of


@dataclass(frozen=True, slots=True)
class DueAccount:
    """An account as sending needs it; ``sealed`` holds its encrypted credentials."""

    ident: int
    partner_id: int
    channel: str
    handle: str
    external_id: str
    sealed: bytes | None
    sender: str | None
    reply_to: str | None
    renewal_wanted: str | None


@dataclass(frozen=True, slots=True)
class DuePartner:
    """A partner as sending needs it."""

    key: str
    name: str


@dataclass(frozen=True, slots=True)
class Due:
    """A post that may go now, as it stood when it was read. ``version`` and ``tries`` guard its claim."""

    ident: int
    channel: str
    version: int
    tries: int
    token: str
    draft: Mapping[str, Any]
    content_hash: str
    approved_hash: str | None
    due_at: datetime
    window_from: datetime
    window_until: datetime
    started_at: datetime | None
    event: str | None
    account: DueAccount
    partner: DuePartner


AccountFacts = Account | DueAccount
PartnerFacts = Partner | DuePartner
PostFacts = Post | Due
"""A row of the table, or what a claim read of it."""


@cache
def _due_statement() -> sa.Select[*tuple[Any, ...]]:
    now, lease = bound_instant("now"), bound_instant("lease")
    chosen = aliased(Post, name="chosen")
    first = (
        sa.select(col(Post.id))
        .where(
            col(Post.account_id) == col(Account.id),
            sendable(now),
            col(Post.due_at) <= now,
            col(Post.next_try_at) <= now,
            in_time(bound_instant("since")),
        )
        .order_by(col(Post.due_at), col(Post.id))
        .limit(1)
        .correlate(Account)
        .scalar_subquery()
    )
    ours = sa.or_(free(lease), col(Lane.owner) == sa.bindparam("owner"))
    return (
        sa.select(
            col(chosen.id),
            col(chosen.channel),
            col(chosen.version),
            col(chosen.tries),
            col(chosen.token),
            col(chosen.draft),
            col(chosen.content_hash),
            col(chosen.approved_hash),
            col(chosen.due_at),
            col(chosen.window_from),
            col(chosen.window_until),
            col(chosen.started_at),
            col(chosen.event),
            col(Account.id).label("account_id"),
            col(Account.partner_id),
            col(Account.channel).label("account_channel"),
            col(Account.handle),
            col(Account.external_id),
            col(Account.sealed),
            col(Account.sender),
            col(Account.reply_to),
            col(Account.renewal_wanted),
            col(Partner.key),
            col(Partner.name),
        )
        .select_from(Account)
        .join(Partner, col(Partner.id) == col(Account.partner_id))
        .join(Lane, col(Lane.account_id) == col(Account.id))
        .join(chosen, col(chosen.id) == first)
        .where(
            col(Account.id).in_(sa.bindparam("accounts", expanding=True)),
            sends(now),
            ours,
            nothing_under_way(),
            ready(now),
        )
        .order_by(col(chosen.due_at), col(chosen.id))
    )


def due(session: Session, accounts: Collection[int], owner: str, now: datetime, grace: timedelta) -> list[Due]:
    """Return of each account the post that is to go next, the longest due first; nothing for an account whose lane is
    another's or must wait. What is later than the ``grace`` is left to the sweep: whoever asks may have slept so long.
    """
    lease = lease_now(session, now)
    bound = {"accounts": list(accounts), "now": now, "owner": owner, "lease": lease, "since": now - grace}
    rows: Iterable[Any] = session.connection().execute(_due_statement(), bound)
    return [Due(*(*row[:13], DueAccount(*row[13:22]), DuePartner(*row[22:]))) for row in rows]


def take_lanes(session: Session, accounts: Collection[int], owner: str, now: datetime, lease: timedelta) -> set[int]:
    """Take the lanes that are free, ours already, or whose lease has ended; return which are ours now."""
    instant = lease_now(session, now)
    bound = {"accounts": list(accounts), "owner": owner, "lease": instant, "until": instant + lease}
    return {row[0] for row in session.connection().execute(_take_statement(), bound)}


@cache
def _take_statement() -> ReturningUpdate[Any]:
    owner: sa.BindParameter[str] = sa.bindparam("owner")
    lease = bound_instant("lease")
    free = sa.or_(col(Lane.owner).is_(None), col(Lane.owner) == owner, col(Lane.lease_until) < lease)
    # Of two workers each skips the rows of the other: waiting in turn for many rows could lock both for ever.
    wanted = (
        sa.select(col(Lane.account_id))
        .where(col(Lane.account_id).in_(sa.bindparam("accounts", expanding=True)), free)
        .with_for_update(skip_locked=True)
    )
    return (
        sa.update(Lane)
        .where(col(Lane.account_id).in_(wanted))
        .values(owner=owner, lease_until=bound_instant("until"))
        .returning(col(Lane.account_id))
    )


def claim(session: Session, posts: Sequence[Due], owner: str, now: datetime, lease: timedelta) -> None:
    """Claim every post for ``owner``, whose lanes are ours, and write their attempts.

    The caller's commit is the point of no return.

    Raises:
        MoveRefused: a post moved or changed meanwhile; roll back.

    """
    steps = [
        Step(
            post.ident,
            post.version,
            post.tries,
            post.due_at,
            reasons.attempt(post.tries + 1),
            {"tries": post.tries + 1, "started_at": post.started_at or now},
        )
        for post in posts
    ]
    move_all(session, Status.APPROVED, Move.CLAIM, steps, who=owner, at=now)
    until = lease_now(session, now) + lease
    rows = [
        {
            "post_id": post.ident,
            "number": post.tries + 1,
            "owner": owner,
            "content_hash": post.content_hash,
            "started_at": now,
            "lease_until": until,
            "media_ids": [],
        }
        for post in posts
    ]
    _ATTEMPTS.run(session, rows)


@dataclass(frozen=True, slots=True)
class Published:
    """A post that the platform answered for: which attempt it was, what the post gets, when its lane may go on."""

    ident: int
    account_id: int
    version: int
    number: int
    due_at: datetime
    receipt_id: str
    columns: Mapping[str, object]
    ready_at: datetime
    ready_why: str | None = None


def publish(session: Session, posts: Sequence[Published], owner: str, now: datetime) -> None:
    """Settle posts that are still publishing in this very attempt: attempt closed, post published, lane let go.

    Raises:
        MoveRefused: one of them is not; roll back.

    """
    steps = [Step(post.ident, post.version, post.number, post.due_at, post.receipt_id, post.columns) for post in posts]
    move_all(session, Status.PUBLISHING, Move.SETTLE, steps, who=owner, at=now)
    closed = [
        {"post_id": post.ident, "number": post.number, "closed_at": now, "detail": post.receipt_id[:DETAIL_MAX]}
        for post in posts
    ]
    lanes = [
        {"account_id": post.account_id, "owner": owner, "ready_at": post.ready_at, "ready_why": post.ready_why}
        for post in posts
    ]
    _CLOSE.run(session, closed)
    _LEAVE.run(session, lanes)


_attempts, _lanes = table_of(Attempt), table_of(Lane)
_ATTEMPTS = inserted(
    _attempts, ["post_id", "number", "owner", "content_hash", "started_at", "lease_until", "media_ids"]
)
_CLOSE = Batch(
    {name: _attempts.c[name].type for name in ("post_id", "number", "closed_at", "detail")},
    lambda given: (
        sa.update(_attempts)
        .where(
            _attempts.c.post_id == given.c.post_id,
            _attempts.c.number == given.c.number,
            _attempts.c.closed_at.is_(None),
        )
        .values(closed_at=given.c.closed_at, outcome="posted", detail=given.c.detail)
    ),
)
_LEAVE = Batch(
    {name: _lanes.c[name].type for name in ("account_id", "owner", "ready_at", "ready_why")},
    lambda given: (
        sa.update(_lanes)
        .where(_lanes.c.account_id == given.c.account_id, _lanes.c.owner == given.c.owner)
        .values(owner=None, lease_until=None, ready_at=given.c.ready_at, ready_why=given.c.ready_why)
    ),
)
