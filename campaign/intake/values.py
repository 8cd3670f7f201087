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
_DATED = re.compile(r"[0-9]{4}-?[0-9]{2}-?[0-9]{2}(?:[Tt ].+)?")
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


def instant(text: str, zone: ZoneInfo | None = None) -> datetime | None:
    """Read a day or an instant: a date of ISO 8601, or DD/MM/YYYY [HH:MM[:SS]] as British spreadsheets rewrite it.

    Without an offset it is of the wall in ``zone``, UTC where none is named; a day alone is its first moment. None when
    it is neither.
    """
    try:
        read = _read(text)
        if read.tzinfo:
            return read.astimezone(UTC)
        return wall_instant(read, zone) if zone else read.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def local_instant(text: str, zone: ZoneInfo) -> datetime | None:
    """Read a day and a time of the wall in ``zone``, in the same forms, into aware UTC; None where it is none, or a day
    alone.
    """
    return None if _DAY.fullmatch(text) else instant(text, zone)


def _read(text: str) -> datetime:
    """Read a day and a time. A week is refused: a day of one would pass as its midnight (ISO 8601, 5.2.3)."""
    british = _BRITISH.fullmatch(text)
    if british is None and not _DATED.fullmatch(text):
        raise ValueError(text)
    if british is None:
        return datetime.fromisoformat(text)
    day, month, year, hour, minute, second = (int(part or 0) for part in british.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - of the wall; the caller knows which
