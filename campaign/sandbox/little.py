r"""Little text: the small markup in which LinkedIn takes the words of a post, with its silent cut.

LinkedIn, *little Text Format*: fourteen characters are reserved and want a backslash when they are meant literally.
What the page does not say, and reporters of several clients do: a reserved character that stands bare outside a
mention or a hashtag ends the post there, and the answer is 201 all the same. The emulator cuts so too, because an
adapter that forgets to escape must lose words here and not before the public.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_ESCAPED = re.compile(r"\\([|{}@\[\]()<>#\\*_~])")
_MENTION = re.compile(r"@\[((?:\\.|[^\[\]\\])+)\]\((urn:li:(?:organization|person):[\w-]+)\)")
_HASHTAG = re.compile(r"#([^\W_]+)")
_TEMPLATE = re.compile(r"\{hashtag\|\\#\|((?:\\.|[^|{}\\])+)\}")
_PLAIN = re.compile(r"[^|{}@\[\]()<>#\\*_~]+")


@dataclass(frozen=True, slots=True)
class Commentary:
    """What became of the words of a post.

    ``stored`` is the markup up to the cut, ``shown`` the words that a follower sees, ``lost`` the markup behind the
    cut (empty when all was kept), ``mentions`` the URNs that were linked because their name matched.
    """

    stored: str
    shown: str
    lost: str
    mentions: tuple[str, ...]

    @property
    def length(self) -> int:
        """Count the characters that were sent as words, escapes aside, the lost ones included."""
        return len(self.shown) + len(unescaped(self.lost))


def parse(source: str, names: Mapping[str, str]) -> Commentary:
    """Read little text; ``names`` gives the exact name behind each URN that may be mentioned.

    A mention whose name differs, by case alone even, stays as plain words (*little Text Format*, Mention).
    """
    at, shown, mentions = 0, [], []
    while at < len(source):
        piece = _piece(source, at, names)
        if piece is None:
            break
        at, words, urn = piece
        shown.append(words)
        if urn:
            mentions.append(urn)
    return Commentary(source[:at], "".join(shown), source[at:], tuple(mentions))


def unescaped(source: str) -> str:
    """Take the backslash from every escaped reserved character."""
    return _ESCAPED.sub(r"\1", source)


def _piece(source: str, at: int, names: Mapping[str, str]) -> tuple[int, str, str | None] | None:
    """Read one element at ``at``: where it ends, its visible words, the URN that it links; None at a bare character."""
    if found := _PLAIN.match(source, at):
        return found.end(), found[0], None
    if found := _ESCAPED.match(source, at):
        return found.end(), found[1], None
    if found := _MENTION.match(source, at):
        name = unescaped(found[1])
        return found.end(), name, found[2] if names.get(found[2]) == name else None
    if found := _TEMPLATE.match(source, at):
        return found.end(), "#" + unescaped(found[1]), None
    if found := _HASHTAG.match(source, at):
        return found.end(), found[0], None
    return None
