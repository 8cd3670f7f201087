"""Merge marks in addresses: what is known of a reader may stand behind an address's host, never in it or before it.

So no reader's value, and no slip of a file of readers, ever says where a link leads.
"""

import re
from urllib.parse import quote

OPEN = "⟦"
"""How a mark begins, for which each copy of an issue has its own words."""

_BEGIN = re.compile(f"{OPEN}|{quote(OPEN)}")
_HEAD = re.compile(r"https?://[^\s/?#]+[/?#]|mailto:[^\s?#]+\?", re.IGNORECASE)
_ADDRESS = re.compile(rf"(?:\]\(<?|\b(?=(?:https?|mailto|tel):))([^\s)]*?{OPEN})", re.IGNORECASE)


def takes_marks(address: str) -> bool:
    """Say whether the marks in an address, as they are typed or as Markdown encodes them, stand where they may."""
    first = _BEGIN.search(address)
    return first is None or _HEAD.match(address, 0, first.start()) is not None


def misplaced(words: str) -> str | None:
    """Return the beginning of the first address in an issue's words in which a mark stands where none may."""
    found = (one[1] for one in _ADDRESS.finditer(words))
    return next((address.removesuffix(OPEN) for address in found if not takes_marks(address)), None)
