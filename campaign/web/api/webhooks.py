"""Webhooks for admins' programs: add one, list them, switch off and on, try one, see its last calls."""

from collections.abc import Callable, Mapping
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.hooks import managing
from campaign.intake.values import ROW_MAX
from campaign.models import hooks
from campaign.models.hooks import EVENTS, Hook, HookCall, Kind
from campaign.people import Right, demand
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Administers, Caller
from campaign.web.api.once import Once, Onced
from campaign.web.api.shapes import Address, Page, Sent, Size

router = APIRouter(prefix="/webhooks", tags=["webhooks"])

Number = Annotated[int, Path(ge=1, le=ROW_MAX, description="The webhook's number.")]
Told = Literal["published", "failed", "unconfirmed", "returned"]


class NewWebhook(Sent):
    """Where a program is to be told of posts."""

    url: Address = Field(description="An https address of a server outside.")
    kinds: Annotated[list[Told], Field(min_length=1, max_length=len(EVENTS))]


class WebhookOut(BaseModel):
    """A webhook. Its address is not shown whole: whoever knows it can often use it."""

    id: str
    place: str
    kinds: list[Told]
    made_by: str
    made_at: str
    waiting: int = Field(description="Calls that wait to be made.")
    failing_since: str | None
    off_at: str | None
    off_by: str | None = Field(description="Who switched it off; null where it is on, or fell off by itself.")
    off_why: str | None


class WebhookMade(WebhookOut):
    """A new webhook."""

    secret: str | None = Field(
        description="Signs its calls. It is shown this once: asked again under the same key, null."
    )


class WebhookCall(BaseModel):
    """One call of a webhook. With neither `next_try_at` nor `taken_at` it was given up."""

    id: str = Field(description="The call's name, as the header `webhook-id` has it.")
    kind: Kind
    made_at: str
    tries: int
    tried_at: str | None
    taken_at: str | None
    next_try_at: str | None
    answer: str | None


def _document(row: Hook, waiting: Mapping[int, int]) -> dict[str, object]:
    return {
        "id": str(row.id),
        "place": row.place,
        "kinds": row.kinds,
        "made_by": row.made_by,
        "made_at": iso(row.made_at),
        "waiting": waiting.get(row.ident, 0),
        "failing_since": iso(row.failing_since) if row.failing_since else None,
        "off_at": iso(row.off_at) if row.off_at else None,
        "off_by": row.off_by,
        "off_why": row.off_why,
    }


def _call(row: HookCall) -> dict[str, object]:
    times = {name: getattr(row, name) for name in ("tried_at", "taken_at", "next_try_at")}
    return {
        "id": row.message,
        "kind": row.kind,
        "made_at": iso(row.made_at),
        "tries": row.tries,
        "answer": row.answer,
        **{name: iso(at) if at else None for name, at in times.items()},
    }


@router.get("")
def list_webhooks(who: Administers) -> Page[WebhookOut]:
    """List the webhooks; there are never more than a few."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.read() as session:
        rows = hooks.hooks(session)
        waiting = hooks.waiting(session, [row.ident for row in rows])
    return Page[WebhookOut](items=[WebhookOut.model_validate(_document(row, waiting)) for row in rows])


@router.post("", status_code=201)
def add_webhook(sent: NewWebhook, who: Administers, once: Onced) -> WebhookMade:
    """Add a webhook. It is told of what happens from now on."""
    app, made = who.house.app, list[str]()

    def act(desk: Desk) -> dict[str, object]:
        loopback = app.settings.webhooks.loopback
        row, secret = managing.add(desk, app.vault, url=sent.url, kinds=sent.kinds, loopback=loopback)
        made.append(secret)
        return _document(row, {}) | {"secret": None}

    # What is kept under an idempotency key lies there in the clear: the secret goes past it.
    answer = once.do(who, sent, WebhookMade, act)
    return answer.model_copy(update={"secret": made[0]}) if made else answer


@router.post("/{ident}/off")
def switch_webhook_off(ident: Number, who: Administers, once: Onced) -> WebhookOut:
    """Call a webhook no more. What happens meanwhile is told when it is switched on again."""
    return _done(ident, who, once, managing.switch_off)


@router.post("/{ident}/on")
def switch_webhook_on(ident: Number, who: Administers, once: Onced) -> WebhookOut:
    """Call a webhook again, with every call that it has not taken and what happened meanwhile."""
    return _done(ident, who, once, managing.switch_on)


def _done(ident: int, who: Caller, once: Once, do: Callable[[Desk, Hook], object]) -> WebhookOut:
    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.ADMINISTER)
        row = managing.found(desk.session, ident)
        do(desk, row)
        return _document(row, hooks.waiting(desk.session, [ident]))

    return once.do(who, None, WebhookOut, act)


@router.post("/{ident}/test")
def test_webhook(ident: Number, who: Administers, once: Onced) -> WebhookCall:
    """Have the daemon make a call that tells of nothing; its answer is among the last calls within seconds."""

    def act(desk: Desk) -> dict[str, object]:
        demand(desk.person, Right.ADMINISTER)
        return _call(managing.test(desk, managing.found(desk.session, ident)))

    return once.do(who, None, WebhookCall, act)


@router.get("/{ident}/calls")
def list_calls(ident: Number, who: Administers, limit: Size = 50) -> Page[WebhookCall]:
    """List the last calls of a webhook, the newest first; they are kept for 30 days."""
    demand(who.person, Right.ADMINISTER)
    with who.house.app.database.read() as session:
        managing.found(session, ident)
        rows = hooks.last_calls(session, ident, limit=limit)
    return Page[WebhookCall](items=[WebhookCall.model_validate(_call(row)) for row in rows])
