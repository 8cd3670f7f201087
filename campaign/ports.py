"""What the core asks of the outside: message and receipt, the channel with its small powers, the gate, the engine.

The core depends on these shapes alone. ``app`` binds them to what is real. A channel must publish; every other power
is a protocol of its own that a channel has or has not (``isinstance`` tells).
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import ClassVar, Protocol, runtime_checkable

# --- what goes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Media:
    """One image, stored by the digest of its bytes. ``alt`` is what a screen reader says."""

    digest: str
    mime: str
    alt: str
    path: Path


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every copy of an issue carries beside its letter. ``sender`` and ``reply_to`` read ``Name <address>``.

    ``partner`` is the name that the letter's foot gives, ``public_url`` is where ``/u/<token>`` unsubscribes.
    """

    sender: str
    partner: str
    public_url: str
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """The filled template, before a channel gives it its form.

    ``words`` is the text (Markdown for mail). ``link`` is the address that a channel with link cards shows as a card.
    ``share_of`` names the post to pass on (``slot@partner``) instead of words of one's own. The last four are for
    mail: ``audience`` is the key of the list.
    """

    words: str
    link: str | None = None
    link_title: str | None = None
    media: tuple[Media, ...] = ()
    share_of: str | None = None
    subject: str | None = None
    preheader: str | None = None
    audience: str | None = None
    envelope: Envelope | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Exactly what goes out: what review shows, the hash digests and the channel sends.

    ``text`` is the whole visible text, inline links included. ``link`` is the card link with its token, or None.
    ``share_of`` is a name (``slot@partner``) while nobody needs the platform's id; dispatch puts the id there.
    """

    channel: str
    text: str
    link: str | None = None
    link_title: str | None = None
    media: tuple[Media, ...] = ()
    share_of: str | None = None
    subject: str | None = None
    preheader: str | None = None
    html: str | None = None
    audience: str | None = None
    envelope: Envelope | None = None


# --- who sends, and what comes back ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """An account as a channel needs it: its names on the platform and its opened credentials (never logged)."""

    account_id: int
    partner: str
    name: str
    channel: str
    handle: str
    external_id: str
    credentials: Mapping[str, str] = field(repr=False, default_factory=dict)
    sender: str | None = None
    reply_to: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform gave back for a post that is there: its id, its public address, its time (aware UTC)."""

    external_id: str
    url: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an attempt whose end nobody knows; the keys of a look-up, strongest first.

    ``media_ids`` are uploads that only this attempt used, ``message`` carries the link token and the words.
    ``known_ids`` belong to other rows and are never adopted; ``control_id`` is a post of the same account known to be
    there: a listing that does not show it proves no absence.
    """

    message: Message
    started_at: datetime
    media_ids: tuple[str, ...] = ()
    known_ids: frozenset[str] = frozenset()
    control_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look-up saw: every match (two means doubled: stop and ask), and whether the control was seen."""

    matches: tuple[Receipt, ...]
    control_seen: bool


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a post at one instant; None where the platform does not say, never 0."""

    impressions: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    clicks: int | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """A channel's limits as data. ``count`` gives the length of a text by the platform's own rule.

    ``pace`` is the least time between two posts of one account. ``card``: does the platform show a link as a card
    (then a line that is only the card's address leaves the words). ``copies``: may several accounts say the same.
    ``valid`` says whether the platform takes a text of lawful length: no character in it is refused.
    """

    text_max: int
    count: Callable[[str], int]
    media_max: int
    alt_max: int
    pace: timedelta
    card: bool
    copies: bool = True
    valid: Callable[[str], bool] = bool
    media_bytes: int = 5_000_000
    shares: bool = True
    subject_max: int | None = None
    measure_batch: int = 100


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
        """Keep the ids of what was uploaded, durably, before the call that makes the post visible."""
        ...


@runtime_checkable
class Channel(Protocol):
    """A kind of outlet. Everything in ``channels/`` is one; dropping in a file adds a platform.

    A channel is built once per process with its settings and a session factory and holds no account's state.
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
        """List the account's own posts since the attempt and match them by the strongest key.

        Raises:
            campaign.errors.CannotLook: the read failed or is not permitted: proves nothing.

        """
        ...


@runtime_checkable
class Measures(Protocol):
    """The power to read engagement, in batches of ``limits.measure_batch``."""

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures]:
        """Return the figures of each post that the platform told us of; a post it left out is not in the result."""
        ...


@runtime_checkable
class Retracts(Protocol):
    """The power to take a published post down."""

    def retract(self, who: Identity, external_id: str) -> None:
        """Delete the post; a post already gone is success. Raises an Outcome otherwise."""
        ...


@runtime_checkable
class Renews(Protocol):
    """The power to renew an access token. The caller holds the single flight and commits the result before use."""

    def renews_at(self, credentials: Mapping[str, str]) -> datetime | None:
        """Say when these credentials want renewing; None where they do not end or cannot be renewed."""
        ...

    def renew(self, credentials: Mapping[str, str]) -> dict[str, str]:
        """Return the new credentials. Raises CredentialDead when a person must consent again."""
        ...


@runtime_checkable
class Verifies(Protocol):
    """The power to say, without posting, whose credentials these are and what they may do."""

    def verify(self, who: Identity) -> "Standing":
        """Ask the platform who this is. Raises an Outcome."""
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
