"""How single values are read that people write: keys, numbers of rows, instants."""

import re
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from campaign.plan.days import instant as wall_instant

KEY_MAX = 64
ROW_MAX = 2**31 - 1
"""The greatest number of a row that PostgreSQL has."""

_KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_NUMBER = re.compile(r"[0-9]{1,10}")

_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d{4}|\d{4}-?\d{2}-?\d{2}")
_BRITISH = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})(?: (\d{1,2}):(\d{2})(?::(\d{2}))?)?")


def is_key(text: str) -> bool:
    """Say whether the text can be a partner's key: it stands in addresses, scopes and ``slot@partner``."""
    return len(text) <= KEY_MAX and _KEY.fullmatch(text) is not None


def row_id(text: str) -> int | None:
    """Read the number of a row as people type it; None for what can be none: PostgreSQL refuses a greater one, and the
    digits of other scripts would make a second spelling.
    """
    return int(text) if _NUMBER.fullmatch(text) and int(text) <= ROW_MAX else None


def day(text: str) -> date | None:
    """Read a day alone, in the same forms as ``instant``; None where it is none."""
    try:
        return _read(text).date() if _DAY.fullmatch(text) else None
    except (ValueError, OverflowError):
        return None


def instant(text: str) -> datetime | None:
    """Read a day or an instant: ISO 8601, or DD/MM/YYYY [HH:MM[:SS]] as British spreadsheets rewrite it.

    Without an offset it counts as UTC; a day alone is its first moment. None when it is neither.
    """
    try:
        read = _read(text)
        return read.astimezone(UTC) if read.tzinfo else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def local_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a day and a time of the wall in ``zone``, in the same forms, into aware UTC; None where it is none, or a day
    alone.
    """
    if _DAY.fullmatch(text):
        return None
    try:
        read = _read(text)
        return read.astimezone(UTC) if read.tzinfo else wall_instant(read, zone)
    except (ValueError, OverflowError):
        return None


def _read(text: str) -> datetime:
    british = _BRITISH.fullmatch(text)
    if british is None:
        return datetime.fromisoformat(text)
    day, month, year, hour, minute, second = (int(part or 0) for part in british.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - of the wall; the caller knows which
