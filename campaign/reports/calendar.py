"""The calendar: what is due on each day by slot and state, beside bank holidays, quiet periods and events."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign.models import calendar, partners
from campaign.models.calendar import Due
from campaign.models.status import OVER
from campaign.plan.audience import matches
from campaign.plan.days import day_after, day_start, holiday
from campaign.plan.entries import Event, Quiet
from campaign.plan.gather import Copy, partner_facts


@dataclass(frozen=True, slots=True)
class Day:
    """One local day with what is on it. ``holiday`` is empty on most; ``quiet`` names quiet periods that cover it."""

    day: date
    holiday: str
    quiet: tuple[str, ...]
    events: tuple[Event, ...]
    entries: tuple[Due, ...]


def days(
    session: Session, wanted: Sequence[date], zone: ZoneInfo, copy: Copy | None, partner_keys: Sequence[str]
) -> list[Day]:
    """Return these days, which follow one another, of these partners' posts or of all. ``copy`` is None while the
    campaign's files are half written: the days have no events and no quiet periods then.
    """
    quiet = _quiet(session, copy, partner_keys)
    edges = [*(day_start(day, zone) for day in wanted), day_after(wanted[-1], zone)]
    return [
        Day(
            day,
            holiday(day),
            tuple(one.name for one in quiet if one.covers(day)),
            tuple(event for event in (copy.timetable.events if copy else ()) if event.starts.date() == day),
            tuple(one for one in found if one.status not in OVER),
        )
        for day, found in zip(wanted, calendar.due(session, edges, partner_keys), strict=True)
    ]


def _quiet(session: Session, copy: Copy | None, partner_keys: Sequence[str]) -> Sequence[Quiet]:
    """Return the quiet periods of these partners, or of any."""
    periods = copy.timetable.quiet if copy else ()
    if not partner_keys:
        return periods
    own = [found for key in partner_keys if (found := partners.partner_by_key(session, key)) is not None]
    return [one for one in periods if any(matches(one.partners, partner_facts(found)) for found in own)]
