"""What a timetable says, as frozen values: events, slots, quiet periods. Read by ``timetable``, used by the planner.

Wall times here are local and without a zone on purpose: they become instants only in ``days`` and ``occurrences``.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Literal
from zoneinfo import ZoneInfo

EventStatus = Literal["open", "full", "moved", "cancelled"]
Filters = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class At:
    """One ``at`` line, read: a named day, a shift from it, a time of day (rulings, 13).

    ``day`` is a name in ``[days]``, an event's name, ``event`` (the event at hand) or a date itself. ``count`` is
    signed; ``unit`` is second, minute, hour, day or working day. ``wall`` is the time of day.
    """

    day: str | date
    count: int = 0
    unit: str = "day"
    wall: time | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """One of the campaign's events. ``starts`` is local wall time; a placeholder's day or link is not DfE's yet."""

    name: str
    title: str
    principle: str
    starts: datetime
    register_url: str
    status: EventStatus = "open"
    confirmed: bool = False
    placeholder: bool = False
    line: int | None = None

    @property
    def key(self) -> str:
        """Return the name that ``for_each`` matches and that keys a post: ``event-<name>``."""
        return self.name if self.name.startswith("event-") else f"event-{self.name}"


@dataclass(frozen=True, slots=True)
class Slot:
    """One line of the timetable: which template, which channels, when, for whom."""

    name: str
    channels: tuple[str, ...]
    templates: tuple[str, ...] = ()
    was: str | None = None
    action: Literal["post", "share"] = "post"
    of: str | None = None
    at: At | None = None
    cron: str | None = None
    for_each: str | None = None
    working: bool = False
    starts: At | None = None
    ends: At | None = None
    spread: timedelta = timedelta()
    partners: Filters = field(default_factory=dict)
    late: Literal["skip", "catch-up"] = "skip"
    hours: tuple[time, time] | None = None
    line: int | None = None
    first: str | None = None

    @property
    def identity(self) -> str:
        """Return the name that the spread is drawn from: the slot's first, where that is known.

        A renamed slot keeps its minutes so, however often it is renamed and when its ``was`` is taken out again.
        """
        return self.first or self.was or self.name

    @property
    def single(self) -> bool:
        """Say whether the slot comes once for a partner."""
        return self.cron is None and self.for_each is None


@dataclass(frozen=True, slots=True)
class Quiet:
    """Whole local days, both ends included, in which the partners that it names stay silent."""

    name: str
    first: date
    last: date
    then: Literal["skip", "move"] = "skip"
    partners: Filters = field(default_factory=dict)
    line: int | None = None

    def covers(self, day: date) -> bool:
        """Say whether the local day lies inside."""
        return self.first <= day <= self.last


@dataclass(frozen=True, slots=True)
class Timetable:
    """The whole file. ``details`` fill ``campaign.*`` in templates; ``placeholders`` names those not DfE's yet."""

    file: str
    zone: ZoneInfo
    details: Mapping[str, str] = field(default_factory=dict)
    placeholders: tuple[str, ...] = ()
    days: Mapping[str, date] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    slots: tuple[Slot, ...] = ()
    quiet: tuple[Quiet, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)

    def event(self, name: str) -> Event | None:
        """Return the event of this name, with or without ``event-`` before it."""
        return next((event for event in self.events if name in {event.name, event.key}), None)

    def slot(self, name: str) -> Slot | None:
        """Return the slot of this name."""
        return next((slot for slot in self.slots if slot.name == name), None)

    def events_like(self, pattern: str) -> tuple[Event, ...]:
        """Return the events that a ``for_each`` pattern names, in the file's order."""
        return tuple(event for event in self.events if fnmatchcase(event.key, pattern))

    def bounds(self) -> tuple[date, date] | None:
        """Return the first and the last named day; None where the file names none."""
        days = [day.date() if isinstance(day, datetime) else day for day in self.days.values()]
        return (min(days), max(days)) if days else None
