"""What connecting an account asks of a channel: a person consents on the platform (RFC 6749, section 4.1).

The platform sends the person's browser back with a code, and the channel turns that into credentials.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Client:
    """How a platform knows this program. ``secret`` None: a public client, which has none."""

    id: str
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class ClientNames:
    """What config.toml says of the client. ``secret`` is a reference (``env:NAME`` or ``file:PATH``), no secret."""

    id: str
    secret: str | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """A permission that is asked for, and what does not work without it. ``needed``: nothing is connected then."""

    name: str
    without: str
    needed: bool = True


@dataclass(frozen=True, slots=True)
class Offer:
    """An account that the consent lets us act for, with its credentials (never logged)."""

    external_id: str
    handle: str
    credentials: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allowed: the names of the permissions, and the accounts for which they hold."""

    scopes: frozenset[str]
    offers: tuple[Offer, ...]


@runtime_checkable
class Connects(Protocol):
    """The power to connect an account by a person's consent in the browser.

    ``accounts_word`` is what the platform calls such an account: account, page.
    """

    scopes: ClassVar[tuple[Scope, ...]]
    accounts_word: ClassVar[str]

    @property
    def client_names(self) -> ClientNames:
        """Return what config.toml says of the client; an empty id: connecting is not set up."""
        ...

    def consent_address(self, client: Client, back: str, state: str, challenge: str) -> str:
        """Return where the person consents. Pure. ``challenge`` is that of PKCE (S256), for platforms that have it."""
        ...

    def consented(self, client: Client, back: str, code: str, verifier: str) -> Consent:
        """Turn the code into credentials and ask for which accounts they hold.

        Raises:
            campaign.errors.Outcome: the platform refused the code, or a call failed; nothing is to be undone.

        """
        ...
