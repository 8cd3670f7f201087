"""Where a post lands to which a person gave a time. Pure."""

from dataclasses import replace

from campaign.plan.days import local
from campaign.plan.entries import Timetable
from campaign.plan.matching import Match
from campaign.plan.placing import Place, quiet_on
from campaign.plan.rows import ExistingPost
from campaign.plan.wanted import Wanted


def at_own_time(timetable: Timetable, pair: Match) -> Match:
    """Put a moved post where it goes out: its words are filled for that time and its window is that of its approval."""
    wanted, stored = pair.wanted, pair.stored
    if stored is None or not stored.moved:
        return pair
    return replace(pair, wanted=replace(wanted, place=_own_place(timetable, wanted, stored)))


def _own_place(timetable: Timetable, wanted: Wanted, stored: ExistingPost) -> Place:
    start, end = stored.window
    half = (end - start) / 2
    quiet = quiet_on(timetable, wanted.partner, local(stored.due_at, timetable.zone).date())
    return Place(start + half, stored.due_at, half, skipped=f"quiet period: {quiet.name}" if quiet else None)
