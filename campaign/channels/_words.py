"""How posts are recognised again: the token in a link, and words brought to one form on both sides."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Generic, NamedTuple, TypeVar
from urllib.parse import parse_qsl, quote, urlsplit, urlunsplit

from campaign.ports import Draft, Evidence, Message, Receipt

MARGIN = timedelta(minutes=10)
"""What a platform shows from this long before an attempt still counts as of the attempt by its words alone, for this
machine's clock may be fast. It adopts no wrong post: other rows' ids are left out, equal words wait for one another
(ruling 3), and equal words that a person put there are what the attempt was to say. Uploads and tokens are the post's
own, and count whatever its time; words from before the margin prove nothing, neither that it is there nor that it is
not.
"""
REACH = MARGIN + timedelta(days=1)
"""So far before the attempt a listing goes where it shows no post that surely stood there before: a clock may be
fast by as much as a wrong zone makes it.
"""
_EVER = datetime.min.replace(tzinfo=UTC)
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


def far_enough(evidence: Evidence, listed: Mapping[str, datetime], own: Callable[[str], str] = str) -> bool:
    """Say whether a listing, its times by ``own`` of the ids, shows the control and all that may be the attempt's."""
    before, control = evidence.before_id, evidence.control_id
    far = before is not None and own(before) in listed
    near = control is None or own(control) in listed
    return near and (far or any(at < evidence.started_at - REACH for at in listed.values()))


def possible_from(evidence: Evidence, listed: Mapping[str, datetime], own: Callable[[str], str] = str) -> datetime:
    """Return the time of the newest post that surely stood there before the attempt, else the beginning of time."""
    return _EVER if evidence.before_id is None else listed.get(own(evidence.before_id), _EVER)


class Signs(NamedTuple, Generic[Seen]):
    """What tells an attempt's post: signs that no other one bears, strongest first, and one that another may bear."""

    unique: Sequence[Callable[[Seen], bool]]
    alike: Callable[[Seen], bool]


def signs(
    evidence: Evidence,
    unique: Iterable[Callable[[Evidence, Seen], bool]],
    words: Callable[[Evidence, Seen], bool],
    share: Callable[[Evidence, Seen], bool],
) -> Signs[Seen]:
    """Return the signs of an attempt: a share has but what it passes on."""
    if evidence.message.share_of is not None:
        return Signs((), partial(share, evidence))
    return Signs([partial(sign, evidence) for sign in unique], partial(words, evidence))


class Recognised(NamedTuple):
    """What is the attempt's, or else what looks like it and bears a time before it (see ``Sighting``)."""

    matches: tuple[Receipt, ...]
    older: tuple[Receipt, ...]


def recognised(
    seen: Iterable[Seen],
    signs: Signs[Seen],
    *,
    since: Callable[[Seen], bool],
    receipt: Callable[[Seen], Receipt],
) -> Recognised:
    """Recognise the attempt's post by the first of its unique signs, else by being alike and of its time."""
    everything = list(seen)
    similar = [one for one in everything if signs.alike(one)]
    of_its_time = tuple(receipt(one) for one in similar if since(one))
    matches = _strongest(everything, signs.unique, receipt) or of_its_time
    return Recognised(matches, () if matches else tuple(receipt(one) for one in similar))


def _strongest(
    everything: list[Seen], keys: Iterable[Callable[[Seen], bool]], receipt: Callable[[Seen], Receipt]
) -> tuple[Receipt, ...]:
    """Return the receipts of what the first key matches that matches anything."""
    for key in keys:
        matches = tuple(receipt(one) for one in everything if key(one))
        if matches:
            return matches
    return ()
