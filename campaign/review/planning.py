"""Bringing posts in line with the timetable: one run of the plan, written in a person's name."""

from dataclasses import dataclass

from campaign.people import Right, demand
from campaign.plan.gather import Source, gather
from campaign.plan.planner import plan
from campaign.plan.rows import PlanRow
from campaign.review import queue, rules
from campaign.review.decisions import Desk
from campaign.review.queue import Queued


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What a run did: the rows of the plan, what became of them, and the events that are held or let go now."""

    rows: tuple[PlanRow, ...]
    queued: Queued
    held: tuple[str, ...]
    let_go: tuple[str, ...]

    @property
    def blocked(self) -> list[PlanRow]:
        """The rows that could not be filled."""
        return [row for row in self.rows if row.action == "blocked"]


def bring_in(desk: Desk, source: Source, *, only: str | None = None) -> BroughtIn:
    """Write the plan of every partner that the person may queue for; ``only``: of this one alone.

    Raises:
        NotAllowed: the person may not queue.
        BadInput: the timetable or a template is at fault.

    """
    demand(desk.person, Right.QUEUE, only)
    mine = only or desk.person.partner_key
    timetable, allowed = source.copy.timetable, source.placeholders_allowed
    rows = [row for row in plan(gather(desk.session, source, desk.now)) if mine in (None, row.partner)]
    unsure = rules.unsure_events(timetable, placeholders_allowed=allowed)
    rules.keep_quiet(desk.session, timetable)
    done = queue.apply(desk, rows)
    held = rules.hold_events(desk.session, unsure, desk.now)
    # Whoever queues for one partner alone has not brought the others' posts in line.
    let_go = rules.release_events(desk.session, unsure, desk.now) if mine is None else []
    _keep_templates(desk, source)
    return BroughtIn(tuple(rows), done, tuple(held), tuple(let_go))


def _keep_templates(desk: Desk, source: Source) -> None:
    for (name, channel), template in source.copy.templates.by_key.items():
        called = f"{name}.{channel}" if channel else name
        text = template.file.read_text(encoding="utf-8")
        queue.note_template(desk, name=called, version=str(template.version), digest=template.digest, source=text)
