"""The values that cross the border of the core: what goes out, who sends it, what comes back."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from campaign.errors import Pace

MAIL: Final = "email"
"""The channel of newsletters: a post on it is an issue."""
_FIGURE_END: Final = 2**31
"""The first number that no figure is: every database stores those below it."""

_WHOLE: Final = r"(?<![\w=/%&?#.-]){}/?(?![.,;:!?'()]*[\w/#&=%~+@$*-])"
"""An address that is no part of a longer one; a stop or a bracket behind it ends it."""

PNG_OR_JPEG: Final = frozenset({"image/png", "image/jpeg"})
"""The kinds of image that every platform takes."""

# --- what goes out -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Media:
    """One image, stored by the digest of its bytes. ``alt`` is what a screen reader says.

    ``until`` is the first instant at which the permission to show it is no longer held; None: it does not end.
    """

    digest: str
    mime: str
    alt: str
    path: Path
    until: datetime | None = None

    def ended(self, at: datetime) -> bool:
        """Say whether the image may not be shown any more at ``at``."""
        return self.until is not None and self.until <= at


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every copy of an issue carries beside its letter. ``sender`` and ``reply_to`` read ``Name <address>``.

    ``partner`` is the name that the letter's foot gives, ``public_url`` is where ``/u/<token>`` unsubscribes.
    ``counts_clicks``: links that are not the government's lead there first, to ``/l/<token>/<number>``.
    """

    sender: str
    partner: str
    public_url: str
    reply_to: str | None = None
    counts_clicks: bool = False


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

    @property
    def written_out(self) -> str:
        """The words with the link's address in them, for a post that shows no card.

        They hold it where it stands whole: a longer address that begins with it leads elsewhere.
        """
        if self.link is None or re.search(_WHOLE.format(re.escape(self.link)), self.words):
            return self.words
        return f"{self.words}\n\n{self.link}".strip()


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

    def ended(self, at: datetime) -> str | None:
        """Return which image may not be shown any more at ``at``, as a reason; None where all may."""
        gone = next((item for item in self.media if item.ended(at)), None)
        return f"the permission for the image “{gone.alt}” has ended" if gone else None


# --- who sends, and what comes back ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Identity:
    """An account as a channel needs it: its names on the platform and its opened credentials (never logged).

    ``opened`` is the mark of what was opened, so that an answer to old credentials is not taken as one to new ones.
    """

    account_id: int
    partner: str
    name: str
    channel: str
    handle: str
    external_id: str
    credentials: Mapping[str, str] = field(repr=False, default_factory=dict)
    sender: str | None = None
    reply_to: str | None = None
    opened: str | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the platform gave back for a post that is there: its id, its public address, its time (aware UTC), and
    what it said of the account's pace (None: nothing that matters).
    """

    external_id: str
    url: str | None = None
    at: datetime | None = None
    pace: Pace | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of an attempt whose end nobody knows; the keys of a look-up, strongest first.

    ``media_ids`` are uploads that only this attempt used, ``message`` carries the link token and the words.
    ``known_ids`` belong to other rows and are never adopted; ``control_id`` is a post of the same account known to be
    there: a listing that does not show it proves no absence. It is None before the account's first post.
    ``before_id`` is the newest one that surely stood there before the attempt: nothing older can be the attempt's, and
    everything younger can, whatever its time, for ``started_at`` is of a clock that may have been wrong.
    """

    message: Message
    started_at: datetime
    media_ids: tuple[str, ...] = ()
    known_ids: frozenset[str] = frozenset()
    control_id: str | None = None
    before_id: str | None = None


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one look-up saw: every match (two means doubled: stop and ask), and whether the control was seen.

    Where no control is known, a listing of the account that shows any post of it counts as one. ``blank``: it shows
    none, and all that is known is whose account it is; only much patience makes an absence of that. ``shown`` are the
    platform's ids of all posts in the answers, where a platform charges for them.

    ``older`` look like the attempt's, but bear a time before it, and nothing unique tells whose they are: somebody
    else's, or the attempt's, if our clock was fast. They are not adopted, and with them there nothing is absent.
    """

    matches: tuple[Receipt, ...]
    control_seen: bool
    blank: bool = False
    shown: frozenset[str] = frozenset()
    older: tuple[Receipt, ...] = ()


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of a post at one instant; None where the platform does not say, never 0. See ``as_figure``."""

    impressions: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    clicks: int | None = None


def as_figure(value: object) -> int | None:
    """Return a figure that a platform gave, None where it is none: what no post can have would not be stored either."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _FIGURE_END:
        return value
    return None


@dataclass(frozen=True, slots=True)
class Limits:
    """A channel's limits as data. ``count`` gives the length of a text by the platform's own rule.

    ``pace`` is the least time between two posts of one account. ``card``: does the platform show a link as a card
    (then a line that is only the card's address leaves the words). ``copies``: may several accounts say the same.
    ``valid`` says whether the platform takes a text of lawful length: no character in it is refused.
    ``shares_have_figures``: a share is counted for itself, and not with the post that it passes on.
    ``media_bytes`` and ``media_types`` (MIME types) bound each image, ``media_moves`` says whether one may move;
    ``title_max`` is the longest title of a link card, in characters, None where none is sent.
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
    media_types: frozenset[str] = PNG_OR_JPEG | {"image/webp", "image/gif"}
    media_moves: bool = True
    title_max: int | None = None
    shares: bool = True
    shares_have_figures: bool = True
    subject_max: int | None = None
    measure_batch: int = 100
