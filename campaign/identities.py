"""Accounts with opened credentials; a token that ends soon is renewed first, in one flight, and kept before use."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from threading import Lock

import structlog

from campaign.clock import Clock
from campaign.errors import CredentialDead, WrongUse
from campaign.models import Database, partners
from campaign.models.claims import AccountFacts, PartnerFacts
from campaign.models.partners import Account
from campaign.ports import Channel, Identity, Renews
from campaign.vault import Vault

log = structlog.get_logger(__name__)

_AHEAD = timedelta(minutes=5)


class Identities:
    """Opens accounts for the channels. Thread-safe."""

    def __init__(self, database: Database, vault: Vault, clock: Clock, channels: Mapping[str, Channel]) -> None:
        self._database = database
        self._vault = vault
        self._clock = clock
        self._channels = channels
        self._flights: defaultdict[int, Lock] = defaultdict(Lock)

    def by_id(self, account_id: int) -> Identity:
        """Return the account's identity. Raises CredentialDead."""
        with self._database.read() as session:
            account, partner = partners.account_with_partner(session, account_id)
        return self.of(account, partner)

    def of(self, account: AccountFacts, partner: PartnerFacts) -> Identity:
        """Return the identity of an account of ``partner``. Raises CredentialDead when it cannot be opened."""
        credentials: dict[str, str] = {}
        if account.sealed is not None:
            credentials = self._fresh(account, self._open(account))
        elif account.channel != "email":
            raise CredentialDead(detail="no credentials are stored for this account")
        return replace(public(account, partner), credentials=credentials)

    def _open(self, account: AccountFacts) -> dict[str, str]:
        """Open stored credentials. Where that fails nothing was sent: the account stops, no post is in doubt."""
        try:
            return self._vault.open(account.sealed or b"", name(account))
        except WrongUse as error:
            raise CredentialDead(detail=str(error)) from error

    def _fresh(self, account: AccountFacts, credentials: dict[str, str]) -> dict[str, str]:
        channel = self._channels[account.channel]
        if not isinstance(channel, Renews) or not self._ends_soon(channel, credentials):
            return credentials
        with self._flights[account.ident]:
            return self._renew(channel, account.ident)

    def _ends_soon(self, channel: Renews, credentials: Mapping[str, str]) -> bool:
        renews_at = channel.renews_at(credentials)
        return renews_at is not None and renews_at <= self._clock.now() + _AHEAD

    def _renew(self, channel: Renews, account_id: int) -> dict[str, str]:
        with self._database.read() as session:
            account = session.get_one(Account, account_id)
        sealed = account.sealed or b""
        credentials = self._open(account)
        if not self._ends_soon(channel, credentials):
            return credentials  # another thread's flight has just landed
        renewed = channel.renew(credentials)
        with self._database.write() as session:
            kept = partners.set_credentials(
                session, account_id, self._vault.seal(renewed, name(account)), instead_of=sealed
            )
        log.info("token renewed", account=account_id, kept=kept)
        return renewed


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
