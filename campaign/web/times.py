"""Days and times as people type them into forms."""

import re
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from campaign.plan.days import YEARS, instant
from campaign.web.words import typed_day

DAY_HINT = "Enter the day as day, month and year, in numbers as the example shows"
_DAYS = ("%d/%m/%Y", "%Y-%m-%d", "%d %m %Y", "%d.%m.%Y", "%d %B %Y")
_TIME = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?", re.IGNORECASE)
_NAMED = {"midday": time(12), "noon": time(12), "midnight": time(0)}
_NOON = 12


def day(text: str) -> date | None:
    """Read a day, as 1/12/2025; None where it is none, or of another age."""
    for form in _DAYS:
        try:
            found = datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day of the wall
        except ValueError:
            continue
        return found if found.year in YEARS else None
    return None


def stored(text: str) -> str:
    """Return a typed day as a field of a template keeps it (ISO 8601); what is none stays as it is, to be refused."""
    found = day(text)
    return found.isoformat() if found else text


def shown(text: str) -> str:
    """Return a day that is kept (ISO 8601) as people type it; what is none stays as it is."""
    try:
        return typed_day(date.fromisoformat(text))
    except ValueError:
        return text


def clock(text: str) -> time | None:
    """Read a time of day, as 9:30am, 5pm, 17:00 or midday; None where it is none."""
    text = text.strip().lower()
    if text in _NAMED:
        return _NAMED[text]
    found = _TIME.fullmatch(text)
    if found is None or not (found[2] or found[3]):
        return None
    hour, minute = int(found[1]), int(found[2] or 0)
    if found[3]:
        if not 1 <= hour <= _NOON:
            return None
        hour = hour % _NOON + (_NOON if found[3] == "pm" else 0)
    try:
        return time(hour, minute)
    except ValueError:
        return None


def moment(day_text: str, time_text: str, zone: ZoneInfo) -> datetime | dict[str, str]:
    """Read a day and a time of the wall into aware UTC, or say by field what is wrong."""
    on, at = day(day_text), clock(time_text)
    errors = {}
    if on is None:
        errors["day"] = DAY_HINT
    if at is None:
        errors["time"] = "Enter the time, like 9:30am or 5pm"
    return errors if on is None or at is None else instant(datetime.combine(on, at), zone)
