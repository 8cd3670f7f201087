"""Each recipient's copy of an issue: frozen when it begins, claimed by a sender, settled as its outcome says.

A delivery stands in one of few places and goes only the ways of ``WAYS``: ``_moved`` is the only door. Before anybody
has a copy, all of an issue's deliveries may go at once (``thaw``).
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index, String, UniqueConstraint, text
from sqlmodel import Field, Session, col, select

from campaign.models.database import changed
from campaign.models.mailing import Subscriber, Suppression, address_digest
from campaign.models.posts import Post
from campaign.models.types import Numbered, UtcDateTime, table_of
from campaign.ports import MAIL


class DeliveryStatus(StrEnum):
    """Where a delivery stands."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    DEFERRED = "deferred"
    BOUNCED = "bounced"
    SUPPRESSED = "suppressed"
    UNKNOWN = "unknown"


S = DeliveryStatus

WAYS: Mapping[DeliveryStatus, frozenset[DeliveryStatus]] = MappingProxyType(
    {
        S.WAITING: frozenset({S.SENDING, S.UNKNOWN}),
        S.DEFERRED: frozenset({S.SENDING, S.UNKNOWN}),
        S.SENDING: frozenset({S.SENT, S.DEFERRED, S.BOUNCED, S.SUPPRESSED, S.UNKNOWN, S.WAITING}),
    }
)
"""Where a delivery may go from each place; from all others nowhere. What waits becomes unknown by a restore alone, when
it may have gone out since the backup; what was claimed and not sent goes back to waiting."""

MAY_GO = (S.WAITING, S.DEFERRED)
"""A delivery that stands here is sent when its time has come."""

_OUT = (S.SENDING, S.SENT, S.UNKNOWN)
"""Where a copy has gone out, or nobody can say that it has not."""

_MAY_GO = text("status IN ('waiting', 'deferred')")


