"""People on email lists: subscribers, their consent, what suppresses them, and each one's copy of an issue.

An address is known by its folded form, however a file spells it: one key for the list, for leaving it and for what
suppresses it.
"""

import hashlib
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index, String, UniqueConstraint, text
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.types import Numbered, UtcDateTime
from campaign.ports import MAIL

_OUT = ("sending", "sent", "unknown")
"""Where a copy has gone out, or nobody can say that it has not."""

_WAITING = text("status IN ('waiting', 'deferred')")


def folded(email: str) -> str:
    """Return the form under which an address is known: without outer blanks, composed letters, lower case.

    RFC 5321 lets a server tell ``Ann@`` from ``ann@``; none that people use does, and whoever left must stay away.
    """
    return unicodedata.normalize("NFC", email.strip()).lower()


def _key_of(row: DefaultExecutionContext) -> str:
    return folded(row.get_current_parameters()["email"])  # type: ignore[no-untyped-call]


class MailingList(Numbered, table=True):
    """A list of subscribers; an email account's external_id names it."""

    key: str = Field(unique=True)


class Subscriber(Numbered, table=True):
    """A person on a list, with the source and the time of their consent. ``address_key`` is made of the address when
    the row is stored.
    """

    __table_args__ = (UniqueConstraint("list_id", "address_key"),)

    list_id: int = Field(foreign_key="mailinglist.id", index=True)
    email: str
    address_key: str = Field(default=None, sa_column=Column(String, nullable=False, default=_key_of))
    name: str = ""
    details: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    consent_source: str
    consent_at: datetime = Field(sa_type=UtcDateTime)
    token: str = Field(unique=True)
    unsubscribed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class FormerToken(SQLModel, table=True):
    """The unsubscribe token of a row that was merged into another: a letter of old still carries it."""

    token: str = Field(primary_key=True)
    subscriber_id: int = Field(foreign_key="subscriber.id")


class Suppression(SQLModel, table=True):
    """An address that gets no mail whatever list it is on; kept as a digest, so that it outlives the subscriber."""

    address_digest: str = Field(primary_key=True)
    reason: str
    at: datetime = Field(sa_type=UtcDateTime)


class Delivery(Numbered, table=True):
    """One recipient's copy of an issue, frozen when sending starts.

    ``status`` is waiting, sending, sent, deferred, bounced, suppressed or unknown. ``reply`` is what the mail server
    said last, or why it was not asked; in sending it names the claim.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "email"),
        Index("delivery_waiting", "post_id", "next_try_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("delivery_status", "post_id", "status"),
    )

    post_id: int = Field(foreign_key="post.id")
    subscriber_id: int | None = None
    email: str
    name: str = ""
    details: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    token: str
    status: str = "waiting"
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    reply: str | None = None
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def address_digest(email: str) -> str:
    """Return the digest under which an address is suppressed: of its folded form."""
    return hashlib.sha256(folded(email).encode()).hexdigest()


def list_by_key(session: Session, key: str) -> MailingList | None:
    """Return the list with this key."""
    return session.exec(select(MailingList).where(col(MailingList.key) == key)).first()


def subscribers(session: Session, list_id: int) -> list[Subscriber]:
    """Return everybody on a list, by address."""
    statement = select(Subscriber).where(col(Subscriber.list_id) == list_id).order_by(col(Subscriber.email))
    return list(session.exec(statement))


def subscribers_page(session: Session, list_id: int, size: int, after: str) -> list[Subscriber]:
    """Return the next people of a list after an address's key, by address; an empty key is the beginning."""
    statement = select(Subscriber).where(col(Subscriber.list_id) == list_id, col(Subscriber.address_key) > after)
    return list(session.exec(statement.order_by(col(Subscriber.address_key)).limit(size)))


def deliveries(session: Session, post_id: int) -> list[Delivery]:
    """Return every delivery of an issue."""
    return list(session.exec(select(Delivery).where(col(Delivery.post_id) == post_id).order_by(col(Delivery.id))))


def freeze(session: Session, post_id: int, list_id: int, at: datetime) -> int:
    """Write a delivery for everybody who still wants the list's mail; returns how many.

    An address stands on a list once, and so gets one delivery. Suppression is not looked at here: it is checked at each
    send, and its row then says so.
    """
    copied = ("email", "name", "details", "token")
    constants = {"post_id": post_id, "status": "waiting", "tries": 0, "next_try_at": at}
    table = sa.inspect(Delivery).local_table
    source = sa.select(
        col(Subscriber.id),
        *(getattr(Subscriber, name) for name in copied),
        *(sa.literal(value, table.columns[name].type) for name, value in constants.items()),
    ).where(col(Subscriber.list_id) == list_id, col(Subscriber.unsubscribed_at).is_(None))
    statement = sa.insert(Delivery).from_select(
        ["subscriber_id", *copied, *constants], source.order_by(col(Subscriber.id)), include_defaults=False
    )
    session.execute(statement)
    return sum(count_deliveries(session, post_id).values())


