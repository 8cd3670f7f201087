"""Partners, their agreement to speak, their accounts, and each account's lane."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import JSON, Column, LargeBinary, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.paging import Page, Place, page
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Post
from campaign.models.types import Numbered, UtcDateTime

CONTACT = "contact_email"
"""The detail that holds the address at which the partner itself is told of things."""


class Campaign(SQLModel, table=True):
    """The one named effort of this workspace. ``salt`` makes its tokens and unsubscribe links its own."""

    id: int | None = Field(default=None, primary_key=True)
    name: str
    timezone: str
    salt: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class Partner(Numbered, table=True):
    """An organisation that takes part. ``details`` fill the templates; ``approver`` is dfe, partner or both."""

    key: str = Field(unique=True)
    name: str
    kind: str = ""
    region: str = ""
    approver: str = "dfe"
    details: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    joined_at: datetime = Field(sa_type=UtcDateTime)


class Agreement(SQLModel, table=True):
    """A partner's own yes to speak in its name: standing (no slot, no post), for a slot, or for one post. ``source``
    says where it stands, when somebody else recorded it.
    """

    id: int | None = Field(default=None, primary_key=True)
    partner_id: int = Field(foreign_key="partner.id", index=True)
    slot: str | None = None
    post_id: int | None = None
    given_by: str
    given_at: datetime = Field(sa_type=UtcDateTime)
    source: str = ""
    revoked_by: str | None = None
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AccountMode(StrEnum):
    """Who publishes the posts of an account: this service, or a person by hand."""

    API = "api"
    BY_HAND = "by-hand"


class Account(Numbered, table=True):
    """A partner's identity on a channel. ``mode`` is an ``AccountMode``. ``sealed`` holds the encrypted credentials.

    ``imported`` is the fingerprint of the credentials that a person brought in last: the same file does not undo a
    renewal since then. ``stopped_why`` set means that nothing is sent until a person acts (or until ``stopped_until``).
    The columns ``renewal_*`` are the mark of a token's renewal (see ``models.renewals``).
    ``disabled_why`` set means that a person took it out of the campaign: nothing is planned for it, and a hold on it
    keeps back what is approved. ``added_at`` is None of accounts that an older program has stored.
    """

    __table_args__ = (UniqueConstraint("partner_id", "channel", "external_id"),)

    partner_id: int = Field(foreign_key="partner.id", index=True)
    channel: str
    handle: str
    external_id: str
    mode: str = AccountMode.API.value
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    imported: str | None = None
    sender: str | None = None
    reply_to: str | None = None
    can_find: bool | None = None
    stopped_why: str | None = None
    stopped_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    renewal_of: str | None = None
    renewal_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    renewal_why: str | None = None
    renewal_wanted: str | None = None
    disabled_why: str | None = None
    added_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Lane(SQLModel, table=True):
    """The lane of an account: who serves it now (owner, lease), and not before when it may send again."""

    account_id: int = Field(foreign_key="account.id", primary_key=True)
    owner: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ready_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ready_why: str | None = None


def campaign(session: Session) -> Campaign | None:
    """Return the workspace's campaign, None before `init`."""
    return session.exec(select(Campaign)).first()


def partner_by_key(session: Session, key: str) -> Partner | None:
    """Return the partner with this key."""
    return session.exec(select(Partner).where(col(Partner.key) == key)).first()


def partners(session: Session) -> list[Partner]:
    """Return every partner by key."""
    return list(session.exec(select(Partner).order_by(col(Partner.key))))


def is_contact(session: Session, address: str) -> bool:
    """Say whether an address is one at which a partner itself is told of things."""
    return any(one.details.get(CONTACT, "").strip().casefold() == address.casefold() for one in partners(session))


def partners_page(
    session: Session, size: int, *, after: Place | None = None, only: Sequence[str] = ()
) -> Page[Partner]:
    """Return ``size`` partners by key after one, of these or of all."""
    statement = select(Partner).where(col(Partner.key).in_(only)) if only else select(Partner)
    return page(lambda some: session.exec(some.of(statement, [col(Partner.key)])).all(), size, after=after)


def names(session: Session) -> list[tuple[str, str]]:
    """Return key and name of every partner, by key."""
    return [(key, name) for key, name in session.exec(select(Partner.key, Partner.name).order_by(col(Partner.key)))]


def by_ids(session: Session, idents: Collection[int]) -> dict[int, Partner]:
    """Return partners by their ids."""
    return {row.ident: row for row in session.exec(select(Partner).where(col(Partner.id).in_(idents)))}


def called(session: Session, idents: Collection[int]) -> dict[int, tuple[str, str]]:
    """Return the names and regions of partners by their ids."""
    names = sa.select(col(Partner.id), col(Partner.name), col(Partner.region)).where(col(Partner.id).in_(idents))
    return {ident: (name, region) for ident, name, region in session.execute(names)}


def accounts_page(
    session: Session, size: int, *, after: Place | None = None, only: Sequence[str] = ()
) -> Page[tuple[Account, Partner]]:
    """Return ``size`` accounts by partner, channel and id after one, of these partners or of all."""
    order = (col(Partner.key), col(Account.channel), col(Account.id))
    statement = select(Account, Partner).join(Partner, col(Account.partner_id) == col(Partner.id))
    if only:
        statement = statement.where(col(Partner.key).in_(only))
    return page(lambda some: session.exec(some.of(statement, order)).all(), size, after=after)


