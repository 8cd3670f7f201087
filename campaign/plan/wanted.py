"""What the timetable wants of each account: its occurrences at the partner's own times, late joiners included. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from campaign.errors import Finding, WrongUse
from campaign.plan.audience import AccountFacts, PartnerFacts, matches
from campaign.plan.days import instant, is_working, local
from campaign.plan.entries import Slot, Timetable
from campaign.plan.occurrences import Occurrence, occurrences
from campaign.plan.placing import Place, place, quiet_on, spread_minutes, too_late
from campaign.plan.questions import Question

_HORIZON = timedelta(days=60)
"""Nothing is caught up later than this after a partner joined, or had the account."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """One occurrence for one account. ``missed`` says why it is too late for it, ``fault`` why it has no place.

    ``by_slot`` is where its slot would have a post that lies where a person put it.
    """

    account: AccountFacts
    partner: PartnerFacts
    occurrence: Occurrence
    place: Place
    missed: str | None = None
    fault: Finding | None = None
    by_slot: Place | None = None

    @property
    def slot(self) -> Slot:
        """Return the slot."""
        return self.occurrence.slot


def wanted_posts(
    timetable: Timetable,
    questions: Sequence[Question],
    partners: Iterable[PartnerFacts],
    accounts: Iterable[AccountFacts],
) -> dict[int, list[Wanted]]:
    """Return what is wanted by account id, in order of time; independent of the present time and of what is stored."""
    dues = {slot.name: occurrences(timetable, slot, questions) for slot in timetable.slots}
    by_key = {partner.key: partner for partner in partners}
    return {
        account.id: _of_account(timetable, dues, by_key[account.partner], account)
        for account in accounts
        if account.partner in by_key
    }


def _of_account(
    timetable: Timetable, dues: Mapping[str, Sequence[Occurrence]], partner: PartnerFacts, account: AccountFacts
) -> list[Wanted]:
    found = [
        _placed(timetable, partner, account, occurrence)
        for slot in timetable.slots
        if account.channel in slot.channels and matches(slot.partners, partner) and not _shares_itself(slot, partner)
        for occurrence in dues[slot.name]
    ]
    found = _once_at_a_time(found)
    found.sort(key=lambda one: (one.place.due_at, one.slot.name, one.occurrence.key))
    return _for_joiner(timetable, partner, account, found)


def _shares_itself(slot: Slot, partner: PartnerFacts) -> bool:
    """Say whether the slot would have a partner share its own post."""
    return slot.action == "share" and slot.of is not None and slot.of.rpartition("@")[2] == partner.key


def _placed(timetable: Timetable, partner: PartnerFacts, account: AccountFacts, occurrence: Occurrence) -> Wanted:
    try:
        return Wanted(account, partner, occurrence, place(timetable, occurrence, partner))
    except WrongUse as error:
        spread = occurrence.slot.spread
        fault = Finding("partners", f"{partner.key}.hours", str(error.facts["problem"]), str(error.facts["mend"]))
        return Wanted(account, partner, occurrence, Place(occurrence.due_at, occurrence.due_at, spread), fault=fault)


def _once_at_a_time(wanted: Sequence[Wanted]) -> list[Wanted]:
    """Skip what hours or a quiet period have moved to an instant at which its slot comes already.

    What was not moved stays, else what came first. Only a cron line is meant: several events each have their own post.
    """
    first: dict[tuple[str, datetime], Wanted] = {}
    for one in sorted(wanted, key=lambda one: (_moved(one), one.occurrence.due_at)):
        if one.slot.cron and one.place.skipped is None and one.fault is None:
            first.setdefault((one.slot.name, one.place.due_at), one)
    return [
        one
        if one.place.skipped or first.get((one.slot.name, one.place.due_at), one) is one
        else replace(one, place=replace(one.place, skipped="the slot comes at that time anyhow"))
        for one in wanted
    ]


def _moved(one: Wanted) -> bool:
    """Say whether it comes at another instant than the slot's time and the partner's minute say."""
    return one.place.due_at != one.occurrence.due_at + spread_minutes(one.slot, one.partner.key)


def _for_joiner(
    timetable: Timetable, partner: PartnerFacts, account: AccountFacts, wanted: list[Wanted]
) -> list[Wanted]:
    """Say what becomes of the occurrences that came before the partner joined, or before it had this account.

    The answer depends on that day alone, not on the day of planning: planning again moves nothing.
    """
    joined_at = max(filter(None, (partner.joined_at, account.added_at)), default=None)
    if joined_at is None:
        return wanted
    why = "before the partner joined" if joined_at == partner.joined_at else "before the account was added"
    on_time = [one for one in wanted if one.place.due_at >= joined_at]
    taken = {local(one.place.due_at, timetable.zone).date() for one in on_time if one.place.skipped is None}
    late = [_late(timetable, one, taken, joined_at, why) for one in wanted if one.place.due_at < joined_at]
    return sorted(late + on_time, key=lambda one: one.place.due_at)


def _late(timetable: Timetable, one: Wanted, taken: set[date], joined_at: datetime, why: str) -> Wanted:
    if one.slot.late == "skip":
        return replace(one, missed=f"its time came {why}")
    if one.place.skipped or one.fault:
        return one
    caught = _next_free(timetable, one, taken, joined_at)
    if caught is None:
        return replace(one, missed=f"its time came {why}, and no day was left to catch up")
    taken.add(local(caught.due_at, timetable.zone).date())
    return replace(one, place=caught)


def _next_free(timetable: Timetable, one: Wanted, taken: set[date], joined_at: datetime) -> Place | None:
    """Return the first day from joining on, at the same hour, on which the account posts nothing else."""
    wall = local(one.place.base_at, timetable.zone).time()
    day = local(joined_at, timetable.zone).date()
    end = day + _HORIZON
    while day <= end:
        base_at = instant(datetime.combine(day, wall), timetable.zone)
        tried = replace(one.place, base_at=base_at, due_at=base_at + (one.place.due_at - one.place.base_at))
        if too_late(timetable, one.occurrence, tried):
            return None
        due_day = local(tried.due_at, timetable.zone).date()
        free = due_day not in taken and quiet_on(timetable, one.partner, due_day) is None
        if free and tried.due_at >= joined_at and (not one.slot.working or is_working(due_day)):
            return tried
        day += timedelta(days=1)
    return None
