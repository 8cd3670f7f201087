"""One renewal of an account's token at a time, over all threads, processes and machines: a mark on the account's row.

The mark is committed before the refresh token goes out, and names by digest the sealed credentials that it spends.
Other credentials in their place, renewed or brought in by a person, end it by being others. One that has outlived its
time belonged to a process that died: what its call did nobody knows.
"""

import enum
import hashlib
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models.claims import AccountFacts
from campaign.models.database import changed, lease_now
from campaign.models.partners import Account, AccountMode, Partner

FLIGHT: Final = timedelta(seconds=90)
"""Longer than a call of the token endpoint can take; a renewal that is not over by then is lost."""


class Flight(enum.Enum):
    """How the renewal of an account's stored credentials stands."""

    NONE = "nobody renews them"
    UNDER_WAY = "somebody is at it"
    LOST = "somebody began, and its time is over"
    ENDED = "it has been tried, and they cannot be renewed any more"


def begin(session: Session, account: Account, now: datetime, length: timedelta, *, lost_too: bool) -> bool:
    """Mark that ``account``'s credentials, as they were read, are being renewed from now on.

    ``lost_too``: take over a renewal whose time is over. Returns False when somebody else was quicker, or the
    credentials are others by now.
    """
    instant, spent = lease_now(session, now), mark(account)
    free = sa.or_(col(Account.renewal_of).is_(None), col(Account.renewal_of) != spent)
    if lost_too:
        free = sa.or_(free, sa.and_(col(Account.renewal_until) < instant, col(Account.renewal_why).is_(None)))
    statement = sa.update(Account).where(*_same(account), free)
    return changed(session, statement.values(renewal_of=spent, renewal_until=instant + length, renewal_why=None)) == 1


def want(session: Session, account_id: int, refused: str | None) -> None:
    """Note that the platform has refused credentials (by their ``mark``; None: the stored ones): whoever opens these
    next shall renew them first. On others in their place it has no bearing.
    """
    account = session.get_one(Account, account_id)
    account.renewal_wanted = refused or mark(account)
    session.add(account)


def stored(session: Session, account_id: int, opened: str | None) -> bool:
    """Say whether credentials (by their ``mark``; None: not known) are still those of the account. Whoever brings in
    others waits until the transaction ends, or has been here.
    """
    account = session.get_one(Account, account_id, with_for_update=True, populate_existing=True)
    return opened is None or opened == mark(account)


def wanted(account: AccountFacts) -> bool:
    """Say whether the platform has refused these very credentials."""
    return account.renewal_wanted is not None and account.renewal_wanted == mark(account)


def standing(session: Session, account: Account, now: datetime) -> Flight:
    """Say how the renewal of the credentials in this row stands."""
    if account.renewal_of != mark(account) or account.renewal_until is None:
        return Flight.NONE
    if account.renewal_why is not None:
        return Flight.ENDED
    return Flight.UNDER_WAY if lease_now(session, now) <= account.renewal_until else Flight.LOST


def land(session: Session, account: Account, sealed: bytes) -> bool:
    """Store renewed credentials in place of those that were spent; False when they are others by now."""
    return changed(session, sa.update(Account).where(*_same(account)).values(sealed=sealed)) == 1


def let_go(session: Session, account: Account) -> None:
    """Take the mark away: nothing was spent, and anybody may try again."""
    changed(session, sa.update(Account).where(*_same(account)).values(renewal_of=None, renewal_until=None))


def give_up(session: Session, account: Account, why: str) -> None:
    """Say why the credentials cannot be renewed any more; only others help."""
    changed(session, sa.update(Account).where(*_same(account)).values(renewal_why=why))


def given_up(session: Session, *, limit: int = 500) -> list[tuple[Account, Partner]]:
    """Return the accounts whose stored credentials cannot be renewed any more, with their partners, the newest first.

    A mark on credentials that a person has replaced since says nothing of those in their place.
    """
    statement = (
        select(Account, Partner)
        .join(Partner, col(Partner.id) == col(Account.partner_id))
        .where(
            col(Account.renewal_why).is_not(None),
            col(Account.mode) == AccountMode.API,
            col(Account.disabled_why).is_(None),
        )
        .order_by(col(Account.renewal_until).desc(), col(Account.id))
        .limit(limit)
    )
    return [(account, partner) for account, partner in session.exec(statement) if account.renewal_of == mark(account)]


def _same(account: Account) -> tuple[sa.ColumnElement[bool], ...]:
    return col(Account.id) == account.id, col(Account.sealed) == account.sealed


def mark(account: AccountFacts) -> str:
    """Return the digest of an account's sealed credentials: what they go by where they must not be told."""
    return hashlib.sha256(account.sealed or b"").hexdigest()
