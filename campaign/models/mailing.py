"""People on email lists: subscribers, their consent, and what suppresses them.

An address is known by its folded form, however a file spells it: one key for the list, for leaving it and for what
suppresses it.
"""

import contextlib
import hashlib
import unicodedata
from datetime import datetime

from sqlalchemy import JSON, Column, String, UniqueConstraint
from sqlalchemy.engine.default import DefaultExecutionContext
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.config import ascii_domain
from campaign.models.partners import Account, Partner
from campaign.models.types import Numbered, UtcDateTime
from campaign.ports import MAIL

BOUNCED = "bounced"
"""Why an address is suppressed at which a mail server says that nobody is. Every other reason is its owner's wish."""


def folded(email: str) -> str:
    """Return the form under which an address is known: without outer blanks, composed letters, the domain in its ASCII
    form where it has one, lower case.

    RFC 5321 lets a server tell ``Ann@`` from ``ann@``; none that people use does, and whoever left must stay away.
    """
    mailbox, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    with contextlib.suppress(UnicodeError):  # else as it was typed: no mail goes there
        domain = ascii_domain(domain)
    return f"{mailbox}{at}{domain}".lower()


def _key_of(row: DefaultExecutionContext) -> str:
    return folded(row.get_current_parameters()["email"])  # type: ignore[no-untyped-call]


class MailingList(Numbered, table=True):
    """A list of subscribers; an email account's external_id names it. ``importing_at``: when rows came in last of an
    import that has not ended. The list is shorter than its file then, and no issue to it begins. ``importing_file`` and
    ``importing_digest``: the name and the digest of that file.
    """

    key: str = Field(unique=True)
    importing_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    importing_file: str | None = None
    importing_digest: str | None = None


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


def address_digest(email: str) -> str:
    """Return the digest under which an address is suppressed: of its folded form."""
    return hashlib.sha256(folded(email).encode()).hexdigest()


def list_by_key(session: Session, key: str) -> MailingList | None:
    """Return the list with this key."""
    return session.exec(select(MailingList).where(col(MailingList.key) == key)).first()


def key_of(session: Session, list_id: int) -> str:
    """Return the key of a list."""
    return session.get_one(MailingList, list_id).key


def list_to_freeze(session: Session, key: str) -> MailingList | None:
    """Return the list with this key, on which no import begins before the transaction has ended."""
    return session.exec(select(MailingList).where(col(MailingList.key) == key).with_for_update(read=True)).first()


def subscribers(session: Session, list_id: int) -> list[Subscriber]:
    """Return everybody on a list, by address."""
    statement = select(Subscriber).where(col(Subscriber.list_id) == list_id).order_by(col(Subscriber.email))
    return list(session.exec(statement))


def subscribers_page(session: Session, list_id: int, size: int, after: str) -> list[Subscriber]:
    """Return the next people of a list after an address's key, by address; an empty key is the beginning."""
    statement = select(Subscriber).where(col(Subscriber.list_id) == list_id, col(Subscriber.address_key) > after)
    return list(session.exec(statement.order_by(col(Subscriber.address_key)).limit(size)))


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


def suppression(session: Session, email: str) -> Suppression | None:
    """Return what suppresses an address."""
    return session.get(Suppression, address_digest(email))


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
