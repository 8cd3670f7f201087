"""Where a post lands to which a person gave a time: along with its slot, or where it was put. Pure."""

from dataclasses import replace

from campaign.errors import Finding
from campaign.plan.days import local, spoken_day, spoken_time
from campaign.plan.entries import Timetable
from campaign.plan.matching import Match
from campaign.plan.placing import Place, quiet_on, too_late
from campaign.plan.rows import ExistingPost
from campaign.plan.wanted import Wanted


def at_own_time(timetable: Timetable, pair: Match) -> Match:
    """Put a moved post where it goes out: its words are filled for that time and its window is that of its approval."""
    wanted, stored = pair.wanted, pair.stored
    if stored is None or not stored.moved:
        return pair
    place = _own_place(timetable, wanted, stored)
    quiet = quiet_on(timetable, wanted.partner, local(place.due_at, timetable.zone).date())
    place = replace(place, skipped=f"quiet period: {quiet.name}" if quiet else place.skipped)
    return replace(pair, wanted=replace(wanted, place=place, by_slot=wanted.place))


def _own_place(timetable: Timetable, wanted: Wanted, stored: ExistingPost) -> Place:
    """Return where it was put. While its window is its slot's it was only shifted there, and follows the slot."""
    slot, (start, end) = wanted.place, stored.window
    half = (end - start) / 2
    own = Place(start + half, stored.due_at, half)
    shifted = start <= stored.due_at <= end and own.base_at == (stored.slot_at or slot.base_at)
    return _along(timetable, wanted, own) if shifted else own


def _along(timetable: Timetable, wanted: Wanted, own: Place) -> Place:
    """Return the slot's place with the post as far from its time as it was; where that is no time of the slot now, or
    too late, the slot's own.
    """
    slot = wanted.place
    there = replace(slot, due_at=slot.base_at + (own.due_at - own.base_at))
    holds = slot.window_from <= there.due_at <= slot.window_until
    return there if holds and not too_late(timetable, wanted.occurrence, there) else slot


def left_behind(timetable: Timetable, pair: Match) -> Finding | None:
    """Warn of a post that stays where a person put it while its slot moves: nobody has approved it beside that."""
    wanted, stored, slot = pair.wanted, pair.stored, pair.wanted.by_slot
    if slot is None or stored is None or stored.slot_at in {None, slot.base_at}:
        return None
    if slot.window_from <= wanted.place.due_at <= slot.window_until:
        return None
    then, now = (local(at, timetable.zone) for at in (slot.base_at, wanted.place.due_at))
    problem = f"it moves to {spoken_day(then)} at {spoken_time(then.time())}, and post {stored.id} of"
    problem += f" {wanted.partner.key} on {wanted.account.channel} stays on {spoken_day(now)} at"
    problem += f" {spoken_time(now.time())}, where a person put it"
    mend = "Give it a new time (`campaign posts move`), withdraw it, or approve it anew where it is"
    return Finding(timetable.file, f"slot.{wanted.slot.name}", problem, mend, wanted.slot.line, "warning")
