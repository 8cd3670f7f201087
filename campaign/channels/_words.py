"""How posts are recognised again: the token in a link, and words brought to one form on both sides."""

import unicodedata
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import TypeVar
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from campaign.ports import Draft, Message, Receipt

MARGIN = timedelta(minutes=10)
"""A platform's posts from this long before an attempt still count as of the attempt, for this machine's clock may be
fast: a margin that is too short hides the post, so that it is sent again. One that is too long adopts no wrong post:
uploads and tokens are one attempt's own, other rows' ids are left out, equal words wait for one another (ruling 3), and
equal words that a person put there are what the attempt was to say.
"""
Seen = TypeVar("Seen")
_TOKEN = "utm_content"  # noqa: S105 - the name of a public parameter


def with_token(link: str, token: str) -> str:
    """Return ``link`` with ``utm_content=<token>`` at the end of its query; what else is there stays byte for byte."""
    scheme, host, path, query, fragment = urlsplit(link)
    kept = [part for part in query.split("&") if part and not part.startswith(f"{_TOKEN}=")]
    return urlunsplit((scheme, host, path, "&".join([*kept, f"{_TOKEN}={quote(token)}"]), fragment))


def token_in(link: object) -> str | None:
    """Return the token that a link carries, or None."""
    if not isinstance(link, str):
        return None
    try:
        return dict(parse_qsl(urlsplit(link).query)).get(_TOKEN)
    except ValueError:
        return None


def squeezed(text: str) -> str:
    """Return the text as NFC with every run of white space as one blank."""
    return " ".join(unicodedata.normalize("NFC", text).split())


def carded(channel: str, draft: Draft, token: str) -> Message:
    """Return the message of a channel with link cards: the card's address carries the token.

    A post shows either images or a card. Beside images the address goes into the words, and there without the token:
    only a card hides a parameter. A share carries no card of its own.
    """
    if draft.share_of is not None:
        return Message(channel, draft.words, share_of=draft.share_of)
    if draft.link is None:
        return Message(channel, draft.words, media=draft.media)
    if draft.media:
        return Message(channel, draft.written_out, media=draft.media)
    return Message(channel, draft.words, link=with_token(draft.link, token), link_title=draft.link_title)


def strongest(
    seen: Iterable[Seen], keys: Iterable[Callable[[Seen], bool]], receipt: Callable[[Seen], Receipt]
) -> tuple[Receipt, ...]:
    """Return the receipts of what the first key matches that matches anything."""
    everything = list(seen)
    for key in keys:
        matches = tuple(receipt(one) for one in everything if key(one))
        if matches:
            return matches
    return ()
