"""Two wordings side by side, word by word: a line stands beside the one that it was made from. Pure."""

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby, zip_longest

from campaign.plan.fill import Outline
from campaign.plan.template import Template

_ALIKE = 0.5
"""Of the words of the shorter of two lines, how many the other has where it is the same line, changed."""
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


def compared(before: str, now: str, holes: Iterable[str] = ()) -> list[Pair]:
    """Return the lines of both wordings, paired; blank ones are left out.

    ``holes`` are words of ``before`` that only name what is filled in: they are no difference, what fills them is.
    """
    old, new = _lines(before, holes), _lines(now, ())
    pairs: list[Pair] = []
    for tag, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            pairs += [_words(line, line, ()) for line in old[a:b]]
        else:
            pairs += (_words(one, other, holes) for one, other in _paired(old[a:b], new[c:d], holes))
    return pairs


_Line = tuple[str, ...]


def _lines(text: str, holes: Iterable[str]) -> list[_Line]:
    """Return the lines, each as its words and the blanks between them; a hole is one word."""
    named = [re.escape(hole) for hole in holes]
    words = re.compile("|".join([*named, r"\s+", r"[^\s\[]+|\[" if named else r"\S+"]))
    return [tuple(words.findall(line.strip())) for line in text.split("\n") if line.strip()]


def _paired(old: Sequence[_Line], new: Sequence[_Line], holes: Iterable[str]) -> Iterator[tuple[_Line, _Line]]:
    """Yield lines that are alike beside each other; what stands between two such pairs, line by line."""
    i = j = 0
    for a, b in [*_anchors(old, new, frozenset(holes)), (len(old), len(new))]:
        yield from zip_longest(old[i:a], new[j:b], fillvalue=())
        if a < len(old) and b < len(new):
            yield old[a], new[b]
        i, j = a + 1, b + 1


def _anchors(old: Sequence[_Line], new: Sequence[_Line], holes: frozenset[str]) -> list[tuple[int, int]]:
    """Return which lines are the same ones, changed: in their order, and as much alike together as they can be."""
    alike = [[_alike(one, other, holes) for other in new] for one in old]
    best = [[0.0] * (len(new) + 1) for _ in range(len(old) + 1)]
    for i in reversed(range(len(old))):
        for j in reversed(range(len(new))):
            best[i][j] = max(best[i + 1][j], best[i][j + 1], best[i + 1][j + 1] + alike[i][j])
    found, i, j = list[tuple[int, int]](), 0, 0
    while i < len(old) and j < len(new):
        if alike[i][j] and best[i][j] == best[i + 1][j + 1] + alike[i][j]:
            found.append((i, j))
            i, j = i + 1, j + 1
        elif best[i][j] == best[i + 1][j]:
            i += 1
        else:
            j += 1
    return found


def _alike(one: _Line, other: _Line, holes: frozenset[str]) -> float:
    """Return the share of words that two lines have in common; nothing where it is too small to mean anything."""
    mine, theirs = (Counter(word for word in line if word.strip() and word not in holes) for line in (one, other))
    least = min(mine.total(), theirs.total())
    share = (mine & theirs).total() / least if least else 0.0
    return share if share >= _ALIKE else 0.0


def _words(before: _Line, now: _Line, holes: Iterable[str]) -> Pair:
    left: list[Piece] = []
    right: list[Piece] = []
    for tag, a, b, c, d in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
        left += _pieces(before[a:b], holes, differs=tag != "equal")
        right += _pieces(now[c:d], (), differs=tag != "equal")
    return Pair(tuple(left), tuple(right))


def _pieces(words: _Line, holes: Iterable[str], *, differs: bool) -> Iterator[Piece]:
    """Yield words that stand together as one piece; a hole is a piece of its own, and never differs."""
    for differ, several in groupby(words, lambda word: differs and word not in holes):
        yield Piece("".join(several), differ)


def template_words(template: Template) -> Outline:
    """Return a template's words as people read them: each field by its name in brackets."""
    holes = {found: f"[{_said(found)}]" for found in _HOLE.findall(template.words)}
    words = _HOLE.sub(lambda found: holes[found[1]], _TAG.sub("", template.words))
    return Outline(words, frozenset(holes.values()))


def _said(name: str) -> str:
    return name.rpartition(".")[2].replace("_", " ")
