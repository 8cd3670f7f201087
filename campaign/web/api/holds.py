"""Holds: those that are on, what a release will do, hold, release."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlmodel import Session

from campaign.clock import iso
from campaign.models.holds import Hold
from campaign.people import Right, demand
from campaign.review import holding
from campaign.review.decisions import Desk
from campaign.review.foresight import Terms, foresee
from campaign.web.api.bearer import Caller, Holds, Reads
from campaign.web.api.once import Onced
from campaign.web.api.shapes import Name, Page, Reason, Sent

router = APIRouter(prefix="/holds", tags=["holds"])


class NewHold(Sent):
    """What to hold: everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."""

    scope: Name
    reason: Reason


class OneScope(Sent):
    """A scope that is held."""

    scope: Name


class HoldOut(BaseModel):
    """A hold that is on."""

    scope: str
    reason: str
    held_by: str
    held_at: str


class Released(BaseModel):
    """How many holds were let go."""

    scope: str
    released: int


class Foretold(BaseModel):
    """What a release will do to one post that fell due meanwhile."""

    id: str
    partner: str
    channel: str
    slot: str
    due_at: str
    fate: str
    outcome: str


def _document(row: Hold) -> dict[str, object]:
    return {"scope": row.scope, "reason": row.reason, "held_by": row.held_by, "held_at": iso(row.held_at)}


def _checked(session: Session, who: Caller, scope: str) -> str:
    return holding.check_scope(session, scope, frozenset(who.house.app.channels), who.person.partner_key)


@router.get("")
def list_holds(who: Reads) -> Page[HoldOut]:
    """List the holds that are on; an officer's token sees those that concern its partner."""
    with who.house.app.database.read() as session:
        return Page[HoldOut](
            items=[HoldOut.model_validate(_document(row)) for row in holding.seen_by(session, who.person)]
        )


@router.get("/foretell")
def foretell(who: Reads, scope: Annotated[Name, Query()]) -> Page[Foretold]:
    """Say what a release of this scope will do to each post that fell due meanwhile; nothing is done."""
    app = who.house.app
    terms = Terms.of(app.clock.now(), app.settings.dispatch.grace, app.contents, app.channels)
    with app.database.read() as session:
        demand(who.person, Right.HOLD)
        scope = _checked(session, who, scope)
        holding.standing(session, scope)
        items = [
            Foretold(
                id=str(item.row.post.id),
                partner=item.row.partner.key,
                channel=item.row.post.channel,
                slot=item.row.post.slot,
                due_at=iso(item.row.post.due_at),
                fate=item.fate.value,
                outcome=item.outcome,
            )
            for item in foresee(session, scope, terms)
        ]
    return Page[Foretold](items=items)


@router.post("", status_code=201)
def hold(sent: NewHold, who: Holds, once: Onced) -> HoldOut:
    """Stop what falls under a scope, at once."""

    def act(desk: Desk) -> dict[str, object]:
        scope = _checked(desk.session, who, sent.scope)
        return _document(holding.hold(desk.session, desk.person, scope, sent.reason, desk.now))

    return once.do(who, sent, HoldOut, act)


@router.post("/release")
def release(sent: OneScope, who: Holds, once: Onced) -> Released:
    """Let go what is held by exactly this scope. Ask first what that will do."""

    def act(desk: Desk) -> dict[str, object]:
        scope = _checked(desk.session, who, sent.scope)
        return {"scope": scope, "released": holding.release(desk.session, desk.person, scope, desk.now)}

    return once.do(who, sent, Released, act)
