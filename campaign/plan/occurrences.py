"""When a slot comes: its occurrences as instants, before any partner's spread, hours or quiet periods. Pure.

Cron lines are computed by APScheduler's ``CronTrigger`` on wall time. It is given UTC as its zone on purpose: asked in
local time it fires twice in the hour that the clocks repeat, and names an hour that does not exist when they skip one
(measured for 3.11). So the trigger yields wall times, each once, and ``days.instant`` alone turns them into instants.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from fnmatch import fnmatchcase

from apscheduler.triggers.cron import CronTrigger

from campaign.errors import BadInput, Finding
from campaign.plan.days import at_instant, instant, is_working, local, on_working
from campaign.plan.entries import At, Event, Slot, Timetable
from campaign.plan.questions import Question, in_turn
from campaign.plan.references import anchor_of

MOST = 1000
"""No slot may come more often: it would be a slip of the pen, and hundreds of partners would each get that many."""

_LAST = time(23, 59, 59)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One time that a slot comes. ``due_at`` is aware UTC; ``key`` is the ``for_each`` name or the local date-time.

    ``event`` is what its words are about; ``hangs_on`` that, or the event from which its time is counted.
    """

    slot: Slot
    key: str
    due_at: datetime
    template: str | None = None
    event: Event | None = None
    question: Question | None = None
    hangs_on: Event | None = None

    @property
    def window(self) -> tuple[datetime, datetime]:
        """Return the slot's time less and plus its spread: a move inside it keeps an approval."""
        return self.due_at - self.slot.spread, self.due_at + self.slot.spread


def occurrences(timetable: Timetable, slot: Slot, questions: Sequence[Question] = ()) -> list[Occurrence]:
    """Return every time that the slot comes, in order, whatever the present time is.

    Raises:
        campaign.errors.BadInput: the slot comes more than ``MOST`` times.

    """
    first, last = span(timetable, slot)
    if slot.cron is not None:
        return _by_cron(timetable, slot, questions, (first, last))
    if slot.for_each and slot.for_each.startswith("event-"):
        found = [_once(timetable, slot, n, event=event) for n, event in enumerate(timetable.events_like(slot.for_each))]
    elif slot.for_each:
        fitting = [question for question in questions if fnmatchcase(question.key, slot.for_each)]
        found = [_once(timetable, slot, n, question=question) for n, question in enumerate(fitting)]
    else:
        found = [_once(timetable, slot, 0)]
    kept = [occurrence for occurrence in found if occurrence and _inside(occurrence.due_at, first, last)]
    return sorted(kept, key=lambda occurrence: occurrence.due_at)


def span(timetable: Timetable, slot: Slot) -> tuple[datetime | None, datetime | None]:
    """Return the first and last instant of the slot; None where it has no bound. A cron ends with the named days."""
    bounds = timetable.bounds() if slot.cron else None
    starts = slot.starts or (At(day=bounds[0]) if bounds else None)
    ends = slot.ends or (At(day=bounds[1]) if bounds else None)
    return _bound(timetable, starts, time.min), _bound(timetable, ends, _LAST)


def _bound(timetable: Timetable, at: At | None, default: time) -> datetime | None:
    anchor = anchor_of(timetable, at) if at else None
    return at_instant(at, anchor, timetable.zone, default) if at and anchor else None


def _inside(due_at: datetime, first: datetime | None, last: datetime | None) -> bool:
    return (first is None or first <= due_at) and (last is None or due_at <= last)


def _once(
    timetable: Timetable, slot: Slot, turn: int, *, event: Event | None = None, question: Question | None = None
) -> Occurrence | None:
    """Return the one time of an ``at`` line for this event or question; None where the event is over by then.

    A reminder that the weekend pushes past its event reminds nobody, so it does not come.
    """
    anchor = anchor_of(timetable, slot.at, event.name if event else None) if slot.at else None
    due_at = at_instant(slot.at, anchor, timetable.zone) if slot.at and anchor else None
    if due_at is None:
        return None
    moved_at = _moved(timetable, slot, due_at)
    if event and moved_at != due_at and moved_at >= instant(event.starts, timetable.zone):
        return None
    key = event.key if event else question.key if question else _wall_key(timetable, moved_at)
    template = slot.templates[turn % len(slot.templates)] if slot.templates else None
    counted_from = timetable.event(slot.at.day) if slot.at and isinstance(slot.at.day, str) else None
    return Occurrence(slot, key, moved_at, template, event, question, hangs_on=event or counted_from)


