"""The kinds of notices: how each is called, what it asks of whoever gets it, and which page settles it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from campaign.models import notices


class Kind(StrEnum):
    """What people are told."""

    WAY_IN = notices.WAY_IN
    BY_HAND = "by_hand"
    ASKED = "asked"
    DOUBT = "doubt"
    TAKE_DOWN = "take_down"
    STAYS = "stays"
    STOPPED = "stopped"
    FAILED = "failed"
    MISSED = "missed"
    CUT = "cut"
    RETURNED = "returned"
    ACCESS_ENDS = "access_ends"
    CAP = "cap"
    REMINDER = "reminder"
    DIGEST = "digest"
    REVIEW_AGAIN = "review_again"
    EVENT_NOTICE = "event_notice"
    EVENT = "event"


@dataclass(frozen=True, slots=True)
class Wording:
    """``one`` and ``many`` name it, ``do`` says what its page is for, ``page`` is that of one post and ``pages`` that
    of several. ``asks``: whoever gets it has something to do; ``urgent``: now, so that no pause holds it up.
    """

    one: str
    many: str
    do: str
    page: str
    pages: str
    asks: bool = True
    urgent: bool = False


_POST = "/posts/{post}"
_SETTLE = "/settle/{post}"
WORDINGS: Mapping[Kind, Wording] = MappingProxyType(
    {
        Kind.WAY_IN: Wording(
            "a new way in",
            "new ways in",
            "See your own sessions and passkeys here",
            "/account",
            "/account",
            asks=False,
            urgent=True,
        ),
        Kind.BY_HAND: Wording(
            "a post to publish by hand",
            "posts to publish by hand",
            "Copy from here, and record here where it stands",
            f"{_POST}/hand",
            "/posts?status=by_hand",
            urgent=True,
        ),
        Kind.ASKED: Wording(
            "is this post published?",
            "posts that may or may not be published",
            "Look at the account, and say here what you saw",
            _SETTLE,
            "/settle",
        ),
        Kind.DOUBT: Wording(
            "a post is still unconfirmed",
            "posts are still unconfirmed",
            "If you know whether it is published, say so here",
            _SETTLE,
            "/posts?status=unconfirmed",
        ),
        Kind.TAKE_DOWN: Wording(
            "please take a post down", "posts to take down", "Delete it, and say so here", _SETTLE, "/settle"
        ),
        Kind.STAYS: Wording(
            "a post that was to be taken down stays",
            "posts that were to be taken down stay",
            "See what was said here",
            _POST,
            "/posts?status=published",
        ),
        Kind.STOPPED: Wording(
            "an account has stopped", "accounts have stopped", "See what is asked here", "/accounts", "/accounts"
        ),
        Kind.FAILED: Wording(
            "a post failed",
            "posts failed",
            "Choose a new time or withdraw here",
            _POST,
            "/posts?status=failed",
        ),
        Kind.MISSED: Wording(
            "a post was missed",
            "posts were missed",
            "Choose a new time or withdraw here",
            _POST,
            "/posts?status=missed",
        ),
        Kind.CUT: Wording(
            "a post does not show all its words",
            "posts do not show all their words",
            "If it must not stay so, take it down here",
            _POST,
            "/posts?status=published",
        ),
        Kind.RETURNED: Wording(
            "a post was returned",
            "posts were returned",
            "Change the words and send for review again here",
            _POST,
            "/posts?status=draft",
        ),
        Kind.ACCESS_ENDS: Wording(
            "the access to an account ends",
            "accounts whose access ends",
            "Connect again here",
            "/accounts",
            "/accounts",
        ),
        Kind.CAP: Wording("a monthly cap is reached", "monthly caps are reached", "", "", ""),
        Kind.REMINDER: Wording(
            "your next step in the campaign", "steps in the campaign", "Do it here", "/details", "/details"
        ),
        Kind.DIGEST: Wording("posts to review", "lists of posts to review", "Review here", "/review", "/review"),
        Kind.REVIEW_AGAIN: Wording(
            "a post went back to review",
            "posts went back to review",
            "See it here",
            _POST,
            "/posts?status=in_review",
            asks=False,
        ),
        Kind.EVENT_NOTICE: Wording(
            "a notice to submit",
            "notices to submit",
            "Read it, and submit or withdraw it here",
            _POST,
            "/posts?status=draft",
        ),
        Kind.EVENT: Wording(
            "an event has changed", "events have changed", "See your posts here", "/posts", "/posts", asks=False
        ),
    }
)
"""In the order in which a letter tells them."""
KNOWN = tuple(kind.value for kind in WORDINGS)
"""What this program has words for: the others that wait are of a newer one, on another machine, and are left to it."""
URGENT = tuple(kind.value for kind, wording in WORDINGS.items() if wording.urgent)
