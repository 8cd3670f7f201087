"""How the program says numbers and names to people."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType

_CHANNELS: Mapping[str, str] = MappingProxyType(
    {"x": "X", "facebook": "Facebook", "linkedin": "LinkedIn", "email": "Email"}
)


def channel(name: str) -> str:
    """Return a channel's name as people write it."""
    return _CHANNELS.get(name, name.title())


def counted(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: ``1 post``, ``2 posts``, ``1,200 posts``."""
    return f"{count:,} {noun if count == 1 else plural or f'{noun}s'}"


def some_of(names: Iterable[str], most: int = 3) -> str:
    """Return the first names, each once, and how many more there are: ``a, b, c and 12 more``."""
    known = list(dict.fromkeys(names))
    more = f" and {len(known) - most:,} more" if len(known) > most else ""
    return ", ".join(known[:most]) + more
