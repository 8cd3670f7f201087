"""Merge marks: the places in a rendered letter that each recipient's own copy fills.

A mark is ``⟦name⟧`` or, with words for those of whom it is not known, ``⟦name|reader⟧``. It is not Jinja, so that what
a partner wrote is never evaluated; a letter is cut at its marks once and filled by joining, so that what a recipient's
value contains is never read as a mark. In a link's address Markdown percent-encodes a mark, and what fills it is
encoded too: it stays one part of the path, the query or the fragment (``campaign.plan.marked``: where it may stand).
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import quote, unquote

from campaign.plan.marked import OPEN

CLOSE = "⟧"
NAME, EMAIL, PARTNER, CONTACT, UNSUBSCRIBE = "name", "email", "partner", "contact", "unsubscribe"

_MARK = re.compile(r"⟦\s*([\w -]+?)\s*(?:\|([^⟦⟧|]*))?⟧")
_OPEN, _BAR, _CLOSE = quote(OPEN), quote("|"), quote(CLOSE)
_ANY = re.compile(rf"⟦[^⟦⟧]*⟧|{_OPEN}(?:(?!{_OPEN})\S)*?{_CLOSE}")


def mark(name: str) -> str:
    """Return the mark of this name."""
    return f"{OPEN}{name}{CLOSE}"


def spoken_marks(text: str, values: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the text for an eye that is no recipient's, with ``[name]`` where each copy has its own words. ``values``
    are what all copies say alike.
    """

    def spoken(found: re.Match[str]) -> str:
        mark = _read(found)
        if mark is None:
            return found[0]
        return values.get(mark.name) or f"[{mark.name}{f', or {unquote(mark.otherwise)}' if mark.otherwise else ''}]"

    return _ANY.sub(spoken, text)


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark: its name, what stands there for those of whom the value is not known, whether it is in an address."""

    name: str
    otherwise: str
    in_address: bool

    def filled(self, value: str, escape: Callable[[str], str]) -> str:
        """Return what stands in its place."""
        if not value:
            return self.otherwise
        return quote(value, safe="", errors="replace") if self.in_address else escape(value)


def _read(found: re.Match[str]) -> Mark | None:
    """Return the mark, None where it only looks like one."""
    in_address = not found[0].startswith(OPEN)
    read = _MARK.fullmatch(unquote(found[0]) if in_address else found[0])
    if read is None:
        return None
    encoded = found[0].removesuffix(_CLOSE).partition(_BAR)[2]
    return Mark(read[1].lower(), encoded if in_address else read[2] or "", in_address)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A text cut at its marks: constant pieces around them."""

    constants: tuple[str, ...]
    marks: tuple[Mark, ...]

    @classmethod
    def of(cls, text: str) -> "Skeleton":
        """Cut the text. What only looks like a mark stays text."""
        constants, marks, end = list[str](), list[Mark](), 0
        for found in _ANY.finditer(text):
            if (mark := _read(found)) is not None:
                constants.append(text[end : found.start()])
                marks.append(mark)
                end = found.end()
        return cls((*constants, text[end:]), tuple(marks))

    def filled(self, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
        """Return the text with each mark's value, escaped, in its place; in an address it is percent-encoded."""
        parts = [self.constants[0]]
        for mark, constant in zip(self.marks, self.constants[1:], strict=True):
            parts += (mark.filled(values.get(mark.name, ""), escape), constant)
        return "".join(parts)
