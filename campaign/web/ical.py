"""A calendar as RFC 5545 writes it, for the calendar programs that people have already.

Times are in UTC: a zone's own table would be longer than the entries, and programs show their person's time anyway.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from icalendar import Calendar, Event

Standing = Literal["TENTATIVE", "CONFIRMED", "CANCELLED"]
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Entry:
    """What stands at one time. ``uid`` is its own for ever.

    ``sequence`` never falls and rises with each change; None where nothing counts the changes: it rises with time then.
    """

    uid: str
    starts: datetime
    standing: Standing
    title: str
    words: str
    address: str | None = None
    sequence: int | None = None
    lasts: timedelta | None = None


def calendar(name: str, entries: Iterable[Entry], now: datetime, *, every: timedelta) -> bytes:
    """Return a published calendar; programs are asked to look again ``every`` so often."""
    found = Calendar()
    found.add("version", "2.0")
    found.add("prodid", "-//campaign//calendar//EN")
    found.add("method", "PUBLISH")
    found.add("x-wr-calname", name)
    # RFC 7986 asks for the type of this value, which the library leaves out; Outlook reads the other one.
    found.add("refresh-interval", every, parameters={"VALUE": "DURATION"})
    found.add("x-published-ttl", f"PT{int(every.total_seconds()) // _MINUTE}M")
    for entry in entries:
        found.add_component(_event(entry, now))
    text: bytes = found.to_ical()
    return text


def _event(entry: Entry, now: datetime) -> Event:
    found = Event()
    found.add("uid", entry.uid)
    found.add("dtstamp", now)
    found.add("dtstart", entry.starts)
    if entry.lasts is not None:
        found.add("dtend", entry.starts + entry.lasts)
    found.add("sequence", int(now.timestamp()) // _MINUTE if entry.sequence is None else entry.sequence)
    found.add("status", entry.standing)
    found.add("transp", "TRANSPARENT")
    found.add("summary", entry.title)
    found.add("description", entry.words)
    if entry.address is not None:
        found.add("url", entry.address)
    return found
