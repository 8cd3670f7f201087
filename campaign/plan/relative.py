"""Words that are true on one day only, such as “today is the last day”: whether their post goes out on that day. Pure.

Nothing is guessed: the tables below say which words speak of which day, and only days that the timetable has count.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from campaign.errors import Finding
from campaign.plan.days import local, spoken_day
from campaign.plan.entries import Event, Timetable
from campaign.ports import Draft

_DAYS: Final = (
    (re.compile(r"\b(?:today|tonight|this (?:morning|afternoon|evening))\b", re.IGNORECASE), 0),
    (re.compile(r"\btomorrow\b", re.IGNORECASE), 1),
    (re.compile(r"\byesterday\b", re.IGNORECASE), -1),
)
"""Words, and how many days after the post's own is the day that they mean."""

_WEEKS: Final = (
    (re.compile(r"\bthis week\b", re.IGNORECASE), 0),
    (re.compile(r"\bnext week\b", re.IGNORECASE), 1),
)
"""Words, and how many weeks after the post's own, from Monday to Sunday, is the week that they mean."""

_SCHOOLS_OWN: Final = r"(?: \w+){0,2}[ -](?:term|school|week|month|year|holidays?)\b"
_LAST: Final = re.compile(rf"\b(?:last|final) day\b(?! of{_SCHOOLS_OWN})", re.IGNORECASE)
"""Of the close it means the post's own day, where the line says no other; the last day of a term is none of ours."""

_NAMED: Final = (
    ("close", "the close of the campaign", re.compile(rf"{_LAST.pattern}|\b(?:closes|ends)\b", re.IGNORECASE)),
    ("launch", "the launch", re.compile(r"\b(?:launches|opens|starts|begins)\b", re.IGNORECASE)),
)
"""The days in ``[days]`` of which a line speaks, by its words. A post about an event speaks of that alone."""


@dataclass(frozen=True, slots=True)
class _Saying:
    """What a line says: its words, and the first and the last day on which they are true."""

    words: str
    first: date
    last: date


def untimely(timetable: Timetable, name: str, draft: Draft, due_at: datetime, event: Event | None) -> Iterator[Finding]:
    """Find words that are not true on the day of the post: a line all of whose sayings mean another day. ``name`` says
    where the words come from, ``event`` which one they are about.
    """
    due = local(due_at, timetable.zone).date()
    heads = (draft.subject, draft.preheader, draft.link_title)
    for line in [*draft.words.split("\n"), *filter(None, heads)]:
        if (found := _meant(timetable, line, event)) is None:
            continue
        what, day = found
        sayings = list(_sayings(line, day)) or ([] if event else list(_bare(line, day)))
        if sayings and not any(one.first <= due <= one.last for one in sayings):
            yield _finding(name, sayings[0], f"{what}, {spoken_day(day)}", due)


def _finding(name: str, saying: _Saying, what: str, due: date) -> Finding:
    problem = f"it says “{saying.words}” of {what}, and goes out on {spoken_day(due)}"
    when = f"on {spoken_day(saying.first)}"
    if saying.first != saying.last:
        when = f"from {spoken_day(saying.first)} to {spoken_day(saying.last)}"
    return Finding(
        name, "words", problem, f"Give it a time {when}, change its words, or withdraw it", severity="warning"
    )


def _meant(timetable: Timetable, line: str, event: Event | None) -> tuple[str, date] | None:
    """Return what a line speaks of, and its day."""
    if event is not None:
        return f"the event {event.title}", event.starts.date()
    for key, what, pattern in _NAMED:
        day = timetable.days.get(key)
        if day is not None and pattern.search(line):
            return what, day.date() if isinstance(day, datetime) else day
    return None


def _sayings(line: str, day: date) -> Iterator[_Saying]:
    """Yield what a line says of ``day``, counted from the post's own."""
    for pattern, days in _DAYS:
        if found := pattern.search(line):
            true = day - timedelta(days=days)
            yield _Saying(found[0], true, true)
    for pattern, weeks in _WEEKS:
        if found := pattern.search(line):
            monday = day - timedelta(days=day.weekday() + 7 * weeks)
            yield _Saying(found[0], monday, monday + timedelta(days=6))


def _bare(line: str, day: date) -> Iterator[_Saying]:
    """Yield a last day that is said to be now; where the line names the date itself, that is true on any day."""
    if (found := _LAST.search(line)) and f"{day.day} {day:%B}" not in line:
        yield _Saying(found[0], day, day)