def accounts(
    session: Session,
    *,
    partner_ids: Iterable[int] | None = None,
    only: Sequence[str] = (),
    where: sa.ColumnElement[bool] | None = None,
) -> list[tuple[Account, Partner]]:
    """Return accounts with their partners, by partner and channel; those alone that meet the condition, of the partners
    with the keys ``only`` or of all.
    """
    statement = select(Account, Partner).join(Partner, col(Account.partner_id) == col(Partner.id))
    if only:
        statement = statement.where(col(Partner.key).in_(only))
    if partner_ids is not None:
        statement = statement.where(col(Account.partner_id).in_(list(partner_ids)))
    if where is not None:
        statement = statement.where(where)
    return list(session.exec(statement.order_by(col(Partner.key), col(Account.channel), col(Account.id))).all())


def stopped_accounts(session: Session) -> list[tuple[Account, Partner]]:
    """Return the accounts of the campaign that have stopped, or had."""
    return accounts(session, where=sa.and_(col(Account.stopped_why).is_not(None), col(Account.disabled_why).is_(None)))


def sealed_accounts(session: Session) -> list[tuple[Account, Partner]]:
    """Return the accounts that send with credentials."""
    return accounts(session, where=sa.and_(col(Account.sealed).is_not(None), col(Account.mode) == AccountMode.API))


def account_with_partner(session: Session, account_id: int) -> tuple[Account, Partner]:
    """Return one account and its partner; LookupError when there is none."""
    found = session.exec(
        select(Account, Partner)
        .join(Partner, col(Account.partner_id) == col(Partner.id))
        .where(Account.id == account_id)
    ).first()
    if found is None:
        msg = f"no account {account_id}"
        raise LookupError(msg)
    return found


def add_account(session: Session, account: Account, now: datetime | None = None) -> Account:
    """Store a new account together with its lane; ``now``: when it was added, where that is known."""
    account.added_at = now
    session.add(account)
    session.flush()
    session.add(Lane(account_id=account.ident))
    return account


def change_account(session: Session, account_id: int, values: Mapping[str, object]) -> None:
    """Change columns of an account."""
    account = session.get_one(Account, account_id)
    for name, value in values.items():
        setattr(account, name, value)
    session.add(account)


def agreements(session: Session, partner_id: int) -> list[Agreement]:
    """Return the agreements of a partner that stand (not revoked)."""
    return list(
        session.exec(
            select(Agreement).where(col(Agreement.partner_id) == partner_id, col(Agreement.revoked_at).is_(None))
        )
    )


def agreeing(session: Session, partner_ids: Collection[int]) -> set[int]:
    """Return which of these partners have an agreement that stands."""
    mine = col(Agreement.partner_id).in_(partner_ids)
    return set(session.exec(select(Agreement.partner_id).where(mine, col(Agreement.revoked_at).is_(None))))


def partner_by_id(session: Session, ident: int) -> Partner | None:
    """Return the partner with this number."""
    return session.get(Partner, ident)


def agreed() -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that its partner's yes to it stands; part of every claim."""
    standing = sa.and_(col(Agreement.slot).is_(None), col(Agreement.post_id).is_(None))
    covers = sa.or_(standing, col(Agreement.slot) == col(Post.slot), col(Agreement.post_id) == col(Post.id))
    given = sa.select(sa.literal(1)).where(
        col(Agreement.partner_id) == col(Post.partner_id), col(Agreement.revoked_at).is_(None), covers
    )
    return sa.exists(given.correlate(Post))


def covered(session: Session, post_id: int) -> bool:
    """Say whether the partner has agreed to this post."""
    return post_id in covered_of(session, [post_id])


def covered_of(session: Session, post_ids: Sequence[int]) -> set[int]:
    """Return to which of these posts their partners have agreed."""
    asked = (sa.select(col(Post.id)).where(col(Post.id).in_(ids), agreed()) for ids in some_at_a_time(post_ids))
    return {post_id for statement in asked for post_id in session.execute(statement).scalars()}


def rename_agreed_slot(session: Session, partner_id: int, old: str, new: str) -> None:
    """Carry a partner's yes to a slot over to the slot's new name."""
    given = sa.update(Agreement).where(col(Agreement.partner_id) == partner_id, col(Agreement.slot) == old)
    session.execute(given.values(slot=new))


def last_revoked_at(session: Session, partner_id: int) -> datetime | None:
    """Return when the partner last took a standing yes back, None when it never did."""
    statement = select(Agreement).where(
        col(Agreement.partner_id) == partner_id,
        col(Agreement.slot).is_(None),
        col(Agreement.post_id).is_(None),
        col(Agreement.revoked_at).is_not(None),
    )
    return max((row.revoked_at for row in session.exec(statement) if row.revoked_at), default=None)


def agreements_given(session: Session, by: str, at: datetime) -> int:
    """Return how many standing agreements a person recorded at this instant."""
    statement = select(Agreement).where(col(Agreement.given_by) == by, col(Agreement.given_at) == at)
    return len(session.exec(statement).all())
