"""Moves a shipped timetable to another launch day in its own text, so that comments and layout stay as they are."""

import re
import tomllib
from datetime import date, datetime, timedelta

from campaign.errors import WrongUse

_BLOCKS = re.compile(r"^(?=\s*\[)", re.MULTILINE)
_HEADER = re.compile(r"\s*\[{1,2}\s*(\w+)")
_DATED = re.compile(r"(?P<key>\s*[\w\"'-]+\s*=\s*)(?P<day>\d{4}-\d{2}-\d{2})(?P<rest>(?:[T ]\d{2}:.*|\s*(?:#.*)?)?)")
_MOVED = frozenset({"days", "event", "slot"})
_OF_THE_CALENDAR = re.compile(r"#\s*calendar\b")


def shifted(text: str, launch: date) -> str:
    """Return the timetable with every named day, event and dated slot moved by as many days as ``launch`` is.

    A line whose comment begins with ``# calendar`` names a fact of the calendar, such as the end of the year: its day
    and month stay, and its year becomes that of the first such day from launch on. In a quiet period both ends move by
    as many years as its ``until``. Other quiet periods stay: elections do not move with a campaign. The weekday is not
    kept; events of the shipped timetable are placeholders whose days DfE gives.

    Raises:
        WrongUse: the text names no ``launch`` in ``[days]``.

    """
    by = launch - launch_in(text)
    return "".join(_block(block, by, launch) for block in _BLOCKS.split(text))


def launch_in(text: str) -> date:
    """Return the launch day that a timetable's text names. Raises WrongUse: it names none."""
    days = tomllib.loads(text).get("days", {})
    found = days.get("launch") if isinstance(days, dict) else None
    if not isinstance(found, date):
        raise WrongUse(problem="the timetable names no day `launch`", mend="Write launch = 2025-12-02 under [days]")
    return found.date() if isinstance(found, datetime) else found


def _block(block: str, by: timedelta, launch: date) -> str:
    """Move the dates of one table."""
    header = _HEADER.match(block)
    table, lines = header[1] if header else "", block.splitlines(keepends=True)
    marked = [match for line in lines if (match := _of_the_calendar(line))]
    years = _years_to(date.fromisoformat(marked[-1]["day"]), launch) if table == "quiet" and marked else None
    return "".join(_line(line, by if table in _MOVED else timedelta(), launch, years) for line in lines)


def _line(line: str, by: timedelta, launch: date, years: int | None) -> str:
    """Move the date that stands as the line's value; dates in texts and comments are words and stay."""
    match = _dated(line)
    if match is None:
        return line
    day = date.fromisoformat(match["day"])
    if _of_the_calendar(line):
        moved = _in_year(day, day.year + (_years_to(day, launch) if years is None else years))
    else:
        moved = day + by
    return f"{match['key']}{moved.isoformat()}{line[match.end('day') :]}"


def _dated(line: str) -> "re.Match[str] | None":
    return _DATED.fullmatch(line.rstrip("\r\n"))


def _of_the_calendar(line: str) -> "re.Match[str] | None":
    match = _dated(line)
    return match if match and _OF_THE_CALENDAR.search(match["rest"]) else None


def _years_to(day: date, launch: date) -> int:
    """Return by how many years ``day`` moves to be the first such day from launch on."""
    this_year = _in_year(day, launch.year)
    return launch.year + (this_year < launch) - day.year


def _in_year(day: date, year: int) -> date:
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)  # 29 February, in a year that has none
