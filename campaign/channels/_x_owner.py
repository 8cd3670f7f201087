"""Whose credentials of X these are. A create names no account: X takes it for whoever the token belongs to, so that
this is known before anything is published, and before what a listing does not show is taken for absent.

Sources: X API documentation (OAuth 1.0a: a token begins with its user's id; Get my User; User posts timeline).
"""

import re
from collections.abc import Mapping
from hashlib import sha256
from threading import Lock
from typing import Final

from campaign.channels._tokens import token_of
from campaign.channels._wire import said
from campaign.channels._x_wire import Settings, Wire, good, snowflake
from campaign.clock import Clock
from campaign.errors import Forbidden, NeverSent, Refused, Stranger, Unknown
from campaign.http import Answer
from campaign.ports import Identity, Standing

_OWNER: Final = re.compile(r"([0-9]{1,19})-")
_REMEMBERED: Final = 10_000


class Owners:
    """Whose tokens this process has been told that they are; it keeps their digests alone. Thread-safe."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._told: dict[str, str] = {}

    def of(self, credentials: Mapping[str, str]) -> str | None:
        """Return the id of the account that credentials belong to: as they say themselves, which X has written into
        them or into what came with them (``user_id``), or as X has told; None where nobody knows yet.
        """
        token = token_of(credentials)
        own = _OWNER.match(token) if "consumer_key" in credentials else None
        if own:
            return own[1]
        if credentials.get("user_id"):
            return credentials["user_id"]
        with self._lock:
            return self._told.get(_digest(token))

    def keep(self, credentials: Mapping[str, str], number: str) -> None:
        """Remember what X has told of a token. Of very many the oldest are forgotten, and asked about again."""
        with self._lock:
            self._told[_digest(token_of(credentials))] = number
            while len(self._told) > _REMEMBERED:
                del self._told[next(iter(self._told))]


class Owned:
    """The side of the channel X that knows whose credentials it was given."""

    _settings: Settings
    _clock: Clock
    _owners: Owners

    def verify(self, who: Identity) -> Standing:
        """Ask whose credentials these are, and try whether the account's posts can be listed.

        The listing begins now: the right to read is proven by one that shows nothing, and what is shown is charged.
        """
        with Wire(self._settings, who) as wire:
            handle, number = self._asked(wire)
            _compare(who, number, handle)
            params = {"max_results": "5", "since_id": str(snowflake(self._clock.now()))}
            listing = wire.ask("GET", f"/2/users/{who.external_id}/tweets", params=params)
        return Standing(handle, can_find=listing.fine, note=_why(listing))

    def _refuse_strangers(self, wire: Wire, who: Identity) -> None:
        """Make sure that the credentials are the account's own; X is asked about a token once.

        Raises:
            campaign.errors.Stranger: they are another account's.
            campaign.errors.NeverSent: X did not say; nothing was posted.

        """
        number = self._owners.of(who.credentials)
        if number is None:
            try:
                _, number = self._asked(wire)
            except Forbidden:
                raise
            except (Unknown, Refused) as error:
                raise NeverSent(error.detail) from error
            self._owners.keep(who.credentials, number)
            wire.session.reconnect()
        _compare(who, number)

    def _asked(self, wire: Wire) -> tuple[str, str]:
        """Return handle and id of the account whose credentials the wire has."""
        answer = good(wire.ask("GET", "/2/users/me"), self._clock.now(), self._settings.back_off)
        data = answer.facts.get("data")
        if not isinstance(data, dict) or not data.get("id"):
            raise Unknown("X did not say who this is")
        return f"@{data.get('username')}", str(data["id"])


def _compare(who: Identity, number: str, handle: str = "") -> None:
    if number != who.external_id:
        theirs = f"{handle} ({number})" if handle else number
        raise Stranger(f"they are those of {theirs}, and the account is {who.external_id}")


def _digest(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _why(listing: Answer) -> str:
    return "" if listing.fine else f"The account's posts cannot be listed: {said(listing)}"
