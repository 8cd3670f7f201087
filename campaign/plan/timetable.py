"""Reads ``schedules/*.toml``: campaign facts, named days, events, slots, quiet periods.

The file is checked whole: whoever wrote it learns of every fault at once, with its line and a mend. What is allowed
in a sound file but stops a campaign (an empty detail, a placeholder) is ``timetable_check``'s to say.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Literal, TypeVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from campaign.errors import BadInput, Finding
from campaign.plan.entries import At, Event, EventStatus, Filters, Quiet, Slot, Timetable
from campaign.plan.references import check_references
from campaign.plan.slot_tables import read_filters, read_slot
from campaign.plan.toml_tables import Faults, Table, key_lines, parsed, toml_text

__all__ = ["At", "Event", "Filters", "Quiet", "Slot", "Timetable", "load_timetable"]

Entry = TypeVar("Entry")

_EVENT_KEYS = ("name", "title", "principle", "starts", "register_url", "status", "confirmed", "placeholder")
_STATUSES: Mapping[str, EventStatus] = {"open": "open", "full": "full", "moved": "moved", "cancelled": "cancelled"}
_THEN: Mapping[str, Literal["skip", "move"]] = {"skip": "skip", "move": "move"}
_NAME = re.compile(r"[\w.-]+")


def load_timetable(path: Path, timezone: str) -> Timetable:
    """Read and check a timetable whose wall times are meant in ``timezone`` (an IANA name).

    Raises:
        campaign.errors.BadInput: naming every fault found.

    """
    text, zone = toml_text(path), _zone(timezone)
    data = parsed(text, path.name)
    faults = Faults(path.name, key_lines(text))
    top = Table(data, "", "timetable", faults)
    top.only(("details", "days", "event", "slot", "quiet"))
    details, placeholders = _details(_table(data, "details", faults))
    timetable = Timetable(
        file=path.name,
        zone=zone,
        details=details,
        placeholders=placeholders,
        days=_days(_table(data, "days", faults)),
        events=_entries(data, "event", faults, _event),
        slots=_entries(data, "slot", faults, read_slot),
        quiet=_entries(data, "quiet", faults, _quiet),
        lines=faults.lines,
    )
    check_references(timetable, faults)
    if faults.found:
        raise BadInput(sorted(faults.found, key=lambda finding: finding.line or 0))
    return timetable


def _zone(timezone: str) -> ZoneInfo:
    try:
        return ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        mend = 'Write an IANA name such as "Europe/London"'
        raise BadInput([Finding("config.toml", "campaign.timezone", f"{timezone!r} is no time zone", mend)]) from error


def _table(data: Mapping[str, object], name: str, faults: Faults) -> Table:
    value = data.get(name, {})
    if not isinstance(value, dict):
        faults.add(name, name, "must be one table", f"Write [{name}], once")
        value = {}
    return Table(value, name, name, faults)


def _entries(
    data: Mapping[str, object], kind: str, faults: Faults, read: Callable[[Table], Entry | None]
) -> tuple[Entry, ...]:
    """Read every table of an array; one that lacks its name is known by its number."""
    value = data.get(kind, [])
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        faults.add(kind, kind, "must be tables", f"Write [[{kind}]] before each")
        return ()
    entries = (
        read(Table(item, f"{kind}.{n}", f"{kind}.{item.get('name', n)}", faults)) for n, item in enumerate(value)
    )
    return tuple(entry for entry in entries if entry is not None)


def _details(table: Table) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read the campaign's facts. ``placeholders = ["events_url"]`` marks those that DfE has not given yet."""
    keys = [key for key in table.data if key != "placeholders"]
    placeholders = table.words("placeholders")
    table_names = Table(dict.fromkeys(placeholders), table.place, table.name, table.faults)
    table_names.only(keys)
    return {key: table.blankable(key) for key in keys}, placeholders


def _days(table: Table) -> dict[str, date]:
    read = {key: table.day(key) for key in table.data}
    _good_names(table, read)
    return {key: day for key, day in read.items() if day is not None}


def _good_names(table: Table, names: Iterable[str]) -> None:
    for name in names:
        if not _NAME.fullmatch(name) or name == "event":
            table.fault(name, "cannot be used in `at`", "Name it in one word, other than event")


def _event(table: Table) -> Event | None:
    table.only(_EVENT_KEYS)
    name, starts = table.text("name"), table.day("starts")
    if name:
        _good_names(table, [name])
    if starts is not None and not isinstance(starts, datetime):
        table.fault("starts", "is a date without a time", "Write both, such as 2025-12-10T18:00:00")
    event = Event(
        name=name,
        title=table.text("title"),
        principle=table.optional("principle") or "",
        starts=starts if isinstance(starts, datetime) else datetime.min,  # noqa: DTZ901  a fault stops the file
        register_url=table.blankable("register_url"),
        status=table.choice("status", _STATUSES, "open"),
        confirmed=table.flag("confirmed"),
        placeholder=table.flag("placeholder"),
        line=table.line,
    )
    return event if name else None


def _quiet(table: Table) -> Quiet | None:
    table.only(("name", "from", "until", "then", "partners"))
    first, last = table.day("from"), table.day("until")
    for key, day in (("from", first), ("until", last)):
        if isinstance(day, datetime):
            table.fault(key, "has a time of day", "Quiet periods are whole days: write the date alone")
    if first is None or last is None:
        return None
    if type(first) is type(last) and first > last:
        table.fault("until", "lies before `from`", "Swap the two, or correct the year")
    return Quiet(
        name=table.text("name"),
        first=first,
        last=last,
        then=table.choice("then", _THEN, "skip"),
        partners=read_filters(table),
        line=table.line,
    )
