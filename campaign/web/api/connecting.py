"""Connecting an account by a program: where a person consents, then what the platform answered, then a choice.

The person opens the address in a browser and the platform sends it back to a page of ours; what it answered stands in
that page's address. The journey's secret binds the answer to the token that asked, and no credentials are ever shown.
"""

from typing import Annotated

from fastapi import APIRouter, Path
from pydantic import BaseModel, Field

from campaign.intake.values import ROW_MAX
from campaign.people import visits
from campaign.register.connecting import not_connected, own_account
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Caller, Connects
from campaign.web.api.once import Onced
from campaign.web.api.shapes import Name, Sent
from campaign.web.consenting import Connected, Journey, Offered

router = APIRouter(prefix="/accounts/{ident}/connect", tags=["accounts"])

Number = Annotated[int, Path(ge=1, le=ROW_MAX, description="The account's number.")]
_PROGRAM = "a program"


class ConnectBegun(BaseModel):
    """Where a person consents. What is asked again under one key is null: it is shown this once."""

    account: str
    address: str | None = Field(description="To be opened in a browser within ten minutes; it serves once.")
    journey: str | None = Field(description="To be sent with what the platform answers.")


class OnJourney(Sent):
    """The journey that a call goes on with."""

    journey: Name


class Answer(OnJourney):
    """What stands in the address to which the platform sent the browser back."""

    state: Annotated[str, Field(min_length=1, max_length=500)]
    code: Annotated[str, Field(min_length=1, max_length=4000)] | None = None
    error: Annotated[str, Field(max_length=500)] | None = Field(default=None, description="Where there is no code.")


class Choice(OnJourney):
    """Which of those that were offered the account is."""

    external_id: Name


class OfferOut(BaseModel):
    """An account on the platform that the consent holds for."""

    external_id: str
    handle: str


class ConnectEnd(BaseModel):
    """What came of it. With ``offers`` nothing is connected yet: choose one within ten minutes."""

    account: str
    connected: bool
    offers: list[OfferOut]
    works: bool | None = Field(description="Whether its platform lets us in; null: nothing is connected.")
    can_find: bool | None
    note: str
    lacks: list[str] = Field(description="What does not work for lack of a permission.")
    returned: int = Field(description="Posts that went back to review, because the account is another one now.")


@router.post("", status_code=201)
def begin_connecting(ident: Number, who: Connects, once: Onced) -> ConnectBegun:
    """Begin to connect an account: the answer says where a person consents on its platform."""
    house, made = who.house, list[str]()
    house.rates.spend("connect", who.person.name)

    def act(desk: Desk) -> dict[str, object]:
        own_account(desk.session, ident, desk.person)
        secret, visit = visits.begin(desk.session, desk.now, browser=_PROGRAM)
        address = Journey(house, desk.person, visit).begin(desk.session, ident)
        visits.keep(desk.session, visit, token=who.token.ident)
        made.extend((address, secret))
        return {"account": str(ident), "address": None, "journey": None}

    # What is kept under an idempotency key lies there in the clear: the secrets go past it.
    answer = once.do(who, None, ConnectBegun, act)
    return answer.model_copy(update=dict(zip(("address", "journey"), made, strict=True))) if made else answer


def _journey(who: Caller, secret: str) -> Journey:
    house = who.house
    with house.app.database.read() as session:
        found = visits.find(session, secret, house.now(), house.lasting)
    if found is None or found[0].kept.get("token") != who.token.ident:
        raise not_connected("The connection was begun elsewhere, took too long, or was made already", "Begin it again.")
    return Journey(house, who.person, found[0])


def _end(found: Connected | Offered) -> ConnectEnd:
    done = found if isinstance(found, Connected) else None
    offers = found.offers if isinstance(found, Offered) else ()
    probe = done.probe if done else {}
    return ConnectEnd.model_validate(
        {
            "account": str(found.account.id),
            "connected": done is not None,
            "offers": [OfferOut(external_id=one.external_id, handle=one.handle) for one in offers],
            "works": probe.get("works"),
            "can_find": probe.get("can_find"),
            "note": probe.get("note", ""),
            "lacks": list(done.warnings) if done else [],
            "returned": done.anew if done else 0,
        }
    )


@router.post("/answer")
def finish_connecting(ident: Number, sent: Answer, who: Connects) -> ConnectEnd:
    """Take what the platform answered. It serves once, so it takes no `Idempotency-Key`."""
    with who.house.app.database.read() as session:
        account, _ = own_account(session, ident, who.person)
    said = {"state": sent.state, "code": sent.code, "error": sent.error}
    journey = _journey(who, sent.journey)
    if journey.account_id != ident:
        raise not_connected("The connection was begun for another account")
    return _end(journey.come_back(account.channel, {name: text for name, text in said.items() if text}))


@router.post("/choice")
def choose_account(ident: Number, sent: Choice, who: Connects) -> ConnectEnd:
    """Choose which of those that were offered the account is. It serves once, so it takes no `Idempotency-Key`."""
    return _end(_journey(who, sent.journey).choose(ident, sent.external_id))
