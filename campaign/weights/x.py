"""The weighted length of a post on X, by X's published configuration, version 3.

Source: X developer documents, "Counting characters", and the conformance data of the twitter-text library.
"""

import unicodedata
from collections.abc import Iterator

import emoji

from campaign.weights.links import x_urls

X_MAX = 280
"""The most that a post may weigh."""

_URL = 23
_EMOJI = 2
_HEAVY = 2
_LIGHT = 1
_LIGHT_RANGES = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_INVALID = frozenset("\ufffe\ufeff\uffff")
_PLAIN_SIGNS = frozenset("\xa9\xae")
_AS_TEXT = "\ufe0e"


def x_length(text: str) -> int:
    """Return what ``text`` weighs on X: a link 23, an emoji 2, most scripts of Europe and Africa 1, others 2.

    The text is counted in normal form C with line ends of one character, as X does it. Characters that X refuses
    count like any other; ask ``x_valid`` for those.
    """
    settled = unicodedata.normalize("NFC", text).replace("\r\n", "\n")
    at = weight = 0
    for start, end, cost in _wholes(settled):
        weight += sum(map(_weight, settled[at:start])) + cost
        at = end
    return weight + sum(map(_weight, settled[at:]))


def x_valid(text: str) -> bool:
    """Say whether X would take ``text``: not empty, no refused character, at most 280 in weight."""
    return bool(text) and _INVALID.isdisjoint(text) and x_length(text) <= X_MAX


def _weight(character: str) -> int:
    point = ord(character)
    return _LIGHT if any(low <= point <= high for low, high in _LIGHT_RANGES) else _HEAVY


def _wholes(text: str) -> Iterator[tuple[int, int, int]]:
    """Yield start, end and weight of what counts as one: links, and the emoji outside of them."""
    links = x_urls(text)
    inside = [(start, end) for start, end, _ in links]
    found = [(start, end, _URL) for start, end in inside]
    for start, end in _emoji(text):
        if not any(low <= start < high for low, high in inside):
            found.append((start, end, _EMOJI))
    yield from sorted(found)


def _emoji(text: str) -> Iterator[tuple[int, int]]:
    """Yield where the emoji sequences stand.

    A copyright or trademark sign is an emoji only with its variation selector, and nothing is one when the selector
    for text follows it: X takes these from Twemoji's rule, while the library knows every code point by itself.
    """
    if text.isascii():
        return
    for one in emoji.emoji_list(text):
        start, end = int(one["match_start"]), int(one["match_end"])
        if text[start:end] not in _PLAIN_SIGNS and text[end : end + 1] != _AS_TEXT:
            yield start, end