class Delivery(Numbered, table=True):
    """One recipient's copy of an issue, frozen when sending starts.

    ``reply`` is what the mail server said last, or why it was not asked; in sending it names the claim.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "email"),
        Index("delivery_waiting", "post_id", "next_try_at", "id", sqlite_where=_MAY_GO, postgresql_where=_MAY_GO),
        Index("delivery_status", "post_id", "status"),
    )

    post_id: int = Field(foreign_key="post.id")
    subscriber_id: int | None = None
    email: str
    name: str = ""
    details: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    token: str
    status: DeliveryStatus = Field(default=S.WAITING, sa_column=Column(String, nullable=False))
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    reply: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def of_issue(session: Session, post_id: int) -> list[Delivery]:
    """Return every delivery of an issue."""
    return list(session.exec(select(Delivery).where(col(Delivery.post_id) == post_id).order_by(col(Delivery.id))))


def freeze(session: Session, post_id: int, list_id: int, at: datetime) -> int:
    """Write a delivery for everybody who still wants the list's mail; returns how many.

    An address stands on a list once, and so gets one delivery. Suppression is not looked at here: it is checked at each
    send, and its row then says so.
    """
    people = sa.select(*(getattr(Subscriber, name) for name in ("id", "email", "name", "details", "token")))
    wanting = people.where(col(Subscriber.list_id) == list_id, col(Subscriber.unsubscribed_at).is_(None))
    return write(session, post_id, wanting.order_by(col(Subscriber.id)), at)


def write(session: Session, post_id: int, people: "sa.Select[tuple[object, ...]]", at: datetime) -> int:
    """Write a waiting delivery for each row of ``people`` (subscriber's id, address, name, details, token); returns how
    many the issue has.
    """
    columns = table_of(Delivery).columns
    constants = {"post_id": post_id, "status": S.WAITING.value, "tries": 0, "next_try_at": at}
    literals = [sa.literal(value, columns[name].type) for name, value in constants.items()]
    names = ["subscriber_id", "email", "name", "details", "token", *constants]
    statement = sa.insert(Delivery).from_select(names, people.add_columns(*literals), include_defaults=False)
    session.execute(statement)
    return sum(count(session, post_id).values())


def thaw(session: Session, post_id: int) -> None:
    """Take away the deliveries of an issue of which nobody has a copy or may have one: it goes to its list as that
    stands when it begins anew. Of any other issue the same rows serve to the end.
    """
    held = sa.select(col(Delivery.id)).where(col(Delivery.post_id) == post_id).with_for_update()
    # Locked first: a sender whose lease has ended may be about to claim some of them.
    session.execute(sa.select(sa.func.count()).select_from(held.subquery()))
    if not copies_out(session, post_id):
        session.execute(sa.delete(Delivery).where(col(Delivery.post_id) == post_id))


def begun_issue() -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that it is an issue of which a copy may have gone to somebody.

    Such a one is never late: it goes on. Frozen recipients alone are no beginning, so an issue that a hold stopped
    before its first copy can be missed like any post.
    """
    touched = sa.exists(
        sa.select(sa.literal(1))
        .where(col(Delivery.post_id) == col(Post.id), col(Delivery.status) != S.WAITING)
        .correlate(Post)
    )
    return sa.and_(col(Post.channel) == MAIL, touched)


def claim(session: Session, post_id: int, now: datetime, name: str, *, limit: int) -> list[Delivery]:
    """Take the deliveries that may go now, in order, for the sender that names itself by ``name``.

    While a delivery is in sending, its ``reply`` holds the claim: it leads to the sender's own journal.
    """
    ready = (
        sa.select(col(Delivery.id))
        .where(col(Delivery.post_id) == post_id, col(Delivery.status).in_(MAY_GO), col(Delivery.next_try_at) <= now)
        .order_by(col(Delivery.next_try_at), col(Delivery.id))
        .limit(limit)
    )
    ids = [row[0] for row in session.execute(ready)]
    _moved(session, S.SENDING, col(Delivery.id).in_(ids), reply=name)
    return [row for row in in_flight(session, post_id) if row.reply == name]


def in_flight(session: Session, post_id: int) -> list[Delivery]:
    """Return the deliveries of an issue that some sender has claimed and not settled."""
    statement = (
        select(Delivery)
        .where(col(Delivery.post_id) == post_id, col(Delivery.status) == S.SENDING)
        .order_by(col(Delivery.id))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def settle(session: Session, delivery: Delivery, end: DeliveryStatus, **changes: object) -> bool:
    """Write how a claimed delivery ended, unless somebody took it over; says whether it was still ours."""
    ours = (
        col(Delivery.id) == delivery.ident,
        col(Delivery.status) == S.SENDING,
        col(Delivery.reply).is_not_distinct_from(delivery.reply),
    )
    return _moved(session, end, *ours, **changes) == 1


def doubt(session: Session, post_id: int, reply: str, now: datetime) -> int:
    """Declare unknown every copy of an issue that may have gone out unseen; returns how many."""
    return _moved(session, S.UNKNOWN, col(Delivery.post_id) == post_id, reply=reply, settled_at=now)


def _moved(session: Session, end: DeliveryStatus, *which: sa.ColumnElement[bool], **changes: object) -> int:
    """Move those that a way leads to ``end`` from where they stand; returns how many."""
    starts = [start for start, ends in WAYS.items() if end in ends]
    statement = sa.update(Delivery).where(col(Delivery.status).in_(starts), *which)
    return changed(session, statement.values(status=end, **changes))


def withheld(session: Session, delivery: Delivery) -> str | None:
    """Say why this person must get no mail now: suppressed, or unsubscribed since the list was frozen; else None."""
    if session.get(Suppression, address_digest(delivery.email)) is not None:
        return "the address is suppressed"
    left = sa.select(col(Subscriber.unsubscribed_at)).where(col(Subscriber.id) == delivery.subscriber_id)
    if session.execute(left).scalar() is not None:
        return "unsubscribed since the list was frozen"
    return None


def next_try_at(session: Session, post_id: int) -> datetime | None:
    """Return when the next waiting delivery of an issue may go; None when none waits."""
    statement = sa.select(sa.func.min(col(Delivery.next_try_at))).where(
        col(Delivery.post_id) == post_id, col(Delivery.status).in_(MAY_GO)
    )
    return session.execute(statement).scalar()


def count(session: Session, post_id: int) -> dict[str, int]:
    """Return how many deliveries of an issue stand in each place."""
    return counts(session, [post_id])[post_id]


def counts(session: Session, post_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return by issue how many of its deliveries stand in each place."""
    keys = (col(Delivery.post_id), col(Delivery.status))
    statement = sa.select(*keys, sa.func.count()).where(col(Delivery.post_id).in_(post_ids)).group_by(*keys)
    found: dict[int, dict[str, int]] = {post_id: {} for post_id in post_ids}
    for post_id, status, number in session.execute(statement):
        found[post_id][status] = number
    return found


def taken(session: Session, post_id: int) -> bool:
    """Say whether a mail server has taken a copy of the issue."""
    sent = sa.select(col(Delivery.id)).where(col(Delivery.post_id) == post_id, col(Delivery.status) == S.SENT).limit(1)
    return session.execute(sent).first() is not None


def copies_out(session: Session, post_id: int) -> bool:
    """Say whether somebody has a copy of the issue, or may have one."""
    return bool(partly_out(session, [post_id]))


def partly_out(session: Session, post_ids: Collection[int]) -> set[int]:
    """Return the issues of which somebody has a copy, or may have one; each is looked up to its first copy alone."""
    out = sa.select(sa.literal(1)).where(col(Delivery.post_id) == col(Post.id), col(Delivery.status).in_(_OUT))
    statement = sa.select(col(Post.id)).where(col(Post.id).in_(post_ids), sa.exists(out.correlate(Post)))
    return set(session.scalars(statement)) if post_ids else set()
