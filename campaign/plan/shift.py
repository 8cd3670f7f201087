"""Moves a shipped timetable to another launch day in its own text, so that comments and layout stay as they are."""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta

from campaign.errors import BadInput, Finding, WrongUse
from campaign.plan.toml_tables import key_lines, parsed

_BLOCKS = re.compile(r"^(?=\s*\[)", re.MULTILINE)
_HEADER = re.compile(r"\s*\[{1,2}\s*(\w+)")
_DATED = re.compile(r"(?P<key>\s*[\w\"'-]+\s*=\s*)(?P<day>\d{4}-\d{2}-\d{2})(?P<rest>(?:[T ]\d{2}:.*|\s*(?:#.*)?)?)")
_QUOTED = re.compile(r"(?P<key>\s*(?:at|from|until)\s*=\s*[\"'])(?P<day>\d{4}-\d{2}-\d{2})(?P<rest>\b.*)")
"""A slot's `at` line that counts from a date itself."""
_MOVED = frozenset({"days", "event", "slot"})
_AT = re.compile(r"^slot\.\d+\.(?:at|from|until)$")
_DAY = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
_OF_THE_CALENDAR = re.compile(r"#\s*calendar\b")


def shifted(text: str, launch: date, file: str = "the timetable") -> str:
    """Return the timetable with every named day, event and dated slot moved by as many days as ``launch`` is.

    A line whose comment begins with ``# calendar`` names a fact of the calendar, such as the end of the year: its day
    and month stay, and its year becomes that of the first such day from launch on. In a quiet period both ends move by
    as many years as its ``until``. Other quiet periods stay: elections do not move with a campaign. The weekday is not
    kept; events of the shipped timetable are placeholders whose days DfE gives.

    Raises:
        WrongUse: the text names no ``launch`` in ``[days]``, or no calendar has the new days.
        BadInput: it is no TOML, or a date stands where it cannot be moved; each is named, and none is moved.

    """
    by = launch - launch_in(text, file)
    try:
        moved = "".join(_block(block, by, launch) for block in _BLOCKS.split(text))
    except (OverflowError, ValueError) as error:
        raise WrongUse(problem=f"no calendar has all days of {launch}", mend="Name a nearer launch.") from error
    if by and (left := _left_behind(text, moved, file)):
        raise BadInput(left)
    return moved


def _left_behind(text: str, moved: str, file: str) -> list[Finding]:
    """Find the dates that stand as they stood, though they are no facts of the calendar."""
    before, after, places = _dates(parsed(text, file)), _dates(parsed(moved, file)), key_lines(text)
    lines = text.splitlines()
    found = []
    for place, day in before.items():
        at = places.get(place) or places.get(place.rpartition(".")[0]) or places.get(place.partition(".")[0])
        if after.get(place) == day and not (at and _of_the_calendar(lines[at - 1])):
            mend = "Write it on a line of its own, under its table's name in brackets"
            found.append(Finding(file, place, f"{day} is not moved where it stands", mend, at))
    return found


def _dates(data: Mapping[str, object]) -> dict[str, str]:
    """Return the dates that move with the launch, as they are written, by their places."""
    return {place: found for table in _MOVED for place, found in _within(table, data.get(table))}


def _within(place: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _within(f"{place}.{key}", inner)
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _within(f"{place}.{number}", inner)
    elif isinstance(value, date):
        yield place, str(value)
    elif isinstance(value, str) and _AT.search(place) and (found := _DAY.match(value)):
        yield place, found[0]


def launch_in(text: str, file: str = "the timetable") -> date:
    """Return the launch day that a timetable's text names. Raises WrongUse: it names none, or is no TOML."""
    days = parsed(text, file).get("days", {})
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
    by = by if table in _MOVED else timedelta()
    return "".join(_line(line, by, launch, years, at_lines=table == "slot") for line in lines)


def _line(line: str, by: timedelta, launch: date, years: int | None, *, at_lines: bool) -> str:
    """Move the date that stands as the line's value; dates in texts and comments are words and stay. ``at_lines``: the
    line may be one that counts from a date.
    """
    match = _dated(line) or (_QUOTED.fullmatch(line.rstrip("\r\n")) if at_lines else None)
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
