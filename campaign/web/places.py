"""A place in the order of a list, as an address carries it: its values with ``~`` between them."""

from collections.abc import Iterable
from datetime import UTC, datetime

from campaign.clock import iso
from campaign.intake.values import ROW_MAX, is_key, row_id
from campaign.models.paging import Place
from campaign.models.partners import Account, Partner

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


def row_in(text: str) -> Place | None:
    """Read a place in an order of rows by number; what is none is the beginning."""
    return read(text, int)


def key_in(text: str) -> tuple[str] | None:
    """Read a place in an order of keys; what is none is the beginning."""
    return (text,) if is_key(text) else None


def of_account(account: Account, partner: Partner) -> str:
    """Return an account's place in the list of accounts, as an address carries it."""
    return written((partner.key, account.channel, account.ident))


def account_in(text: str) -> tuple[str, str, int] | None:
    """Read an account's place in the list; what is none is the beginning."""
    key, channel, ident = [*text.split("~"), "", ""][:3]
    number = row_id(ident)
    return (key, channel, number) if is_key(key) and is_key(channel) and number is not None else None
