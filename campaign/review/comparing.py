"""Two wordings side by side, word by word. Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from campaign.plan.template import Template

_WORDS = re.compile(r"\s+|[^\s]+")
_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_HOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Piece:
    """Some words of one side; ``differs``: the other side has not got them here."""

    words: str
    differs: bool


@dataclass(frozen=True, slots=True)
class Pair:
    """A line of both sides; a side without it is empty."""

    before: tuple[Piece, ...]
    now: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        """Say whether the two sides are not the same."""
        return any(piece.differs for piece in (*self.before, *self.now))


def compared(before: str, now: str) -> list[Pair]:
    """Return the lines of both wordings, paired; blank ones are left out."""
    old, new = _lines(before), _lines(now)
    pairs: list[Pair] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [Pair((Piece(line, False),), (Piece(line, False),)) for line in old[a:b]]
        else:
            pairs += _paired(old[a:b], new[c:d])
    return pairs


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.split("\n") if line.strip()]


def _paired(old: list[str], new: list[str]) -> Iterator[Pair]:
    for number in range(max(len(old), len(new))):
        yield _words(old[number] if number < len(old) else "", new[number] if number < len(new) else "")


def _words(before: str, now: str) -> Pair:
    old, new = _WORDS.findall(before), _WORDS.findall(now)
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if a < b:
            left.append(Piece("".join(old[a:b]), tag != "equal"))
        if c < d:
            right.append(Piece("".join(new[c:d]), tag != "equal"))
    return Pair(tuple(left), tuple(right))


def template_words(template: Template) -> str:
    """Return a template's words as people read them: each field by its name in brackets."""
    return _HOLE.sub(lambda found: f"[{_said(found[1])}]", _TAG.sub("", template.words))


def _said(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")
