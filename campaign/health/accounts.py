"""The doctor on accounts: stopped or waiting and why, access that is not renewed, credentials that do not open or that
soon end, versions that end. Nothing is said of an account that a person took out of the campaign: nobody may mend it.
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

from sqlmodel import Session

from campaign.clock import iso
from campaign.errors import WrongUse
from campaign.health.finding import Finding, Rule, Severity
from campaign.identities import name as bound_to
from campaign.models import audiences, partners, renewals, vitals
from campaign.models.partners import Account, AccountMode, Partner
from campaign.ports import Channel
from campaign.ports.watching import Expires, Sunsets
from campaign.vault import Vault

_TOKEN_WARNING = timedelta(days=14)
_TOKEN_ERROR = timedelta(days=3)
_VERSION_WARNING = timedelta(days=60)
_VERSION_ERROR = timedelta(days=7)
_CONNECT = "Connect it again on the page Accounts, or `campaign accounts import FILE.csv` with new credentials."


def standing(session: Session, now: datetime) -> Iterator[Finding]:
    """Find accounts that have stopped or will, for their access cannot be renewed, lanes that were told to wait, and
    accounts that mail a list which is not there.
    """
    for account, partner in partners.stopped_accounts(session):
        yield from _stopped(account, partner, now)
    for account, partner in renewals.given_up(session):
        if account.stopped_why is None or account.stopped_until is not None:  # else it has been named
            where, why = place(account, partner), account.renewal_why or ""
            what = f"The access of {where} cannot be renewed: {why}. Nothing is read, and its next post would stop it"
            yield Finding(Rule.RENEWAL_FAILED, Severity.ERROR, where, what, _CONNECT, why)
    for found in vitals.waiting_lanes(session, now):
        where, until = place(found.account, found.partner), found.lane.ready_at or now
        what = f"{where} waits until {iso(until)}: {found.lane.ready_why}"
        mend = "Nothing: it goes on by itself. Move posts that cannot wait so long."
        yield Finding(Rule.LANE_WAITING, Severity.WARNING, where, what, mend)
    yield from without_list(session)


def without_list(session: Session) -> Iterator[Finding]:
    """Find accounts that mail a list which is not there."""
    for account, partner in audiences.without_list(session):
        where, key = place(account, partner), account.external_id
        what = f"{where} mails the list {key!r}, which is not there: its issues fail when they are due"
        mend = f"`campaign lists import {key} FILE.csv` makes it; or name a list that is there in the account's row."
        yield Finding(Rule.LIST_MISSING, Severity.WARNING, where, what, mend, key)


def _stopped(account: Account, partner: Partner, now: datetime) -> Iterator[Finding]:
    where, why, until = place(account, partner), account.stopped_why or "", account.stopped_until
    if until is None:
        yield Finding(Rule.ACCOUNT_STOPPED, Severity.ERROR, where, f"{where} has stopped: {why}", _CONNECT, why)
    elif until > now:
        what = f"{where} has stopped until {iso(until)}: {why}"
        mend = "Look at the account on its platform: it may ask for something there."
        yield Finding(Rule.ACCOUNT_PAUSED, Severity.WARNING, where, what, mend, why)


def credentials(
    session: Session,
    vault: Vault,
    channels: Mapping[str, Channel],
    now: datetime,
    some: Iterable[tuple[Account, Partner]] | None = None,
) -> Iterator[Finding]:
    """Find credentials that do not open, and those that end soon. They are opened here and shown nowhere. ``some``: of
    these accounts alone.
    """
    for account, partner in partners.sealed_accounts(session) if some is None else some:
        where = place(account, partner)
        try:
            ends = ends_at(vault, channels, account)
        except WrongUse as error:
            what, mend = str(error.facts["problem"]), str(error.facts["mend"])
            yield Finding(Rule.CREDENTIALS_CLOSED, Severity.ERROR, where, what, mend)
            continue
        if ends is not None:
            yield from _token(where, ends, now)


def ends_at(vault: Vault, channels: Mapping[str, Channel], account: Account) -> datetime | None:
    """Return when the access to an account ends; None where it does not, has none, or is not in the campaign. Raises
    WrongUse for credentials that do not open.
    """
    if account.sealed is None or account.mode != AccountMode.API or account.disabled_why is not None:
        return None
    opened = vault.open(account.sealed, bound_to(account))
    channel = channels.get(account.channel)
    if isinstance(channel, Expires):
        return channel.ends_at(opened)
    return None


def _token(where: str, ends: datetime, now: datetime) -> Iterator[Finding]:
    left = ends - now
    if left <= _TOKEN_WARNING:
        word = "ended" if left <= timedelta() else "ends"
        severity = Severity.ERROR if left <= _TOKEN_ERROR else Severity.WARNING
        yield Finding(
            Rule.TOKEN_ENDS, severity, where, f"The access of {where} {word} {iso(ends)}", _CONNECT, iso(ends)
        )


def versions(channels: Mapping[str, Channel], now: datetime) -> Iterator[Finding]:
    """Find API versions that end within sixty days."""
    for channel in channels.values():
        found = channel.sunset() if isinstance(channel, Sunsets) else None
        if found is None:
            continue
        left = _instant(found.ends) - now
        if left <= _VERSION_WARNING:
            word = "ended on" if left <= timedelta() else "ends on"
            severity = Severity.ERROR if left <= _VERSION_ERROR else Severity.WARNING
            what = f"Version {found.version} of {channel.title}'s API {word} {found.ends}"
            mend = f"Set {found.setting} in config.toml to a newer version that this release has been tested with."
            yield Finding(Rule.VERSION_ENDS, severity, channel.name, what, mend, found.version)


def _instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def place(account: Account, partner: Partner) -> str:
    """Return how a finding calls an account."""
    return f"{partner.key} {account.channel} {account.handle}"
