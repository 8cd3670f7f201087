"""A partner's details, and what becomes of its posts when they change."""

from collections import Counter
from collections.abc import Mapping

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.errors import BadInput
from campaign.models.partners import CONTACT, Account, Partner
from campaign.people import Right, demand
from campaign.people.bearers import Scope
from campaign.plan.fill import parts
from campaign.plan.refill import pictures_named, unknown_fields
from campaign.plan.rows import PlanRow
from campaign.plan.template import wanted_fields
from campaign.register.partners import KEPT, refuse_kept
from campaign.review import describing
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Caller, Queues, Reads
from campaign.web.api.once import Once, Onced
from campaign.web.api.posts import composed
from campaign.web.api.shapes import Fault, Name, Page, PartnerKey, PostProposed, Sent, Words

router = APIRouter(prefix="/partners/{partner}/details", tags=["partners"])


class DetailsOut(BaseModel):
    """A partner's details. ``fields``: the names that the campaign's templates ask for, as they are written here."""

    partner: str
    name: str
    registered: dict[str, str] = Field(
        description="What the campaign team keeps of it and templates read too: only an admin's token with the scope "
        "`administer` writes it."
    )
    details: dict[str, str]
    fields: list[str]
    version: str = Field(description="To be sent with a change: where it is another by then, nothing is done.")


class Versioned(Sent):
    """A change of details that were seen."""

    version: str = Field(default="", max_length=64, description="The `version` that was seen; empty: whatever it is.")


class NewDetails(Versioned):
    """Values for details; what is not named stays, and an empty value takes one away."""

    details: dict[Name, Words] = Field(min_length=1, max_length=60)


class Example(PostProposed):
    """A first post of an account, as it would look."""

    account: str
    channel: str


class DetailsSaved(DetailsOut):
    """The details as they are now, and what became of the partner's posts."""

    added: int
    changed: int
    withdrawn: int
    blocked: int = Field(description="Posts that lack something.")


def _document(who: Caller, partner: Partner) -> dict[str, object]:
    fields = wanted_fields(who.house.app.copy.templates)
    return {
        "partner": partner.key,
        "name": partner.name,
        "registered": {name: getattr(partner, name) for name in KEPT},
        "details": dict(partner.details),
        "fields": sorted(part for spec in fields.values() for part in parts(spec)),
        "version": describing.version(partner),
    }


@router.get("")
def show_details(partner: PartnerKey, who: Reads) -> DetailsOut:
    """Show what posts are filled with for a partner."""
    with who.house.app.database.read() as session:
        return DetailsOut.model_validate(_document(who, who.partner(session, partner)))


@router.post("/preview")
def preview_details(partner: PartnerKey, sent: NewDetails, who: Queues) -> Page[Example]:
    """Show for each account of a partner how a first post would look with other details. Nothing is stored."""
    _refuse_wrong(who, sent)
    app = who.house.app
    source = app.source(placeholders=True)
    with app.database.read() as session:
        found = who.partner(session, partner)
        demand(who.person, Right.AGREE, found.key)
        ahead = describing.with_details(found, {**found.details, **sent.details})
        rows = describing.examples(session, source, ahead, who.house.now())
    return Page[Example](items=[_example(who, account, row) for account, row in rows])


def _example(who: Caller, account: Account, row: PlanRow) -> Example:
    shown = composed(who, account.channel, row.draft) if row.draft else None
    return Example(
        account=account.handle, channel=account.channel, preview=shown, faults=[Fault.of(one) for one in row.findings]
    )


@router.patch("")
def change_details(partner: PartnerKey, sent: NewDetails, who: Queues, once: Onced) -> DetailsSaved:
    """Change details, and bring the partner's posts in line: an approval of what changes is void."""
    _refuse_wrong(who, sent)
    return stored(who, once, partner, sent, sent.details)


def stored(who: Caller, once: Once, key: str, sent: Versioned, values: Mapping[str, str]) -> DetailsSaved:
    """Store details of a partner that were checked, and bring its posts in line. ``sent`` is the body of the call."""
    app = who.house.app
    source = app.source(placeholders=False)
    with app.database.read() as session:
        ahead = describing.plan_with(session, source, who.partner(session, key), values, who.person, who.house.now())

    def act(desk: Desk) -> dict[str, object]:
        found = who.partner(desk.session, key)
        standing = ahead if ahead.stands(desk.session) else None
        done = describing.store(desk, source, found, values, sent.version, standing)
        counts = done if done is not None else Counter[str]()
        names = {"added": "add", "changed": "change", "withdrawn": "withdraw", "blocked": "blocked"}
        return _document(who, found) | {name: counts[action] for name, action in names.items()}

    return once.do(who, sent, DetailsSaved, act)


def _refuse_wrong(who: Caller, sent: NewDetails) -> None:
    """Refuse what the person may not write, what no template asks for, pictures, and values that are none of their
    field. Raises NotAllowed, OutOfScope, BadInput.
    """
    refuse_kept(sent.details, who.person)
    if any(name in sent.details for name in KEPT):
        who.demand(Scope.ADMINISTER)
    fields = wanted_fields(who.house.app.copy.templates)
    found = [
        *unknown_fields("details", fields, sent.details, also=("name", CONTACT, *KEPT)),
        *pictures_named("details", fields, sent.details, "Put it in on the page of the details"),
        *describing.faults(fields, sent.details),
    ]
    if found:
        raise BadInput(found)
