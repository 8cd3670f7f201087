"""What there is to read beside posts and holds: the engagement log, the partners, their accounts."""

from typing import Annotated

from fastapi import APIRouter, Query

from campaign.models import figures, partners
from campaign.models.figures import Order
from campaign.models.snapshots import LogFilter
from campaign.reports.documents import account_document, partner_document
from campaign.reports.log import log_row
from campaign.web.api.bearer import Caller, Reads
from campaign.web.api.shapes import AccountOut, Cursor, Instant, Name, Page, PartnerOut, Reading, Size
from campaign.web.engagement import place_in, place_of

router = APIRouter()

One = Annotated[Name | None, Query()]
_ORDER = Order("taken_at", descending=False)


@router.get("/log", tags=["log"])
def log(
    who: Reads,
    partner: One = None,
    channel: One = None,
    slot: One = None,
    template: One = None,
    since: Instant | None = None,
    until: Instant | None = None,
    limit: Size = 200,
    cursor: Cursor = "",
) -> Page[Reading]:
    """List readings by the time taken, the oldest first. Figures of two channels must not be added up."""
    partner = who.partners[0] if who.partners else partner
    wanted = LogFilter(partner, channel, slot, template, None, since, until)
    with who.house.app.database.read() as session:
        page = figures.log_page(session, wanted, _ORDER, limit, after=place_in(_ORDER, cursor), before=None)
    items = [Reading.model_validate(log_row(line)) for line in page.lines]
    return Page[Reading](items=items, next=place_of(_ORDER, page.lines[-1]) if page.has_after else None)


@router.get("/partners", tags=["facts"])
def list_partners(who: Reads) -> Page[PartnerOut]:
    """List the partners; an officer's token sees its own."""
    with who.house.app.database.read() as session:
        rows = [row for row in partners.partners(session) if _sees(who, row.key)]
        return Page[PartnerOut](items=[PartnerOut.model_validate(partner_document(session, row)) for row in rows])


@router.get("/accounts", tags=["facts"])
def list_accounts(who: Reads) -> Page[AccountOut]:
    """List the accounts with what stops them."""
    with who.house.app.database.read() as session:
        rows = [(account, partner) for account, partner in partners.accounts(session) if _sees(who, partner.key)]
    return Page[AccountOut](items=[AccountOut.model_validate(account_document(*row)) for row in rows])


def _sees(who: Caller, partner: str) -> bool:
    return not who.partners or partner in who.partners
