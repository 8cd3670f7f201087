"""Accounts with opened credentials; a token that ends soon or was refused is renewed first, in one flight.

A renewal may spend the refresh token, so it goes as a post goes: it is marked, durably, before the call, its result is
committed before anybody uses it, and one whose answer was lost is never simply tried again.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Event, Lock
from typing import Final

import structlog

from campaign.clock import Clock
from campaign.errors import CredentialDead, NeverSent, Outcome, Unknown, Wait, WrongUse
from campaign.models import Database, partners, renewals
from campaign.models.claims import AccountFacts, PartnerFacts
from campaign.models.database import DatabaseAway
from campaign.models.partners import Account
from campaign.models.renewals import Flight
from campaign.ports import MAIL, Channel, Identity, Renews
from campaign.vault import Vault

log = structlog.get_logger(__name__)

_AHEAD: Final = timedelta(minutes=5)
_GLANCE: Final = 0.2
_PATIENCE: Final = 15.0
"""Seconds for which anybody waits for a renewal of somebody else. That one may have died: a lane, the readings of all
accounts and the end of this process must not wait until it counts as lost."""
_KEEPING: Final = (0.1, 0.5, 2.0, 5.0)
"""Seconds between the tries to store a new pair while the database is away: it exists nowhere else."""
_LOST: Final = "the answer to the renewal of its token was lost, so its refresh token may be spent"


class Identities:
    """Opens accounts for the channels. Thread-safe; any number of processes may work on the same database."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._channels = channels
        self._queues: defaultdict[int, Lock] = defaultdict(Lock)

    def by_id(self, account_id: int) -> Identity:
        """Return the account's identity. Raises as ``of`` does."""
        with self._database.read() as session:
            account, partner = partners.account_with_partner(session, account_id)
        return self.of(account, partner)

    def of(self, account: AccountFacts, partner: PartnerFacts) -> Identity:
        """Return the identity of an account of ``partner``.

        Raises:
            campaign.errors.CredentialDead: the credentials cannot be opened, or a person must consent again.
            campaign.errors.NeverSent: the token could not be renewed now, and nothing was spent; or somebody else is at
                it for long.
            campaign.errors.Wait: the platform wants renewals to wait.

        """
        credentials, opened = dict[str, str](), renewals.mark(account)
        if account.sealed is not None:
            credentials, opened = self._fresh(account, self._open(account))
        elif account.channel != MAIL:
            raise _dead(account, "no credentials are stored for this account")
        return replace(public(account, partner), credentials=credentials, opened=opened)

    def _open(self, account: AccountFacts) -> dict[str, str]:
        """Open stored credentials. Where that fails nothing was sent: the account stops, no post is in doubt."""
        try:
            return self._vault.open(account.sealed or b"", name(account))
        except WrongUse as error:
            raise _dead(account, str(error)) from error

    def _fresh(self, account: AccountFacts, credentials: dict[str, str]) -> tuple[dict[str, str], str]:
        channel = self._channels[account.channel]
        if not isinstance(channel, Renews) or not self._is_due(channel, account, credentials):
            return credentials, renewals.mark(account)
        with self._queues[account.ident]:  # threads of this process wait here, and not at the database
            return self._renewed(channel, account.ident)

    def _is_due(self, channel: Renews, account: AccountFacts, credentials: Mapping[str, str]) -> bool:
        """Say whether the token ends soon, or was refused though it should still be good."""
        renews_at = channel.renews_at(credentials)
        if renews_at is not None and renews_at <= self._clock.now() + _AHEAD:
            return True
        return renewals.wanted(account) and channel.renewable(credentials)

    def _renewed(self, channel: Renews, account_id: int) -> tuple[dict[str, str], str]:
        """Return credentials that last, and their mark: those that another flight brought, or those of our own.

        One flight of ours is enough. A new token may be due at once: near the end of a consent it lasts no longer.
        """
        flown, ends = False, self._clock.monotonic() + _PATIENCE
        while True:
            with self._database.read() as session:
                account = session.get_one(Account, account_id)
                flight = renewals.standing(session, account, self._clock.now())
            credentials = self._open(account)
            if flown or not self._is_due(channel, account, credentials):
                return credentials, renewals.mark(account)
            if flight is Flight.UNDER_WAY:
                if self._clock.monotonic() > ends:
                    raise NeverSent(detail="its token is being renewed by somebody else")
                self._clock.wait(Event(), _GLANCE)
            elif flight is Flight.ENDED:
                raise _dead(account, account.renewal_why or _LOST)
            elif flight is Flight.LOST and channel.renewal_spends:
                self._give_up(account, _LOST)
            elif self._begin(account, lost_too=not channel.renewal_spends):
                self._keep(account, self._spend(channel, account, credentials))
                flown = True

    def _begin(self, account: Account, *, lost_too: bool) -> bool:
        with self._database.write() as session:
            return renewals.begin(session, account, self._clock.now(), renewals.FLIGHT, lost_too=lost_too)

    def _spend(self, channel: Renews, account: Account, credentials: Mapping[str, str]) -> dict[str, str]:
        """Make the call, which nobody else makes now. What it did not spend may be tried again."""
        try:
            return channel.renew(credentials)
        except (NeverSent, Wait):
            self._let_go(account)
            raise
        except Exception as error:
            unclear = isinstance(error, Unknown) or not isinstance(error, Outcome)
            if unclear and not channel.renewal_spends:
                self._let_go(account)
                raise NeverSent(detail=f"its token could not be renewed: {type(error).__name__}") from error
            why = _LOST if unclear else str(error)
            self._give_up(account, why)
            raise _dead(account, why) from error

    def _keep(self, account: Account, renewed: Mapping[str, str]) -> None:
        """Commit the new pair before anybody uses it."""
        sealed = self._vault.seal(renewed, name(account))
        for pause in _KEEPING:
            try:
                with self._database.write() as session:
                    kept = renewals.land(session, account, sealed)
            except DatabaseAway as error:
                log.warning("renewed token not stored yet", account=account.ident, error=type(error).__name__)
                self._clock.wait(Event(), pause)
            else:
                log.info("token renewed", account=account.ident, kept=kept)
                return
        raise _dead(account, "its renewed token could not be stored: the database was away")

    def _let_go(self, account: Account) -> None:
        with self._database.write() as session:
            renewals.let_go(session, account)

    def _give_up(self, account: Account, why: str) -> None:
        log.error("token cannot be renewed", account=account.ident, why=why)
        with self._database.write() as session:
            renewals.give_up(session, account, why)


def _dead(account: AccountFacts, why: str) -> CredentialDead:
    return CredentialDead(why, opened=renewals.mark(account))


def public(account: AccountFacts, partner: PartnerFacts) -> Identity:
    """Return what anybody may know of an account: without its credentials."""
    return Identity(
        account_id=account.ident,
        partner=partner.key,
        name=partner.name,
        channel=account.channel,
        handle=account.handle,
        external_id=account.external_id,
        sender=account.sender,
        reply_to=account.reply_to,
    )


def name(account: AccountFacts) -> str:
    """Return what sealed credentials are bound to, so that they cannot be moved to another row."""
    return f"{account.partner_id}/{account.channel}/{account.external_id}"
