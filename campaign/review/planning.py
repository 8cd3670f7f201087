"""Bringing posts in line with the timetable: one run of the plan, written in a person's name."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from sqlmodel import Session

from campaign.models import audit
from campaign.people import Right, demand
from campaign.plan.gather import Source, gather
from campaign.plan.planner import plan
from campaign.plan.rows import PlanRow
from campaign.review import noticing, queue, rules
from campaign.review.decisions import Desk
from campaign.review.queue import Queued


@dataclass(frozen=True, slots=True)
class BroughtIn:
    """What a run did: the rows of the plan, what became of them, the events that are held or let go now, and how many
    notices of such events were drafted.
    """

    rows: tuple[PlanRow, ...]
    queued: Queued
    held: tuple[str, ...]
    let_go: tuple[str, ...]
    noticed: int

    @property
    def blocked(self) -> list[PlanRow]:
        """The rows that could not be filled."""
        return [row for row in self.rows if row.action == "blocked"]


@dataclass(frozen=True, slots=True)
class Ahead:
    """A plan that was made before the transaction that writes it, and the newest decision that it knows of."""

    rows: tuple[PlanRow, ...]
    known: str

    def stands(self, session: Session) -> bool:
        """Say whether nobody has decided anything since: a post that was claimed meanwhile is left as it is."""
        return self.known == _newest(session)

    def doing(self, only: str | None) -> list[PlanRow]:
        """Return what writing it would do, by time; ``only``: for this partner alone. Left out is not done."""
        done = [row for row in self.rows if row.action in _DOES and (row.action == "add" or row.post_id is not None)]
        mine = [row for row in done if only in (None, row.partner)]
        return sorted(mine, key=lambda row: (row.due_at, row.partner, row.channel, row.slot))

    def digest(self, only: str | None) -> str:
        """Return the digest of that: whoever has it written has what they saw written."""
        told = [
            (row.action, row.account_id, row.slot, row.occurrence, row.due_at, row.draft) for row in self.doing(only)
        ]
        return sha256(repr(told).encode()).hexdigest()


_DOES = frozenset({"add", "change", "withdraw"})


def plan_ahead(session: Session, source: Source, now: datetime) -> Ahead:
    """Plan in a session that writes nothing; what was changed in it counts. A plan takes long, and who writes keeps
    others waiting.
    """
    known = _newest(session)
    return Ahead(tuple(plan(gather(session, source, now))), known)


def _newest(session: Session) -> str:
    head = audit.head(session)
    return head.digest if head else ""


def bring_in(desk: Desk, source: Source, *, only: str | None = None, ahead: Ahead | None = None) -> BroughtIn:
    """Write the plan of every partner that the person may queue for; ``only``: of this one alone; ``ahead``: a plan
    that stands.

    Raises:
        NotAllowed: the person may not queue.
        BadInput: the timetable or a template is at fault.

    """
    demand(desk.person, Right.QUEUE, only)
    mine = only or desk.person.partner_key
    timetable, allowed = source.copy.timetable, source.placeholders_allowed
    found = ahead.rows if ahead else plan(gather(desk.session, source, desk.now))
    rows = [row for row in found if mine in (None, row.partner)]
    unsure = rules.unsure_events(timetable, placeholders_allowed=allowed)
    rules.keep_quiet(timetable, desk.session)
    done = queue.apply(desk, rows)
    held = rules.hold_events(desk.session, unsure, desk.now)
    # Whoever queues for one partner alone has not brought the others' posts in line.
    let_go = rules.release_events(desk.session, unsure, desk.now) if mine is None else []
    noticed = noticing.bring_in(desk, source, only=mine)
    _keep_templates(desk, source)
    return BroughtIn(tuple(rows), done, tuple(held), tuple(let_go), len(noticed))


def bring_in_seen(desk: Desk, source: Source, ahead: Ahead, seen: str) -> BroughtIn | None:
    """Write a plan as ``bring_in`` does, where it does what was ``seen``; it is made anew where somebody has decided
    something meanwhile. None, and nothing is written, where it would do another thing.
    """
    now = ahead if ahead.stands(desk.session) else plan_ahead(desk.session, source, desk.now)
    return bring_in(desk, source, ahead=now) if now.digest(desk.person.partner_key) == seen else None


def _keep_templates(desk: Desk, source: Source) -> None:
    for (name, channel), template in source.copy.templates.by_key.items():
        called = f"{name}.{channel}" if channel else name
        text = template.file.read_text(encoding="utf-8")
        queue.note_template(desk, name=called, version=str(template.version), digest=template.digest, source=text)
