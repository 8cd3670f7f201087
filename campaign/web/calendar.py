"""The calendar: a month or a week, with bank holidays, quiet periods and the campaign's events drawn in."""

from calendar import Calendar
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import holds, listing
from campaign.models.calendar import Due
from campaign.models.listing import PostFilter, PostRow
from campaign.models.status import Status
from campaign.people import Right
from campaign.plan.days import spoken_time
from campaign.plan.entries import Event
from campaign.plan.rows import SINGLE
from campaign.reports import calendar
from campaign.web import held, times
from campaign.web.area import Area, Tab
from campaign.web.subjects import copy_of
from campaign.web.visitor import Who
from campaign.web.words import STATES, Tag, day_name, sentence, tag_of, titled
from campaign.wording import channel

area = Area(Tab("Calendar", "/calendar", Right.SEE))

_WEEK = timedelta(days=7)
_SINGLES = "Posts outside the timetable"
_LINES = 5
"""Lines of a day in a month; a week has room for all of them."""
_CALM = frozenset({Status.APPROVED, Status.PUBLISHING, Status.PUBLISHED, Status.RETRACTED})
"""What wants nobody stands back where there is no room for all."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Posts of one slot and state on one day: one line of a cell."""

    title: str
    tag: Tag
    channels: tuple[str, ...]
    posts: int
    first_at: datetime
    href: str

    @property
    def where(self) -> str:
        """The channels by name."""
        return ", ".join(map(channel, self.channels))


@dataclass(frozen=True, slots=True)
class Day:
    """One day with what is on it; ``more`` counts the lines that a month has no room for."""

    day: date
    name: str
    notes: tuple[str, ...]
    entries: tuple[Entry, ...]
    more: int
    outside: bool
    today: bool
    quiet: bool


@dataclass(frozen=True, slots=True)
class Sight:
    """Which days are looked at: those of a month, or of a week."""

    kind: str
    anchor: date

    @classmethod
    def of(cls, month: str, week: str, today: date) -> "Sight":
        """Read an address; what is no day is today."""
        kind, text = ("week", week) if week else ("month", f"{month}-01")
        return cls(kind, times.day(text) or today)

    @property
    def weeks(self) -> list[list[date]]:
        """The days in rows from Monday to Sunday."""
        if self.kind == "week":
            monday = self.anchor - timedelta(days=self.anchor.weekday())
            return [[monday + timedelta(days=number) for number in range(7)]]
        return Calendar().monthdatescalendar(self.anchor.year, self.anchor.month)

    def shows(self, day: date) -> bool:
        """Say whether a day is one of those looked at, none of the months beside it."""
        return (day.year, day.month) == (self.anchor.year, self.anchor.month) and any(day in row for row in self.weeks)

    @property
    def title(self) -> str:
        """What is looked at, in words."""
        if self.kind == "month":
            return f"{self.anchor:%B %Y}"
        monday, *_, sunday = self.weeks[0]
        return f"{monday.day} {monday:%B} to {sunday.day} {sunday:%B %Y}"

    def moved(self, step: int) -> tuple[str, str]:
        """Return the address and the name of what comes before (-1) or after (1)."""
        if self.kind == "week":
            other = Sight("week", self.anchor + step * _WEEK)
            return other.address, "Week before" if step < 0 else "Week after"
        edge = self.anchor.replace(day=1) - timedelta(days=1) if step < 0 else self.anchor.replace(day=28) + _WEEK
        return Sight("month", edge).address, f"{edge:%B %Y}"

    @property
    def address(self) -> str:
        """Where it is seen."""
        if self.kind == "week":
            return f"/calendar?week={self.anchor.isoformat()}"
        return f"/calendar?month={self.anchor:%Y-%m}"


@area.get("/calendar", Right.SEE)
def show(who: Who, month: str = "", week: str = "") -> Response:
    """Show a month or a week."""
    zone = who.house.zone
    today = who.house.now().astimezone(zone).date()
    sight = Sight.of(month, week, today)
    copy = copy_of(who.house.app)
    with who.reading() as session:
        found = calendar.days(session, [day for row in sight.weeks for day in row], zone, copy, who.partners)
        rows = _told(session, found)
        banners = held.over_lists(session, who, holds.active(session))
    drawn = {one.day: _day(one, sight, today, rows) for one in found}
    weeks = [[drawn[day] for day in row] for row in sight.weeks]
    return who.page(
        "calendar/calendar.html",
        sight=sight,
        weeks=weeks,
        before=sight.moved(-1),
        after=sight.moved(1),
        month=Sight("month", sight.anchor).address,
        week=Sight("week", today if sight.shows(today) else sight.anchor).address,
        this=Sight(sight.kind, today).address,
        banners=banners,
        may_hold=who.may(Right.HOLD),
        agenda=[day for row in weeks for day in row if not day.outside and (day.entries or day.notes)],
    )


def _day(found: calendar.Day, sight: Sight, today: date, rows: Mapping[int | None, PostRow]) -> Day:
    day = found.day
    shown = found.entries if sight.kind == "week" else _foremost(found.entries)
    notes = [found.holiday, *(f"Quiet: {name}" for name in found.quiet), *map(_event, found.events)]
    return Day(
        day=day,
        name=day_name(day, today),
        notes=tuple(note for note in notes if note),
        entries=tuple(_entry(one, day, rows.get(one.post_id)) for one in shown),
        more=len(found.entries) - len(shown),
        outside=sight.kind == "month" and day.month != sight.anchor.month,
        today=day == today,
        quiet=bool(found.quiet),
    )


def _told(session: Session, days: Sequence[calendar.Day]) -> dict[int | None, PostRow]:
    """Return the posts whose slot and status do not say what they are: those written one by one, and drafts."""
    entries = [one for day in days for one in day.entries if one.post_id is not None]
    idents = tuple(one.post_id for one in entries if one.post_id and (one.slot == SINGLE or one.status == Status.DRAFT))
    return {row.post.ident: row for row in listing.posts(session, PostFilter(ids=idents))} if idents else {}


def _foremost(entries: Sequence[Due]) -> Sequence[Due]:
    """Return the lines that a month has room for, by time."""
    first = sorted(range(len(entries)), key=lambda at: (entries[at].status in _CALM, at))[:_LINES]
    return [entries[at] for at in sorted(first)]


def _event(event: Event) -> str:
    told = {"cancelled": ", cancelled", "moved": ", moved"}.get(event.status, "")
    return f"Event: {event.title}, {spoken_time(event.starts.time())}{told}"


def _entry(one: Due, day: date, row: PostRow | None) -> Entry:
    said = f"{day.day}/{day.month}/{day.year}"
    pairs = [("from", said), ("to", said), ("slot", one.slot), ("status", one.status)]
    return Entry(
        title=titled(row.post) if row else _SINGLES if one.slot == SINGLE else sentence(one.slot),
        tag=tag_of(row.post) if row else STATES[Status(one.status)],
        channels=one.channels,
        posts=one.posts,
        first_at=one.first_at,
        href=f"/posts?{urlencode(pairs)}" if one.post_id is None else f"/posts/{one.post_id}",
    )
