"""What the core asks of the outside: message and receipt, the channel with its small powers, the gate, the engine.

The core depends on these shapes alone. ``app`` binds them to what is real. A channel must publish; every other power
is a protocol of its own that a channel has or has not (``isinstance`` tells).
"""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Protocol, runtime_checkable

from campaign.errors import Outcome
from campaign.ports.values import (
    MAIL,
    Draft,
    Envelope,
    Evidence,
    Figures,
    Identity,
    Limits,
    Media,
    Message,
    Receipt,
    Sighting,
    as_figure,
)

__all__ = [
    "MAIL",
    "Bulk",
    "ByHand",
    "Channel",
    "Composer",
    "Draft",
    "Engine",
    "Envelope",
    "Evidence",
    "Figures",
    "Finds",
    "Gate",
    "Identity",
    "Limits",
    "Measures",
    "Media",
    "Message",
    "Pastes",
    "Progress",
    "Proofreads",
    "Receipt",
    "Renews",
    "Retracts",
    "Sighting",
    "Standing",
    "Verifies",
    "as_figure",
]

# --- powers of a channel ----------------------------------------------------------------------------------------------


class Gate(Protocol):
    """What a sender asks of dispatch while it works."""

    def check(self) -> None:
        """Ask right before an outbound request.

        Raises:
            campaign.errors.Stopped: a hold is on, or half of the lease is gone.

        """
        ...

    def keep(self, media_ids: Sequence[str]) -> None:
        """Keep the ids of what was uploaded, durably, before the call that makes the post visible.

        Raises:
            campaign.errors.Stopped: they cannot be kept, and that call is not to be made.

        """
        ...


@runtime_checkable
class Channel(Protocol):
    """A kind of outlet. Everything in ``channels/`` is one; dropping in a file adds a platform.

    A channel is built once per process with its settings and a session factory and holds no account's state but what
    the platform has told of its tokens.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    limits: ClassVar[Limits]

    def compose(self, draft: Draft, token: str) -> Message:
        """Give the draft the form it has on this platform. Pure. ``token`` is unique to the post (8 characters)."""
        ...

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        """Make the post visible, in one request that comes last and after ``gate.check()``.

        Raises:
            campaign.errors.Outcome: one of its kinds; any other exception counts as unknown.

        """
        ...


@runtime_checkable
class Finds(Protocol):
    """The power to look up a post whose end nobody knows."""

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        """List the account's own posts since one from before the attempt, and match them by the strongest key.

        A sign that no other post bears counts whatever the time of what bears it: our clock may be wrong.

        Raises:
            campaign.errors.CannotLook: the read failed or is not permitted: proves nothing.

        """
        ...


@runtime_checkable
class Proofreads(Protocol):
    """The power to read a published post back, where a platform may change what it took without a word."""

    def at_risk(self, message: Message) -> bool:
        """Say whether the platform may have changed it. Pure."""
        ...

    def proofread(self, who: Identity, message: Message, external_id: str) -> str | None:
        """Say what of ``message`` the post does not show; None when it shows all.

        Raises:
            campaign.errors.Outcome: the read failed, or the post cannot be read yet; it is there all the same.

        """
        ...


@runtime_checkable
class Measures(Protocol):
    """The power to read engagement, in batches of ``limits.measure_batch``."""

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures | Outcome]:
        """Return the figures of each post that the platform told us of; a post it left out is not in the result, one
        whose part of the answer failed is there with the reason. Raises an Outcome where the whole call failed.
        """
        ...


@runtime_checkable
class Retracts(Protocol):
    """The power to take a published post down."""

    def retract(self, who: Identity, external_id: str) -> None:
        """Delete the post; a post already gone is success. Raises an Outcome otherwise."""
        ...


@runtime_checkable
class Renews(Protocol):
    """The power to renew an access token. The caller holds the single flight and commits the result before use.

    ``renewal_spends``: a renewal spends the refresh token, so that one whose answer was lost strands the account.
    """

    renewal_spends: ClassVar[bool]

    def renewable(self, credentials: Mapping[str, str]) -> bool:
        """Say whether these credentials hold what a renewal needs."""
        ...

    def renews_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when these credentials want renewing; None where they do not end or cannot be renewed."""
        ...

    def renew(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Return the new credentials.

        Raises:
            campaign.errors.CredentialDead: a person must consent again.
            campaign.errors.Unknown: the answer was lost; the old refresh token may be spent.

        """
        ...


@runtime_checkable
class Verifies(Protocol):
    """The power to say, without posting, whose credentials these are and what they may do."""

    def verify(self, who: Identity) -> "Standing":
        """Ask the platform who this is.

        Raises:
            campaign.errors.Stranger: the credentials are somebody else's.
            campaign.errors.Outcome: any other of its kinds.

        """
        ...


@dataclass(frozen=True, slots=True)
class Standing:
    """What a probe of an account found. ``can_find``: unknown posts can be looked up with these credentials."""

    handle: str
    can_find: bool
    note: str = ""


@runtime_checkable
class ByHand(Protocol):
    """The power to offer a person the platform's own compose page."""

    def compose_url(self, who: Identity, message: Message) -> str:
        """Return the address of the platform's compose page, filled where the platform allows it."""
        ...


@runtime_checkable
class Pastes(Protocol):
    """The power to give a post as a person pastes it, where what goes out holds what programs alone fill."""

    def to_paste(self, message: Message) -> Message:
        """Return the words alone, filled for nobody in particular. Pure."""
        ...


@runtime_checkable
class Addresses(Protocol):
    """The power to read a post's id out of the address that a person copied from the platform."""

    def id_in(self, who: Identity, url: str, *, share: bool = False) -> str | None:
        """Return the id under which ``publish`` would have told us of the post; None where its address hides it.
        ``share``: the post passes another one on.

        Raises:
            campaign.errors.WrongUse: the address is not that of a post on this platform.

        """
        ...


@runtime_checkable
class NamesAccounts(Protocol):
    """The power to tell from the address of a post whose it is."""

    def account_in(self, url: str) -> str | None:
        """Return the handle that the address of a post names; None where it names none. Pure."""
        ...


class Progress(enum.Enum):
    """How a bulk send left an issue: all settled, paused by a hold, or deliveries wait for a later time."""

    DONE = "done"
    STOPPED = "stopped"
    WAITING = "waiting"


@runtime_checkable
class Bulk(Protocol):
    """The power of a channel whose posts have many deliveries (email): ``newsletter`` does it, ``app`` binds it."""

    def send_issue(self, post_id: int, who: Identity, message: Message, gate: Gate) -> tuple[Progress, Receipt | None]:
        """Send or go on sending the issue; its deliveries keep the truth. Returns where it stands."""
        ...


# --- ports that a lower floor asks of a higher one --------------------------------------------------------------------


class Composer(Protocol):
    """Makes what goes out from a stored post: once, the same for review, hash and claim."""

    def compose(self, channel: str, draft: Draft, token: str) -> Message:
        """Return the exact outgoing content."""
        ...


class Engine(Protocol):
    """Says when and where to look; the tables say what is true."""

    def start(self) -> None:
        """Begin to work; returns at once."""
        ...

    def stop(self) -> None:
        """Finish what is under way and end; returns when it has ended."""
        ...

    def wake(self) -> None:
        """Look at the tables now."""
        ...

    @property
    def busy(self) -> bool:
        """Say whether any work is under way or asked for."""
        ...
