"""What changed: the words that the posts of a group share, and of each post only what is its own, riskiest first. Pure.

A line is common that the template fixes, or that most posts of the group have. The partner's own name and region are
facts of the register and count as no words of its own.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

from campaign.errors import Finding
from campaign.models.listing import PostRow
from campaign.plan.fixed_lines import LABELS, FixedLines
from campaign.ports import Draft
from campaign.review.content import draft_from_json
from campaign.review.marks import MARKS, found_in, marks_of
from campaign.review.masks import NAME, REGION, Called, Registered, masked, neutral, shown

_NUMBER = re.compile(r"\d")
_LETTER = re.compile(r"[^\W\d_]")
_LACKS, _ERROR, _WARNING, _SINGLE = 1000, 500, 100, 150


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a post's own. ``known``: the partner had it approved before. ``single``: it was written for this post,
    and does not come from the organisation's details.
    """

    words: str
    known: bool
    single: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """A post with what it says; ``seen`` is the hash of what goes out."""

    row: PostRow
    draft: Draft
    seen: str
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Difference:
    """What is a post's own: its lines, and those of the template that it lacks. ``holds`` says what to look at."""

    said: Said
    own: tuple[Line, ...]
    lacks: tuple[str, ...]

    @property
    def row(self) -> PostRow:
        """The post."""
        return self.said.row

    @property
    def plain(self) -> bool:
        """Say whether it holds nothing but the common words."""
        return self.sound and not self.own

    @property
    def sound(self) -> bool:
        """Say whether it lacks no line and nothing was found in it."""
        return not (self.lacks or self.said.findings)

    @property
    def checked(self) -> bool:
        """Say whether something was found in it: it is decided on its own page, not with the others."""
        return bool(self.said.findings)

    @property
    def is_new(self) -> bool:
        """Say whether there is anything that nobody approved before."""
        return not self.sound or any(not line.known for line in self.own)

    @property
    def likeness(self) -> Hashable:
        """All that is told of it, but for its organisation's own facts."""
        own = tuple((neutral(self.row.partner, line.words), line.known, line.single) for line in self.own)
        return own, self.lacks, self.said.findings

    @property
    def holds(self) -> list[str]:
        """Name what its new lines hold that is easily wrong."""
        return marks_of("\n".join(line.words for line in self.own if not line.known))

    @property
    def easily_wrong(self) -> list[str]:
        """Return each link, number and address of its new lines. A fold shows them: a detail may be wrong as well."""
        return found_in("\n".join(line.words for line in self.own if not line.known))

    @property
    def risk(self) -> int:
        """How much it wants looking at; only the order counts."""
        errors = sum(_ERROR if one.severity == "error" else _WARNING for one in self.said.findings)
        return errors + _LACKS * len(self.lacks) + sum(_risk(line) for line in self.own)


