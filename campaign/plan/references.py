"""Checks what the tables of a timetable say of each other: names of days, events and slots, and their order."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from campaign.errors import Finding
from campaign.plan.days import at_instant
from campaign.plan.entries import At, Event, Quiet, Slot, Timetable
from campaign.plan.toml_tables import Faults, nearest, twins


def check_references(timetable: Timetable, faults: Faults) -> None:
    """Note every name that nobody bears, every name borne twice, every span that ends before it begins."""
    for kind, entries in (("event", timetable.events), ("slot", timetable.slots), ("quiet", timetable.quiet)):
        _twice(kind, entries, faults)
    for event in timetable.events:
        if event.name in timetable.days:
            faults.add(f"days.{event.name}", f"days.{event.name}", "is an event's name too", "Rename one of the two")
    places = {line: place for place, line in faults.lines.items() if re.fullmatch(r"slot\.\d+", place)}
    for slot in timetable.slots:
        _check_slot(timetable, slot, places.get(slot.line or 0, "slot"), faults)


def _twice(kind: str, entries: Sequence[Event | Slot | Quiet], faults: Faults) -> None:
    keys = (entry.key if isinstance(entry, Event) else entry.name for entry in entries)
    for number, problem in twins(zip(keys, (entry.name for entry in entries), strict=True)):
        name, mend = f"{kind}.{entries[number].name}", "Give each a name of its own"
        faults.found.append(Finding(faults.file, name, problem, mend, entries[number].line))


def _check_slot(timetable: Timetable, slot: Slot, place: str, faults: Faults) -> None:
    for key, at in (("at", slot.at), ("from", slot.starts), ("until", slot.ends)):
        if at is not None and isinstance(at.day, str):
            _check_day(timetable, slot, (place, key, at), faults)
    _check_time(timetable, slot, place, faults)
    _check_span(timetable, slot, place, faults)
    _check_names(timetable, slot, place, faults)


def _check_day(timetable: Timetable, slot: Slot, where: tuple[str, str, At], faults: Faults) -> None:
    place, key, at = where
    name = str(at.day)
    if name == "event" and slot.for_each and slot.for_each.startswith("event-"):
        return
    known = {*timetable.days, *(event.name for event in timetable.events)}
    if name == "event":
        mend = 'Add for_each = "event-*", or name one event'
        faults.add(f"{place}.{key}", f"slot.{slot.name}.{key}", "`event` needs a slot for each event", mend)
    elif name not in known and timetable.event(name) is None:
        problem = f'there is no day or event "{name}"'
        faults.add(f"{place}.{key}", f"slot.{slot.name}.{key}", problem, nearest(name, known))


def _check_time(timetable: Timetable, slot: Slot, place: str, faults: Faults) -> None:
    """Note an ``at`` whose day has no time of day and which gives none."""
    anchor = anchor_of(timetable, slot.at) if slot.at else None
    if slot.at and anchor is not None and at_instant(slot.at, anchor, timetable.zone) is None:
        mend = f'Add the time, such as "{slot.at.day} 09:00"'
        faults.add(f"{place}.at", f"slot.{slot.name}.at", "is a date without a time", mend)


def _check_span(timetable: Timetable, slot: Slot, place: str, faults: Faults) -> None:
    first = anchor_of(timetable, slot.starts) if slot.starts else None
    last = anchor_of(timetable, slot.ends) if slot.ends else None
    if slot.cron and timetable.bounds() is None and (slot.starts is None or slot.ends is None):
        mend = "Give `from` and `until`, or name days in [days]"
        faults.add(f"{place}.cron", f"slot.{slot.name}.cron", "has no first and last day", mend)
    if first and last and slot.starts and slot.ends:
        begin = at_instant(slot.starts, first, timetable.zone, datetime.min.time())
        end = at_instant(slot.ends, last, timetable.zone, datetime.max.time())
        if begin and end and begin > end:
            mend = "Swap the two, or correct one"
            faults.add(f"{place}.until", f"slot.{slot.name}.until", "lies before `from`", mend)


def _check_names(timetable: Timetable, slot: Slot, place: str, faults: Faults) -> None:
    """Note events, slots and old names that do not fit."""
    names = {other.name for other in timetable.slots}
    if slot.was and slot.was in names:
        faults.add(f"{place}.was", f"slot.{slot.name}.was", f'a slot is named "{slot.was}" now', "Give the name it had")
    if slot.of and slot.action == "share" and slot.of.partition("@")[0] not in names:
        mend = nearest(slot.of.partition("@")[0], names)
        faults.add(f"{place}.of", f"slot.{slot.name}.of", f'there is no slot to share, "{slot.of}"', mend)
    pattern = slot.for_each or ""
    if pattern.startswith("event-") and not timetable.events_like(pattern):
        mend = nearest(pattern, (event.key for event in timetable.events))
        faults.add(f"{place}.for_each", f"slot.{slot.name}.for_each", f'"{pattern}" fits no event', mend)


def anchor_of(timetable: Timetable, at: At, event_name: str | None = None) -> date | None:
    """Return the day that ``at`` counts from; None where it is the event at hand and none is, or nobody bears the name.

    An event is a date-time, so that it keeps its time unless the line gives another.
    """
    if not isinstance(at.day, str):
        return at.day
    if at.day in timetable.days:
        return timetable.days[at.day]
    event = timetable.event(event_name if at.day == "event" and event_name else at.day)
    return event.starts if event else None
