"""Days and wall time: working days of England, the ``at`` grammar, and how a local time becomes an instant.

``at = DAY [(+|-) N (second|minute|hour|day|working day)[s]] [HH:MM[:SS]]``
"""

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import holidays

from campaign.errors import WrongUse
from campaign.plan.entries import At

YEARS = range(2000, 2101)
"""In these lies all that a person may ask for: at the ends of time days cannot be reckoned with."""

_UNITS = {"second": 1, "minute": 60, "hour": 3600}
_AT = re.compile(
    r"(?P<day>[^\s+]+)"
    r"(?:(?:\s*(?P<plus>\+)|\s+(?P<minus>[-\N{MINUS SIGN}]))\s*(?P<count>\d{1,4})\s+"
    r"(?P<unit>working\s+day|second|minute|hour|day)s?)?"
    r"(?:\s+(?P<time>\d{1,2}:\d{2}(?::\d{2})?))?",
)
_TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
_SPREAD = re.compile(r"(?:(\d{1,3})h)?(?:(\d{1,4})m)?")
_DAY = timedelta(days=1)


@cache
def _closed(year: int) -> Mapping[date, str]:
    """Return the public holidays of England in a year (GOV.UK, "UK bank holidays", by the library holidays)."""
    return dict(holidays.country_holidays("GB", subdiv="ENG", years=year))


def holiday(day: date) -> str:
    """Return the name of the bank holiday of England on this day; empty where there is none."""
    return _closed(day.year).get(day, "")


def is_working(day: date) -> bool:
    """Say whether the day is neither at the weekend nor a bank holiday of England."""
    return day.weekday() < 5 and day not in _closed(day.year)  # noqa: PLR2004  Monday to Friday are 0 to 4


def on_working(day: date) -> date:
    """Return the day itself, or the next working day."""
    while not is_working(day):
        day += _DAY
    return day


def add_working(day: date, count: int) -> date:
    """Count working days on (or back, where ``count`` is negative); with 0 the day moves on only if it must."""
    if count == 0:
        return on_working(day)
    step = _DAY if count > 0 else -_DAY
    for _ in range(abs(count)):
        day += step
        while not is_working(day):
            day += step
    return day


def instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Turn local wall time into aware UTC.

    A time that the clock skips becomes the first instant after the gap; of a time that comes twice, the first is meant.
    """
    first = wall.replace(tzinfo=zone, fold=0)
    found = first.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == wall.replace(fold=0):
        return found
    return _after_gap(found, wall.replace(tzinfo=zone, fold=1).astimezone(UTC), zone)


def day_start(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` begins in ``zone``."""
    return instant(datetime.combine(day, time.min), zone)


def day_after(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which ``day`` is over in ``zone``. Raises OverflowError for the last day of all."""
    return day_start(day + timedelta(days=1), zone)


def _after_gap(late: datetime, early: datetime, zone: ZoneInfo) -> datetime:
    """Find the change between two instants, to the second: the gap's two readings always lie on its two sides."""
    before = early.astimezone(zone).utcoffset()
    low, high = int(early.timestamp()), int(late.timestamp())
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, UTC).astimezone(zone).utcoffset() == before:
            low = middle
        else:
            high = middle
    return datetime.fromtimestamp(high, UTC)


def local(at: datetime, zone: ZoneInfo) -> datetime:
    """Return the wall time of an instant, without a zone."""
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def parse_time(text: str) -> time:
    """Read ``HH:MM`` or ``HH:MM:SS``.

    Raises:
        WrongUse: it is no time of day.

    """
    if match := _TIME.fullmatch(text):
        return time(int(match[1]), int(match[2]), int(match[3] or 0))
    raise WrongUse(problem=f"{text!r} is no time of day", mend="Write it as HH:MM, from 00:00 to 23:59")