def begun_issue() -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that it is an issue of which a copy may have gone to somebody.

    Such a one is never late: it goes on. Frozen recipients alone are no beginning, so an issue that a hold stopped
    before its first copy can be missed like any post.
    """
    touched = sa.exists(
        sa.select(sa.literal(1))
        .where(col(Delivery.post_id) == col(Post.id), col(Delivery.status) != "waiting")
        .correlate(Post)
    )
    return sa.and_(col(Post.channel) == MAIL, touched)


def claim_deliveries(session: Session, post_id: int, now: datetime, claim: str, *, limit: int) -> list[Delivery]:
    """Take the deliveries that may go now, in order, for the sender that names itself by ``claim``.

    While a delivery is in sending, its ``reply`` holds the claim: it leads to the sender's own journal.
    """
    ready = (
        sa.select(col(Delivery.id))
        .where(
            col(Delivery.post_id) == post_id,
            col(Delivery.status).in_(["waiting", "deferred"]),
            col(Delivery.next_try_at) <= now,
        )
        .order_by(col(Delivery.next_try_at), col(Delivery.id))
        .limit(limit)
    )
    ids = [row[0] for row in session.execute(ready)]
    set_deliveries(session, ids, {"status": "sending", "reply": claim}, expected=["waiting", "deferred"])
    return [row for row in in_flight(session, post_id) if row.reply == claim]


def in_flight(session: Session, post_id: int) -> list[Delivery]:
    """Return the deliveries of an issue that some sender has claimed and not settled."""
    statement = (
        select(Delivery)
        .where(col(Delivery.post_id) == post_id, col(Delivery.status) == "sending")
        .order_by(col(Delivery.id))
        .execution_options(populate_existing=True)
    )
    return list(session.exec(statement))


def settle_delivery(session: Session, delivery_id: int, claim: str | None, values: Mapping[str, object]) -> bool:
    """Write how a claimed delivery ended, unless somebody took it over; says whether it was still ours."""
    statement = (
        sa.update(Delivery)
        .where(
            col(Delivery.id) == delivery_id,
            col(Delivery.status) == "sending",
            col(Delivery.reply).is_not_distinct_from(claim),
        )
        .values(**values)
    )
    return changed(session, statement) == 1


def withheld(session: Session, delivery: Delivery) -> str | None:
    """Say why this person must get no mail now: suppressed, or unsubscribed since the list was frozen; else None."""
    if session.get(Suppression, address_digest(delivery.email)) is not None:
        return "the address is suppressed"
    left = sa.select(col(Subscriber.unsubscribed_at)).where(col(Subscriber.id) == delivery.subscriber_id)
    if session.execute(left).scalar() is not None:
        return "unsubscribed since the list was frozen"
    return None


def next_delivery_at(session: Session, post_id: int) -> datetime | None:
    """Return when the next waiting delivery of an issue may go; None when none waits."""
    statement = sa.select(sa.func.min(col(Delivery.next_try_at))).where(
        col(Delivery.post_id) == post_id, col(Delivery.status).in_(["waiting", "deferred"])
    )
    return session.execute(statement).scalar()


def set_deliveries(session: Session, ids: Sequence[int], values: dict[str, object], *, expected: Sequence[str]) -> int:
    """Change deliveries that stand in one of the expected statuses; returns how many did."""
    statement = (
        sa.update(Delivery).where(col(Delivery.id).in_(ids), col(Delivery.status).in_(expected)).values(**values)
    )
    return changed(session, statement)


def count_deliveries(session: Session, post_id: int) -> dict[str, int]:
    """Return how many deliveries of an issue stand in each status."""
    return counts_of_deliveries(session, [post_id])[post_id]


def counts_of_deliveries(session: Session, post_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """Return by issue how many of its deliveries stand in each status."""
    keys = (col(Delivery.post_id), col(Delivery.status))
    statement = sa.select(*keys, sa.func.count()).where(col(Delivery.post_id).in_(post_ids)).group_by(*keys)
    found: dict[int, dict[str, int]] = {post_id: {} for post_id in post_ids}
    for post_id, status, count in session.execute(statement):
        found[post_id][status] = count
    return found


def copies_out(session: Session, post_id: int) -> bool:
    """Say whether somebody has a copy of the issue, or may have one."""
    out = sa.select(col(Delivery.id)).where(col(Delivery.post_id) == post_id, col(Delivery.status).in_(_OUT)).limit(1)
    return session.execute(out).first() is not None


def unsubscribe(session: Session, token: str, at: datetime) -> Subscriber | None:
    """Take the subscriber with this token off the list; the second time changes nothing."""
    found = subscriber_by_token(session, token)
    if found is not None and found.unsubscribed_at is None:
        found.unsubscribed_at = at
        session.add(found)
    return found


def suppress(session: Session, email: str, reason: str, at: datetime) -> None:
    """Suppress an address on every list."""
    digest = address_digest(email)
    if session.get(Suppression, digest) is None:
        session.add(Suppression(address_digest=digest, reason=reason, at=at))
        session.flush()


def subscriber_by_token(session: Session, token: str) -> Subscriber | None:
    """Return the subscriber whose unsubscribe address carries this token, or carried it before rows were merged."""
    found = session.exec(select(Subscriber).where(col(Subscriber.token) == token)).first()
    if found is None and (former := session.get(FormerToken, token)) is not None:
        found = session.get(Subscriber, former.subscriber_id)
    return found


def speakers(session: Session, list_id: int) -> list[str]:
    """Return the names of the partners who mail this list, so that a reader sees whose newsletter it is."""
    statement = (
        select(Partner.name)
        .join(Account, col(Account.partner_id) == col(Partner.id))
        .join(MailingList, col(MailingList.key) == col(Account.external_id))
        .where(col(MailingList.id) == list_id, col(Account.channel) == MAIL)
        .order_by(col(Partner.name))
    )
    return list(dict.fromkeys(session.exec(statement).all()))
