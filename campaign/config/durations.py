"""Lengths of time as people write them: ``45s``, ``30m``, ``1h30m``, ``2d``."""

import re
from datetime import timedelta
from typing import Annotated

from pydantic import BeforeValidator

from campaign.config.faults import fault

_UNITS = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
    "ms": timedelta(milliseconds=1),
}
_PART = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(ms|[wdhms])")
_LONGEST = timedelta(days=3660)


def duration(text: str) -> timedelta:
    """Read a length of time: numbers with units w, d, h, m, s, ms, from the largest unit to the smallest.

    Raises:
        ValueError: the text is none, or is longer than ten years.

    """
    written = text.strip().lower()
    parts = _PART.findall(written)
    units = [unit for _, unit in parts]
    falling = sorted(set(units), key=list(_UNITS).index)
    if not parts or "".join(number + unit for number, unit in parts) != written or units != falling:
        msg = f"{text!r} is not a length of time"
        raise ValueError(msg)
    total = sum((float(number) * _UNITS[unit] for number, unit in parts), timedelta())
    if total > _LONGEST:
        msg = f"{text!r} is longer than ten years"
        raise ValueError(msg)
    return total


def spoken(length: timedelta) -> str:
    """Write a length of time the way ``duration`` reads it; nothing is ``0s``."""
    words = ""
    left = length
    for unit, size in _UNITS.items():
        count, rest = divmod(left, size)
        if count and unit != "w":
            words += f"{count}{unit}"
            left = rest
    return words or "0s"


def _read(value: object) -> timedelta:
    mend = 'Write a number with its unit, in quotes: "45s", "30m", "1h30m" or "2d"'
    if isinstance(value, timedelta):
        return value
    if not isinstance(value, str):
        raise fault(f"{value!r} has no unit of time", mend)
    try:
        return duration(value)
    except ValueError as error:
        raise fault(str(error), mend) from error


Duration = Annotated[timedelta, BeforeValidator(_read)]
"""A ``timedelta`` that a settings type reads from text such as "30m"."""
