"""What there is to read beside posts and holds: the engagement log, the partners, their accounts."""

from functools import partial

from fastapi import APIRouter
from pydantic import BaseModel, Field

from campaign.models import figures, partners
from campaign.models.figures import Order
from campaign.plan.fields import FieldSpec
from campaign.plan.fill import parts
from campaign.plan.refill import tied
from campaign.plan.template import Template
from campaign.reports.documents import account_document, partner_document
from campaign.reports.log import log_row
from campaign.web import places
from campaign.web.api.bearer import Reads
from campaign.web.api.figures import Filtered, Reading
from campaign.web.api.query import place
from campaign.web.api.shapes import AccountOut, Cursor, Page, PartnerOut, Size
from campaign.web.engagement import place_in, place_of

router = APIRouter()


class FieldOut(BaseModel):
    """A field of a template. ``parts``: the names under which its values are sent."""

    name: str
    type: str
    parts: list[str]
    required: bool
    max: int | None = Field(description="The longest value, in `unit`.")
    unit: str
    default: str | None
    choices: list[str]
    help: str


class TemplateOut(BaseModel):
    """A template, or its variant for a channel."""

    name: str
    channel: str | None
    channels: list[str] = Field(description="The channels that it is for; none stands for all.")
    title: str
    version: str
    single: bool = Field(description="Whether a post outside the timetable can be made of it.")
    fields: list[FieldOut]


_ORDER = Order("taken_at", descending=False)


@router.get("/log", tags=["log"])
def log(who: Reads, wanted: Filtered, limit: Size = 200, cursor: Cursor = "") -> Page[Reading]:
    """List readings by the time taken, the oldest first. Figures of two channels must not be added up."""
    after = place(cursor, partial(place_in, _ORDER))
    with who.house.app.database.read() as session:
        page = figures.log_page(session, wanted.of(who, session), _ORDER, limit, after=after)
    items = [Reading.model_validate(log_row(line)) for line in page.rows]
    return Page[Reading](items=items, next=place_of(_ORDER, page.rows[-1]) if page.has_after else None)


@router.get("/templates", tags=["facts"])
def list_templates(who: Reads) -> Page[TemplateOut]:
    """List the campaign's templates with their fields; there are never many."""
    found = who.house.app.copy.templates.by_key.values()
    rows = sorted(found, key=lambda one: (one.name, one.channel or ""))
    return Page[TemplateOut](items=[_template(one) for one in rows])


def _template(one: Template) -> TemplateOut:
    return TemplateOut(
        name=one.name,
        channel=one.channel,
        channels=list(one.channels),
        title=one.title,
        version=one.version,
        single=not tied(one),
        fields=[_field(spec) for spec in one.fields.values()],
    )


def _field(spec: FieldSpec) -> FieldOut:
    return FieldOut(
        name=spec.name,
        type=spec.type,
        parts=list(parts(spec)),
        required=spec.required,
        max=spec.max,
        unit=spec.unit,
        default=spec.default,
        choices=list(spec.choices),
        help=spec.help,
    )


@router.get("/partners", tags=["facts"])
def list_partners(who: Reads, limit: Size = 200, cursor: Cursor = "") -> Page[PartnerOut]:
    """List the partners by key; an officer's token sees its own."""
    after = place(cursor, places.key_in)
    with who.house.app.database.read() as session:
        found = partners.partners_page(session, limit, after=after, only=who.partners)
        items = [PartnerOut.model_validate(partner_document(session, row)) for row in found.rows]
    return Page[PartnerOut](items=items, next=found.rows[-1].key if found.has_after else None)


@router.get("/accounts", tags=["facts"])
def list_accounts(who: Reads, limit: Size = 200, cursor: Cursor = "") -> Page[AccountOut]:
    """List the accounts by partner and channel, with what stops them."""
    after = place(cursor, places.account_in)
    with who.house.app.database.read() as session:
        found = partners.accounts_page(session, limit, after=after, only=who.partners)
    items = [AccountOut.model_validate(account_document(*row)) for row in found.rows]
    return Page[AccountOut](items=items, next=places.of_account(*found.rows[-1]) if found.has_after else None)
