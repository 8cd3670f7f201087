"""The plan: what the timetable would do, and the order to queue what was seen."""

from collections import Counter
from collections.abc import Mapping
from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.people import Right, demand
from campaign.plan.rows import PlanRow
from campaign.review import planning
from campaign.review.decisions import Desk
from campaign.review.planning import Ahead
from campaign.web.api.bearer import Caller, Queues
from campaign.web.api.once import Onced
from campaign.web.api.problems import SeenOthers
from campaign.web.api.shapes import Digest, Sent

router = APIRouter(prefix="/plan", tags=["posts"])

_SHOWN = 1000


class SeenPlan(Sent):
    """A plan that was seen."""

    seen: Digest


class Planned(BaseModel):
    """What would become of one post."""

    action: Literal["add", "change", "withdraw"]
    partner: str
    channel: str
    slot: str
    due_at: str
    reason: str | None
    post: str | None


class PlanCounts(BaseModel):
    """How many posts are added, changed, withdrawn, kept, past, and lack something."""

    add: int = 0
    change: int = 0
    withdraw: int = 0
    keep: int = 0
    past: int = 0
    blocked: int = 0


class PlanOut(BaseModel):
    """What queueing would do."""

    seen: str = Field(description="To be sent with the order to queue it.")
    counts: PlanCounts
    rows: list[Planned] = Field(description=f"The first {_SHOWN} of what would be done, by time.")
    lacking: list[str] = Field(description="What keeps posts from being made, each once.")


class PlanQueued(BaseModel):
    """What queueing has done."""

    counts: PlanCounts
    drafts: int = Field(description="How many of the posts wait for their partner's yes.")


def _ahead(who: Caller) -> Ahead:
    house = who.house
    source = house.app.source(placeholders=False)
    with house.app.database.read() as session:
        return planning.plan_ahead(session, source, house.now())


@router.get("")
def show_plan(who: Queues) -> PlanOut:
    """Show what queueing would do; an officer's token sees its own partner's. Nothing is written."""
    demand(who.person, Right.QUEUE)
    who.house.rates.spend("plan", who.person.name)
    ahead, own = _ahead(who), who.person.partner_key
    mine = [row for row in ahead.rows if own in (None, row.partner)]
    lacking = dict.fromkeys(str(one) for row in mine if row.action == "blocked" for one in row.findings)
    return PlanOut(
        seen=ahead.digest(own),
        counts=_counts(Counter(row.action for row in mine)),
        rows=[_planned(row) for row in ahead.doing(own)[:_SHOWN]],
        lacking=list(lacking),
    )


def _counts(found: Mapping[str, int]) -> PlanCounts:
    return PlanCounts.model_validate({name: found.get(name, 0) for name in PlanCounts.model_fields})


def _planned(row: PlanRow) -> Planned:
    return Planned.model_validate(
        {
            "action": row.action,
            "partner": row.partner,
            "channel": row.channel,
            "slot": row.slot,
            "due_at": iso(row.due_at),
            "reason": row.reason or None,
            "post": str(row.post_id) if row.post_id else None,
        }
    )


@router.post("")
def queue_plan(sent: SeenPlan, who: Queues, once: Onced) -> PlanQueued:
    """Queue what was seen, all of it, in the name of the token's person."""
    who.house.rates.spend("plan", who.person.name)
    source, ahead = who.house.app.source(placeholders=False), _ahead(who)

    def act(desk: Desk) -> dict[str, object]:
        brought = planning.bring_in_seen(desk, source, ahead, sent.seen)
        if brought is None:
            raise SeenOthers
        return {"counts": _counts(brought.queued.counts), "drafts": len(brought.queued.not_agreed)}

    return once.do(who, sent, PlanQueued, act)
