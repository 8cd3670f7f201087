"""Which lines of a post are its template's and not its author's: review tells them apart from what a person wrote."""

import re
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass

from jinja2 import TemplateError

from campaign.plan.head import Template
from campaign.plan.jinja import render

_TAG = re.compile(r"\{%.*?%\}|\{#.*?#\}", re.DOTALL)
_OPENS = re.compile(r"\{%-?\s*(?:if|for)\b")
_CLOSES = re.compile(r"\{%-?\s*end(?:if|for)\b")
_HOLE = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
LABELS = ("Subject", "Preview line", "Link", "Link title")
"""What review calls the lines of a post that are none of its words."""


@dataclass(frozen=True, slots=True)
class FixedLines:
    """The lines of a template that hold no field: ``always`` there, and those that ``sometimes`` are."""

    always: tuple[str, ...] = ()
    sometimes: frozenset[str] = frozenset()

    def and_at_times(self, more: Collection[str]) -> "FixedLines":
        """Return these lines with others that may stand there too."""
        return FixedLines(self.always, self.sometimes | frozenset(more))


def fixed_lines(template: Template) -> FixedLines:
    """Return the fixed lines of a template's words, as a filled post shows them."""
    depth, always, sometimes = 0, list[str](), set[str]()
    for line in template.words.split("\n"):
        opens, closes = len(_OPENS.findall(line)), len(_CLOSES.findall(line))
        text = line.strip()
        if text and not _TAG.search(line) and not _HOLE.search(line):
            if depth:
                sometimes.add(text)
            else:
                always.append(text)
        depth += opens - closes
    return FixedLines(tuple(always), frozenset(sometimes))


def told_lines(template: Template, names: Mapping[str, object]) -> frozenset[str]:
    """Return the lines that a filled post has of its template and of what everybody is given (``names``: the campaign,
    an event, a question); none in which a field or the partner has a part.
    """
    heads = ("subject", "preheader", "link", "link_title")
    labelled = [(f"{label}: ", getattr(template, name)) for label, name in zip(LABELS, heads, strict=True)]
    lines = [("", line.strip()) for line in template.words.split("\n") if not _TAG.search(line)]
    found = set[str]()
    for label, text in (*lines, *labelled):
        holes = _HOLE.findall(text or "")
        if text and (holes or label) and all(hole.partition(".")[0] in names for hole in holes):
            with suppress(TemplateError):  # this event has not what the line asks for, so no post has the line
                found.add(f"{label}{render(text, names)}".strip())
    return frozenset(found)
