"""Which links of an issue may lead through an address of ours, so that clicks are counted.

A government address is never replaced: readers are to see where it leads. Nor is one that each reader has otherwise.
"""

from collections.abc import Iterable
from urllib.parse import quote, urlsplit

from markdown_it.token import Token

from campaign.plan.marked import OPEN

_GOVERNMENT = "gov.uk"
_OPEN_MARK = quote(OPEN)
"""How Markdown writes a mark into an address."""


def counted(tokens: Iterable[Token]) -> list[Token]:
    """Return the links whose clicks can be counted, in the order in which they stand."""
    inline = (child for token in tokens for child in token.children or [])
    return [child for child in inline if child.type == "link_open" and _can_be(str(child.attrGet("href") or ""))]


def _can_be(address: str) -> bool:
    try:
        parts = urlsplit(address)
        host = (parts.hostname or "").rstrip(".")
    except ValueError:
        return False
    marked = OPEN in address or _OPEN_MARK in address.upper()
    governments = host == _GOVERNMENT or host.endswith(f".{_GOVERNMENT}")
    return parts.scheme in {"http", "https"} and bool(host) and not governments and not marked
