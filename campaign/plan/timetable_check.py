"""Judges a timetable that reads well: what is still empty, a placeholder, unconfirmed, over. For ``campaign check``."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from campaign.errors import BadInput, Finding
from campaign.plan.days import instant, local
from campaign.plan.entries import Event, Slot, Timetable
from campaign.plan.occurrences import occurrences, span
from campaign.plan.questions import Question


def check_timetable(
    timetable: Timetable,
    now: datetime,
    *,
    placeholders_allowed: bool = False,
    questions: Sequence[Question] | None = None,
) -> list[Finding]:
    """Return errors (they stop a campaign) and warnings, each with its line and a mend.

    Placeholders are errors unless ``placeholders_allowed``, as in a demo or a rehearsal. Slots for each question are
    judged only where ``questions`` are given. ``now`` is aware UTC.
    """
    found = [*_all_past(timetable, now, questions or ())]
    found += _details(timetable, placeholders_allowed=placeholders_allowed)
    for event in timetable.events:
        found += _event(timetable, event, now, placeholders_allowed=placeholders_allowed)
    for slot in timetable.slots:
        if questions is not None or not (slot.for_each or "").startswith("question-"):
            found += _slot(timetable, slot, now, questions or ())
    return found


def _all_past(timetable: Timetable, now: datetime, questions: Sequence[Question]) -> Iterable[Finding]:
    """Say first what explains most of the rest: the campaign is over."""
    try:
        dues = [found[-1].due_at for slot in timetable.slots if (found := occurrences(timetable, slot, questions))]
    except BadInput:
        return
    if dues and max(dues) < now:
        problem = f"all of them are past: the last post was due on {local(max(dues), timetable.zone):%Y-%m-%d}"
        mend = "Move them to the launch that you mean: `campaign init . --launch DATE --force`"
        yield Finding(timetable.file, "days", problem, mend, timetable.lines.get("days"), "warning")


def _details(timetable: Timetable, *, placeholders_allowed: bool) -> Iterable[Finding]:
    for name, value in timetable.details.items():
        line, place = timetable.lines.get(f"details.{name}"), f"details.{name}"
        if not value.strip():
            yield Finding(timetable.file, place, "is empty", "Write it, or take the line out", line)
        elif name in timetable.placeholders and not placeholders_allowed:
            mend = "Write what DfE published and take its name out of `placeholders`"
            yield Finding(timetable.file, place, "is still a placeholder", mend, line)


def _event(timetable: Timetable, event: Event, now: datetime, *, placeholders_allowed: bool) -> list[Finding]:
    """Return what is to be said of one event; a placeholder needs no second word on being unconfirmed."""
    warnings = {
        "full": ("is full, and its posts ask people to register", "See that the words fit, or cancel what is to come"),
        "moved": ("has moved; its posts are held", 'Write its new time in `starts`, then status = "open"'),
        "cancelled": ("is cancelled; its posts are withdrawn", "Nothing to do, unless it is on again"),
    }
    said: list[tuple[str, str, str, str]] = []
    if event.placeholder and not placeholders_allowed:
        mend = "Write the day and the link that DfE published, and take `placeholder` away"
        said.append(("placeholder", "is still a placeholder", mend, "error"))
    elif not event.placeholder:
        if not event.confirmed:
            mend = "Write confirmed = true once DfE has confirmed it"
            said.append(("confirmed", "is not confirmed, so that nothing of it is queued", mend, "warning"))
        if not event.register_url.strip():
            said.append(("register_url", "is empty", "Write the address at which people register", "warning"))
    if event.status in warnings:
        said.append(("status", *warnings[event.status], "warning"))
    if instant(event.starts, timetable.zone) < now:
        said.append(("starts", "is past", "Leave it, unless the year is wrong", "warning"))
    return [
        Finding(timetable.file, f"event.{event.name}.{key}", problem, mend, event.line, severity)
        for key, problem, mend, severity in said
    ]


def _slot(timetable: Timetable, slot: Slot, now: datetime, questions: Sequence[Question]) -> Iterable[Finding]:
    """Find a slot that never comes, or never again."""
    place = f"slot.{slot.name}"
    try:
        dues = occurrences(timetable, slot, questions)
    except BadInput as error:
        yield from error.findings
        return
    if not dues:
        mend = "Correct its time, its `from` and `until`, or what it is for each of"
        yield Finding(timetable.file, place, "never comes", mend, slot.line)
    elif dues[-1].due_at + slot.spread < now:
        yield _past(timetable, slot, now)


def _past(timetable: Timetable, slot: Slot, now: datetime) -> Finding:
    """Say that a slot comes no more; one that is caught up still reaches partners who join later."""
    last = span(timetable, slot)[1]
    if slot.late == "catch-up" and (last is None or last >= now):
        problem = "is past, and partners who join now still catch it up"
        mend = 'Leave it, or end that with `until`, such as until = "close"'
    else:
        problem, mend = "lies wholly in the past", "Leave it, unless the year is wrong"
    return Finding(timetable.file, f"slot.{slot.name}", problem, mend, slot.line, "warning")
