"""Where an occurrence lands for one partner: its own minute, its hours, its quiet periods. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from hashlib import sha256

from campaign.plan.audience import PartnerFacts, matches
from campaign.plan.days import add_working, instant, local, on_working, parse_hours
from campaign.plan.entries import Event, Quiet, Slot, Timetable
from campaign.plan.occurrences import Occurrence, span

_MOST_DAYS = 2
"""A post leaves a quiet period by at most so many working days."""


@dataclass(frozen=True, slots=True)
class Place:
    """A partner's own time for an occurrence. ``base_at`` is the slot's time there, ``due_at`` has the spread in it.

    ``skipped`` says why nothing goes out, where nothing does.
    """

    base_at: datetime
    due_at: datetime
    spread: timedelta
    skipped: str | None = None

    @property
    def window_from(self) -> datetime:
        """Return the earliest instant to which a move keeps the approval."""
        return self.base_at - self.spread

    @property
    def window_until(self) -> datetime:
        """Return the latest such instant."""
        return self.base_at + self.spread


def spread_minutes(slot: Slot, partner: str) -> timedelta:
    """Return the partner's own whole minutes in [0, spread): the same for all its channels, whenever it is asked.

    They come from a digest, not from chance or a counter, so that adding a partner moves nobody else.
    """
    minutes = slot.spread // timedelta(minutes=1)
    if minutes == 0:
        return timedelta()
    digest = sha256(f"{partner}\0{slot.identity}".encode()).digest()
    return timedelta(minutes=int.from_bytes(digest[:8], "big") % minutes)


def place(timetable: Timetable, occurrence: Occurrence, partner: PartnerFacts) -> Place:
    """Return where the occurrence lands for the partner: where its own minute would be too late, at the slot's time.

    Raises:
        campaign.errors.WrongUse: the partner's ``hours`` are not understood.

    """
    own = _placed(timetable, occurrence, partner, spread_minutes(occurrence.slot, partner.key))
    reason = too_late(timetable, occurrence, own)
    if own.skipped or reason is None:
        return own
    plain = _placed(timetable, occurrence, partner, timedelta())
    if plain.skipped or too_late(timetable, occurrence, plain):
        return replace(own, skipped=f"its new time would be after {reason}")
    return plain


def _placed(timetable: Timetable, occurrence: Occurrence, partner: PartnerFacts, offset: timedelta) -> Place:
    """Return the place at so many minutes after the slot's time, in the partner's hours and out of quiet periods."""
    first = Place(occurrence.due_at, occurrence.due_at + offset, occurrence.slot.spread)
    return out_of_quiet(timetable, partner, _into_hours(timetable, occurrence.slot, partner, first))


def too_late(timetable: Timetable, occurrence: Occurrence, place: Place) -> str | None:
    """Return what a time would come after: the slot's end, or the start of the event that a post announces."""
    last = span(timetable, occurrence.slot)[1]
    if last and place.base_at > last:
        return "the slot's end"
    event = announced(timetable, occurrence)
    return f"the event {event.name}" if event and instant(event.starts, timetable.zone) <= place.due_at else None


def announced(timetable: Timetable, occurrence: Occurrence) -> Event | None:
    """Return the event that a post before it announces, and which must not have begun when that goes out."""
    event = occurrence.hangs_on
    return event if event and occurrence.due_at < instant(event.starts, timetable.zone) else None


def _into_hours(timetable: Timetable, slot: Slot, partner: PartnerFacts, place: Place) -> Place:
    """Move into the hours in which the partner posts: later the same day, else on the next."""
    written = partner.details.get("hours", "").strip()
    hours = parse_hours(written) if written else slot.hours
    wall = local(place.due_at, timetable.zone)
    if hours is None or hours[0] <= wall.time() <= hours[1]:
        return place
    day = wall.date()
    if wall.time() > hours[1]:
        day += timedelta(days=1)
        day = on_working(day) if slot.working else day
    base_at = instant(datetime.combine(day, hours[0]), timetable.zone)
    due_at = base_at + (place.due_at - place.base_at)
    closes_at = instant(datetime.combine(day, hours[1]), timetable.zone)
    return Place(base_at, due_at if due_at <= closes_at else base_at, place.spread)


def quiet_on(timetable: Timetable, partner: PartnerFacts, day: date) -> Quiet | None:
    """Return the quiet period in which the local day lies for this partner."""
    return next((one for one in timetable.quiet if one.covers(day) and matches(one.partners, partner)), None)


def out_of_quiet(timetable: Timetable, partner: PartnerFacts, place: Place) -> Place:
    """Skip what falls into a quiet period, or move it out where the period says so and two working days suffice."""
    day = local(place.due_at, timetable.zone).date()
    quiet = quiet_on(timetable, partner, day)
    if quiet is None:
        return place
    if quiet.then == "move":
        for count in range(1, _MOST_DAYS + 1):
            later = add_working(day, count)
            if quiet_on(timetable, partner, later) is None:
                return moved_by(timetable, place, later - day)
    reason = f"quiet period: {quiet.name}"
    return replace(
        place, skipped=reason if quiet.then == "skip" else f"{reason}, and it ends too late to move the post"
    )


def moved_by(timetable: Timetable, place: Place, days: timedelta) -> Place:
    """Move a place by whole days at the same wall time, spread kept."""
    base_at = instant(local(place.base_at, timetable.zone) + days, timetable.zone)
    return replace(place, base_at=base_at, due_at=base_at + (place.due_at - place.base_at))
