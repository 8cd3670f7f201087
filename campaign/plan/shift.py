"""Moves a shipped timetable to another launch day in its own text, so that comments and layout stay as they are."""

import re
import tomllib
from datetime import date, datetime, timedelta

from campaign.errors import WrongUse

_HEADER = re.compile(r"\s*\[{1,2}\s*(\w+)")
_DATED = re.compile(r"(?P<key>\s*[\w\"'-]+\s*=\s*)(?P<day>\d{4}-\d{2}-\d{2})(?P<rest>(?:[T ]\d{2}:.*|\s*(?:#.*)?)?)")
_MOVED = frozenset({"days", "event", "slot"})


def shifted(text: str, launch: date) -> str:
    """Return the timetable with every named day, event and dated slot moved by as many days as ``launch`` is.

    Quiet periods stay: elections do not move with a campaign. The weekday is not kept; events of the shipped timetable
    are placeholders whose days DfE gives.

    Raises:
        WrongUse: the text names no ``launch`` in ``[days]``.

    """
    by = timedelta(days=(launch - _launch(text)).days)
    table = ""
    lines: list[str] = []
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            table = header[1]
        lines.append(_moved(line, by) if table in _MOVED else line)
    return "".join(lines)


def _launch(text: str) -> date:
    days = tomllib.loads(text).get("days", {})
    found = days.get("launch") if isinstance(days, dict) else None
    if not isinstance(found, date):
        raise WrongUse(problem="the timetable names no day `launch`", mend="Write launch = 2025-12-02 under [days]")
    return found.date() if isinstance(found, datetime) else found


def _moved(line: str, by: timedelta) -> str:
    """Move the date that stands as the line's value; dates in texts and comments are words and stay."""
    body = line.rstrip("\r\n")
    match = _DATED.fullmatch(body)
    if match is None:
        return line
    day = date.fromisoformat(match["day"]) + by
    return f"{match['key']}{day.isoformat()}{match['rest']}{line[len(body) :]}"
