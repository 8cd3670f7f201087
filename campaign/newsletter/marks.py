"""Merge marks: the places in a rendered letter that each recipient's own copy fills.

A mark is ``⟦name⟧`` or, with words for those of whom it is not known, ``⟦name|reader⟧``. It is not Jinja, so that what
a partner wrote is never evaluated; a letter is cut at its marks once and filled by joining, so that what a recipient's
value contains is never read as a mark.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

OPEN, CLOSE = "⟦", "⟧"
NAME, EMAIL, PARTNER, CONTACT, UNSUBSCRIBE = "name", "email", "partner", "contact", "unsubscribe"

_MARK = re.compile(r"⟦\s*([\w -]+?)\s*(?:\|([^⟦⟧|]*))?⟧")


def mark(name: str) -> str:
    """Return the mark of this name."""
    return f"{OPEN}{name}{CLOSE}"


def spoken_marks(text: str, values: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return the text for an eye that is no recipient's, with ``[name]`` where each copy has its own words. ``values``
    are what all copies say alike.
    """

    def spoken(found: re.Match[str]) -> str:
        name = found[1].lower()
        return values.get(name) or f"[{name}{f', or {found[2]}' if found[2] else ''}]"

    return _MARK.sub(spoken, text)


@dataclass(frozen=True, slots=True)
class Skeleton:
    """A text cut at its marks: constant pieces around (name, words otherwise)."""

    constants: tuple[str, ...]
    marks: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, text: str) -> "Skeleton":
        """Cut the text. What only looks like a mark stays text."""
        pieces = _MARK.split(text)
        names = zip(pieces[1::3], pieces[2::3], strict=True)
        return cls(tuple(pieces[::3]), tuple((name.lower(), otherwise or "") for name, otherwise in names))

    def filled(self, values: Mapping[str, str], escape: Callable[[str], str] = str) -> str:
        """Return the text with each mark's value, escaped, in its place."""
        parts = [self.constants[0]]
        for (name, otherwise), constant in zip(self.marks, self.constants[1:], strict=True):
            value = values.get(name, "")
            parts += (escape(value) if value else otherwise, constant)
        return "".join(parts)