def _moved(timetable: Timetable, slot: Slot, due_at: datetime) -> datetime:
    """Move a time that falls on a day off to the next working day, same hour, where the slot asks for it."""
    wall = local(due_at, timetable.zone)
    if not slot.working or is_working(wall.date()):
        return due_at
    return instant(datetime.combine(on_working(wall.date()), wall.time()), timetable.zone)


def _wall_key(timetable: Timetable, due_at: datetime) -> str:
    wall = local(due_at, timetable.zone)
    return wall.isoformat(timespec="seconds" if wall.second else "minutes")


def _by_cron(
    timetable: Timetable,
    slot: Slot,
    questions: Sequence[Question],
    bounds: tuple[datetime | None, datetime | None],
) -> list[Occurrence]:
    """Return one occurrence for each local time; with ``for_each`` each takes the next question until none is left."""
    dues = _kept(timetable, slot, _ticks(timetable, slot, bounds), bounds[1])
    turns = in_turn(questions, slot.for_each or "question-*")
    found: list[Occurrence] = []
    for number, due_at in enumerate(dues):
        template = slot.templates[number % len(slot.templates)] if slot.templates else None
        if slot.for_each and number >= len(turns):
            break
        question = turns[number] if slot.for_each else _rotated(turns, number // max(1, len(slot.templates)))
        key = question.key if slot.for_each and question else _wall_key(timetable, due_at)
        found.append(Occurrence(slot, key, due_at, template, question=question))
    return found


def _rotated(turns: Sequence[Question], turn: int) -> Question | None:
    """Return the question that a template in rotation may print, should it print one."""
    return turns[turn % len(turns)] if turns else None


def _ticks(timetable: Timetable, slot: Slot, bounds: tuple[datetime | None, datetime | None]) -> Iterator[datetime]:
    """Yield the instants of the cron line between the bounds."""
    first, last = bounds
    if first is None or last is None or slot.cron is None:
        return
    trigger = CronTrigger.from_crontab(slot.cron, timezone=UTC)
    trigger.end_date = local(last, timetable.zone).replace(tzinfo=UTC)
    wall, count = local(first, timetable.zone).replace(tzinfo=UTC), 0
    while (fires := trigger.get_next_fire_time(None, wall)) is not None and fires <= trigger.end_date:
        due_at = instant(fires.replace(tzinfo=None), timetable.zone)
        if first <= due_at <= last:
            count += 1
            yield due_at
        if count > MOST:
            raise _too_many(timetable, slot)
        wall = fires + timedelta(minutes=1)


def _too_many(timetable: Timetable, slot: Slot) -> BadInput:
    problem, mend = f"{slot.cron!r} comes more than {MOST} times", "Write a rarer time, or an earlier `until`"
    return BadInput([Finding(timetable.file, f"slot.{slot.name}.cron", problem, mend, slot.line)])


def _kept(timetable: Timetable, slot: Slot, ticks: Iterable[datetime], last: datetime | None) -> list[datetime]:
    """Return each local time once; a moved one only where its new day has none of its own, and only one a day."""
    due = list(dict.fromkeys(ticks))
    stay = {due_at for due_at in due if _moved(timetable, slot, due_at) == due_at}
    days = {local(due_at, timetable.zone).date() for due_at in stay}
    kept = set(stay)
    for due_at in due:
        moved_at = _moved(timetable, slot, due_at)
        day = local(moved_at, timetable.zone).date()
        if due_at not in stay and day not in days and _inside(moved_at, None, last):
            days.add(day)
            kept.add(moved_at)
    return sorted(kept)
