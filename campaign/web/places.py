"""A place in the order of a list, as an address carries it: its values with ``~`` between them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from campaign.clock import iso
from campaign.intake.values import ROW_MAX
from campaign.models.paging import Place

_LARGEST = 2**62


def written(place: Place) -> str:
    """Return a place as text."""
    return "~".join(iso(value) if isinstance(value, datetime) else str(value) for value in place)


def read(text: str, *kinds: type) -> Place | None:
    """Read a place whose values are of these kinds, instants or numbers, the last a row's id. What is none is the
    beginning.
    """
    parts = text.split("~")
    if len(parts) != len(kinds):
        return None
    try:
        place = tuple(_value(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, OverflowError):
        return None
    ident = place[-1]
    return place if isinstance(ident, int) and 0 < ident <= ROW_MAX and _small(place) else None


def _value(text: str, kind: type) -> datetime | int:
    if kind is int:
        return int(text)
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment.astimezone(UTC)


def _small(place: Iterable[object]) -> bool:
    return all(0 <= value < _LARGEST for value in place if isinstance(value, int))
