"""The cooling timetable: when the figures of a post are read. Often while it is young, seldom when it is old. Pure."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

_DAY = timedelta(days=1)
_WEEK = timedelta(weeks=1)
_UNITS = ((_DAY, "d"), (timedelta(hours=1), "h"), (timedelta(minutes=1), "m"), (timedelta(seconds=1), "s"))


class Reading(NamedTuple):
    """One reading of a post: its name by age (``6h``, ``2d``, ``5w``) and its instant (aware UTC)."""

    name: str
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Cooling:
    """The ages at which a post is read: ``readings``, then daily to ``daily_until``, then weekly to ``weekly_until``.

    Both bounds are ages after publishing and belong to the timetable. Days and weeks are counted from publishing and
    start after what went before, so no two readings fall on one instant.
    """

    readings: tuple[timedelta, ...]
    daily_until: timedelta
    weekly_until: timedelta

    def reading_at(self, published_at: datetime, index: int) -> Reading | None:
        """Return reading number ``index`` (from 0) of a post, None when the timetable has ended."""
        ages = _ages(self)
        if not 0 <= index < len(ages):
            return None
        name, age = ages[index]
        return Reading(name, published_at + age)

    @property
    def first_age(self) -> timedelta | None:
        """The age at which a post is read first, None when the timetable is empty."""
        ages = _ages(self)
        return ages[0][1] if ages else None

    def days(self, published_at: datetime, index: int = 0) -> tuple[date, ...]:
        """Return the UTC days on which a post is still to be read, from reading number ``index`` on, without the day of
        the reading before: what is read twice on one day is paid for once.
        """
        all_days = [(published_at + age).astimezone(UTC).date() for _, age in _ages(self)]
        done = set(all_days[max(0, index - 1) : index])
        return tuple(day for day in dict.fromkeys(all_days[index:]) if day not in done)

    def due(self, published_at: datetime, index: int, now: datetime) -> tuple[Reading, ...]:
        """Return the readings from number ``index`` on whose instant has come, the oldest first."""
        found = (Reading(name, published_at + age) for name, age in _ages(self)[index:])
        return tuple(reading for reading in found if reading.due_at <= now)


@lru_cache(maxsize=16)
def _ages(cooling: Cooling) -> tuple[tuple[str, timedelta], ...]:
    ages = sorted({age for age in cooling.readings if age > timedelta(0)})
    named = [(_name(age), age) for age in ages]
    named += [(_name(age), age) for age in _steps(_DAY, ages[-1] if ages else timedelta(0), cooling.daily_until)]
    last = named[-1][1] if named else timedelta(0)
    named += [(f"{age // _WEEK}w", age) for age in _steps(_WEEK, last, cooling.weekly_until)]
    return tuple(named)


def _steps(step: timedelta, after: timedelta, until: timedelta) -> list[timedelta]:
    return [step * count for count in range(after // step + 1, until // step + 1)]


def _name(age: timedelta) -> str:
    if age == _DAY:
        return "24h"  # people speak of the first day in hours
    for unit, letter in _UNITS:
        if age % unit == timedelta(0):
            return f"{age // unit}{letter}"
    return f"{age.total_seconds():g}s"