def _risk(line: Line) -> int:
    marks = sum(weight for pattern, weight, _ in MARKS if pattern.search(line.words))
    marks += _SINGLE if line.single else 0
    whole = 10 + marks + (10 if _NUMBER.search(line.words) else 0) + min(len(line.words) // 20, 20)
    return 1 if line.known else whole


@dataclass(frozen=True, slots=True)
class Changes:
    """A group: the common words, the posts with new words of their own, riskiest first, those whose own words were all
    approved before, and those without any.
    """

    common: tuple[str, ...]
    own: tuple[Difference, ...]
    known: tuple[Difference, ...]
    plain: tuple[Difference, ...]

    @property
    def alike(self) -> list[list[Difference]]:
        """The posts with new words, those together that differ by their organisations' own facts alone: first those
        that lack a line or in which something was found, then what the fewest say.
        """
        found: dict[Hashable, list[Difference]] = {}
        for one in self.own:
            found.setdefault(one.likeness, []).append(one)
        return sorted(found.values(), key=lambda alike: (alike[0].sound, len(alike)))


@dataclass(frozen=True, slots=True)
class Section:
    """The posts of a group that speak of the same event or question."""

    event: str | None
    question: str | None
    changes: Changes

    @property
    def risk(self) -> int:
        """How much its riskiest post wants looking at."""
        return max((one.risk for one in self.changes.own), default=0)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A group as it is read: the words that every post shares, then section by section, riskiest first."""

    common: tuple[str, ...]
    sections: tuple[Section, ...]

    @property
    def posts(self) -> list[Difference]:
        """Every post of the group."""
        return [one for part in self.sections for one in (*part.changes.own, *part.changes.known, *part.changes.plain)]


Approved = Callable[[Collection[int]], Mapping[int, Collection[str]]]
"""Gives by the partner's id the lines that were approved before, of these partners."""


def sheet(said: Sequence[Said], fixed: Callable[[str | None, str | None], FixedLines], approved: Approved) -> Sheet:
    """Tell apart what all posts share, what those share that speak of the same, and what is each one's own.

    ``fixed``: the lines of the template for posts of an event or a question. ``approved`` is asked for those partners
    alone whose posts say something of their own.
    """
    parts: dict[tuple[str | None, str | None], list[Said]] = {}
    for one in said:
        parts.setdefault((one.row.post.event, one.row.post.question), []).append(one)
    whole = [(place, own, fixed(*place)) for place, own in parts.items()]
    found = [Section(*place, changes(own, lines)) for place, own, lines in whole]
    if own_words := {one.row.partner.ident for part in found for one in part.changes.own if one.own}:
        known = approved(own_words)
        found = [Section(*place, changes(own, lines, known)) for place, own, lines in whole]
    shared = set[str].intersection(*(set(part.changes.common) for part in found)) if found else set[str]()
    common = tuple(line for line in found[0].changes.common if line in shared) if found else ()
    apart = [replace(part, changes=_without(part.changes, shared)) for part in found]
    return Sheet(common, tuple(sorted(apart, key=lambda part: -part.risk)))


def _without(found: Changes, shared: Collection[str]) -> Changes:
    return replace(found, common=tuple(line for line in found.common if line not in shared))


def changes(said: Sequence[Said], fixed: FixedLines, approved: Mapping[int, Collection[str]] | None = None) -> Changes:
    """Tell common and own words of posts apart that speak of the same."""
    lines = [lines_of(one.row.partner, one.draft) for one in said]
    common = common_of(lines, fixed)
    found = [
        Difference(
            one,
            tuple(_line(line, one.row, approved or {}) for line in own if line not in common),
            tuple(line for line in fixed.always if line not in own) if own else (),
        )
        for one, own in zip(said, lines, strict=True)
    ]
    longest = max(lines, key=lambda own: sum(line in common for line in own), default=())
    return Changes(
        tuple(line for line in longest if line in common),
        tuple(sorted((one for one in found if one.is_new), key=lambda one: (-one.risk, *one.row.place))),
        tuple(one for one in found if not one.plain and not one.is_new),
        tuple(one for one in found if one.plain),
    )


def common_of(lines: Sequence[tuple[str, ...]], fixed: FixedLines) -> set[str]:
    """Return the lines that nobody wrote for one post: the template's, and what most of several posts have."""
    counts = Counter[str]()
    for found, posts in Counter(lines).items():
        counts.update(dict.fromkeys(found, posts))
    most = {line for line, count in counts.items() if len(lines) > 1 and count * 2 > len(lines)}
    named = {line for line in counts if NAME in line and not _LETTER.search(line.replace(NAME, "").replace(REGION, ""))}
    return most | named | fixed.sometimes | set(fixed.always)


def _line(line: str, row: PostRow, approved: Mapping[int, Collection[str]]) -> Line:
    words = shown(row.partner, line)
    single = any(value.strip() and value.strip() in words for value in row.post.fields.values())
    return Line(words, known=line in approved.get(row.partner.ident, ()), single=single)


@lru_cache(maxsize=8192)
def lines_stored(stored: str, partner: Registered) -> tuple[str, ...]:
    """Return the lines of a draft as it is stored. They are kept: who reviews sees the same posts again and again."""
    return lines_of(partner, draft_from_json(json.loads(stored), Path()))


def lines_of(partner: Called, draft: Draft) -> tuple[str, ...]:
    """Return what goes out line by line: words, subject, link, images, what is shared; blank lines are none."""
    more = [
        *zip(LABELS, (draft.subject, draft.preheader, draft.link, draft.link_title), strict=True),
        ("Passes on", draft.share_of),
        *(("Image", image.alt) for image in draft.media),
    ]
    words = [line.strip() for line in draft.words.split("\n") if line.strip()]
    return tuple(masked(partner, line) for line in [*words, *(f"{name}: {text}" for name, text in more if text)])