def parse_at(text: str) -> At:
    """Read one ``at`` line; whether its day exists is the caller's question.

    Raises:
        WrongUse: it does not follow the grammar, with a mend.

    """
    match = _AT.fullmatch(text.strip())
    if match is None:
        raise WrongUse(
            problem=f"{text!r} is not understood",
            mend='Write DAY [+ or - N days, working days, hours …] [HH:MM], such as "launch + 2 working days 10:00"',
        )
    unit = " ".join((match["unit"] or "day").split())
    count = int(match["count"] or 0) * (-1 if match["minus"] else 1)
    wall = parse_time(match["time"]) if match["time"] else None
    if wall and unit in _UNITS:
        raise WrongUse(
            problem=f"{text!r} gives a time of day and a shift in {unit}s, which contradict each other",
            mend="Keep one of the two",
        )
    return At(day=_day_of(match["day"]), count=count, unit=unit, wall=wall)


def _day_of(text: str) -> str | date:
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise WrongUse(problem=f"{text} is not a day that exists", mend="Correct the date") from error


def at_instant(at: At, anchor: date, zone: ZoneInfo, default: time | None = None) -> datetime | None:
    """Return the instant of ``at`` counted from ``anchor``; None where neither says a time of day.

    Days are counted on the calendar and keep the wall time; hours, minutes and seconds are elapsed time, so that one
    hour before an event is one hour before it on the night of a clock change too.
    """
    kept = anchor.time() if isinstance(anchor, datetime) else None
    wall = at.wall or kept or default
    if wall is None:
        return None
    day = anchor.date() if isinstance(anchor, datetime) else anchor
    if at.unit in _UNITS:
        return instant(datetime.combine(day, wall), zone) + timedelta(seconds=at.count * _UNITS[at.unit])
    moved = add_working(day, at.count) if at.unit == "working day" else day + at.count * _DAY
    return instant(datetime.combine(moved, wall), zone)


def parse_spread(text: str) -> timedelta:
    """Read a spread in hours and minutes: ``45m``, ``1h``, ``1h30m``.

    Raises:
        WrongUse: it is anything else, or a day and more.

    """
    match = _SPREAD.fullmatch(text.strip())
    if match is None or not any(match.groups()):
        raise WrongUse(problem=f"{text!r} is no spread", mend='Write hours and whole minutes, such as "45m" or "1h30m"')
    spread = timedelta(hours=int(match[1] or 0), minutes=int(match[2] or 0))
    if spread >= _DAY:
        raise WrongUse(problem=f"{text!r} is a day or more", mend="Keep the spread under 24 hours")
    return spread


def parse_hours(text: str) -> tuple[time, time]:
    """Read the hours in which a partner posts: ``08:00-18:00``, both ends included.

    Raises:
        WrongUse: it is anything else, or ends before it begins.

    """
    first, dash, last = text.replace("\N{EN DASH}", "-").partition("-")
    if not dash:
        raise WrongUse(problem=f"{text!r} is no span of hours", mend='Write it as "08:00-18:00"')
    opens, closes = parse_time(first.strip()), parse_time(last.strip())
    if opens >= closes:
        raise WrongUse(problem=f"{text!r} ends before it begins", mend='Write it as "08:00-18:00", inside one day')
    return opens, closes


def spoken_day(day: date) -> str:
    """Return the day as people say it: ``Wednesday 10 December``."""
    return f"{day:%A} {day.day} {day:%B}"


def spoken_time(wall: time) -> str:
    """Return the time as GOV.UK writes it: ``6pm``, ``6:30pm``, ``midday`` (GOV.UK style guide, "Times")."""
    if (wall.hour, wall.minute) in {(0, 0), (12, 0)}:
        return "midnight" if wall.hour == 0 else "midday"
    minutes = f":{wall.minute:02}" if wall.minute else ""
    return f"{wall.hour % 12 or 12}{minutes}{'am' if wall.hour < 12 else 'pm'}"  # noqa: PLR2004  noon
