"""Who takes part, for admins' programs: new partners and accounts, one by one or from a file."""

from collections.abc import Iterable
from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from campaign.intake import PartnerRow, account_of, partner_of, partners_of
from campaign.models import partners
from campaign.people.bearers import Scope
from campaign.plan.days import day_start
from campaign.plan.template import wanted_fields
from campaign.register import accounts, foreseen
from campaign.register import partners as register
from campaign.register.foreseen import State
from campaign.reports.documents import account_document, partner_document
from campaign.review import speaking
from campaign.review.agreement import Given
from campaign.review.decisions import Desk
from campaign.review.rebinding import take_accounts
from campaign.web.accounts_importing import account_rows
from campaign.web.api.bearer import Administers, Caller
from campaign.web.api.once import Onced
from campaign.web.api.problems import SeenOthers
from campaign.web.api.shapes import (
    AccountOut,
    Agreed,
    CsvFile,
    Day,
    Name,
    PartnerKey,
    PartnerOut,
    Reason,
    SeenCsvFile,
    Sent,
)
from campaign.web.forms import seen

router = APIRouter(tags=["facts"])

Text = Annotated[str, StringConstraints(max_length=200)]


class NewPartner(Sent):
    """An organisation that takes part. Its details are sent to `/partners/KEY/details`."""

    partner: Name = Field(description="Its key: letters, digits, dots, underscores and hyphens.")
    name: Name
    kind: Text = ""
    region: Text = ""
    contact_email: Text = ""


class Value(BaseModel):
    """What a row sets."""

    column: str
    before: str
    after: str

    @classmethod
    def every(cls, found: Iterable[foreseen.Value]) -> "list[Value]":
        """Return values as they go out."""
        return [cls(column=column, before=before, after=after) for column, before, after in found]


class PartnerChange(BaseModel):
    """What a row would do."""

    partner: str
    name: str
    state: State
    values: list[Value]
    agreed_by: str | None = Field(description="Who is recorded as agreeing; null: the row records no agreement.")


class PartnersPreviewed(BaseModel):
    """What a file of partners would do."""

    seen: str = Field(description="To be sent with the order to store them.")
    rows: list[PartnerChange]


class PartnersTaken(BaseModel):
    """What a file of partners has done."""

    added: int
    changed: int
    same: int


class AccountChange(BaseModel):
    """What a row would do."""

    partner: str
    channel: str
    handle: str
    state: State
    values: list[Value]
    returns: int = Field(description="How many approved posts go back to review.")
    reconnects: bool = Field(description="Whether its access is for another id, so that it is to be connected again.")


class AccountsPreviewed(BaseModel):
    """What a file of accounts would do."""

    seen: str = Field(description="To be sent with the order to store them.")
    rows: list[AccountChange]


class AccountsTaken(BaseModel):
    """What a file of accounts has done."""

    added: int
    changed: int
    same: int
    posts: int = Field(description="Posts that are for another account now; those that were approved are in review.")


class NewAccount(Sent):
    """An account of a partner. Credentials are never sent: its owner connects it in the pages."""

    partner: Name
    channel: Name
    handle: Name
    external_id: Text = Field(default="", description="Its number on the platform; of email the name of the list.")
    mode: Literal["by-hand", "api"] = Field(default="by-hand", description="`api` for email alone.")
    sender: Text = ""
    reply_to: Text = ""


class YesElsewhere(Sent):
    """A partner's yes that somebody of it gave elsewhere."""

    given_by: Name
    given_on: Day
    source: Reason = Field(description="Where that stands: a mail, a signed form.")


@router.post("/partners", status_code=201)
def add_partner(sent: NewPartner, who: Administers, once: Onced) -> PartnerOut:
    """Add a partner. Its agreement to speak is recorded apart."""

    def act(desk: Desk) -> dict[str, object]:
        row = partner_of(sent.model_dump())
        rules, quiet = who.house.app.settings.review, who.house.quiet
        found = register.add(desk.session, row, rules, quiet=quiet, by=desk.person, now=desk.now)
        return partner_document(desk.session, found)

    return once.do(who, sent, PartnerOut, act)


@router.post("/partners/import/preview")
def preview_partners(sent: CsvFile, who: Administers) -> PartnersPreviewed:
    """Show what each row of a file would do; nothing is stored. Columns: `partner`, `name` and, where wanted, `kind`,
    `region`, `agreed` and details.
    """
    rows = _rows(who, sent)
    with who.house.app.database.read() as session:
        rules = who.house.app.settings.review
        found = register.preview(session, rows, rules, by=who.person, now=who.house.now())
    shown = [
        PartnerChange(
            partner=one.key,
            name=one.name,
            state=one.state,
            values=Value.every(one.values),
            agreed_by=one.agrees[0] if one.agrees else None,
        )
        for one in found
    ]
    return PartnersPreviewed(seen=seen(found), rows=shown)


@router.post("/partners/import", status_code=201)
def import_partners(sent: SeenCsvFile, who: Administers, once: Onced) -> PartnersTaken:
    """Store the partners of a file, where its rows would still do what was seen. One that records an agreement takes
    the scope `agree` too.
    """
    rows = _rows(who, sent)

    def act(desk: Desk) -> dict[str, object]:
        rules = who.house.app.settings.review
        ahead = register.preview(desk.session, rows, rules, by=desk.person, now=desk.now)
        if any(one.agrees for one in ahead):
            who.demand(Scope.AGREE)
        if seen(ahead) != sent.seen:
            raise SeenOthers
        done = register.take(desk.session, rows, rules, quiet=who.house.quiet, by=desk.person, now=desk.now)
        return {"added": done.added, "changed": done.changed, "same": done.same}

    return once.do(who, sent, PartnersTaken, act)


def _rows(who: Caller, sent: CsvFile) -> list[PartnerRow]:
    rows = partners_of(sent.name, sent.csv.encode())
    register.refuse_pictures(rows, wanted_fields(who.house.app.copy.templates))
    return rows


@router.post("/partners/{partner}/agreed-elsewhere")
def agreed_elsewhere(partner: PartnerKey, sent: YesElsewhere, who: Administers, once: Onced) -> Agreed:
    """Record that somebody of a partner agreed elsewhere, for the whole campaign; waiting drafts go to review. It takes
    the scope `agree` too.
    """
    who.demand(Scope.AGREE)
    given = Given(sent.given_by, day_start(sent.given_on, who.house.zone), sent.source)

    def act(desk: Desk) -> dict[str, object]:
        count = speaking.agree(desk, who.partner(desk.session, partner), given=given)
        return {"partner": partner, "submitted": count}

    return once.do(who, sent, Agreed, act)


@router.post("/accounts", status_code=201)
def add_account(sent: NewAccount, who: Administers, once: Onced) -> AccountOut:
    """Add an account that a person serves, or an email account. One on a platform is connected then."""

    def act(desk: Desk) -> dict[str, object]:
        known = [key for key, _ in partners.names(desk.session)]
        row = account_of(sent.model_dump(), set(who.house.app.channels), known)
        found = accounts.add(desk.session, row, who.house.app.vault, by=desk.person, now=desk.now)
        return account_document(*partners.account_with_partner(desk.session, found.ident))

    return once.do(who, sent, AccountOut, act)


@router.post("/accounts/import/preview")
def preview_accounts(sent: CsvFile, who: Administers) -> AccountsPreviewed:
    """Show what each row of a file would do; nothing is stored. Columns: `partner`, `channel`, `handle`, `external_id`
    and, where wanted, `mode`, `sender`, `reply_to`; credentials are never sent.
    """
    rows = account_rows(who.house, sent.name, sent.csv.encode())
    with who.house.app.database.read() as session:
        found = accounts.preview(session, rows, who.house.app.vault, by=who.person)
    shown = [
        AccountChange(
            partner=one.partner,
            channel=one.channel,
            handle=one.handle,
            state=one.state,
            values=Value.every(one.values),
            returns=one.returns,
            reconnects=one.reconnects,
        )
        for one in found
    ]
    return AccountsPreviewed(seen=seen(found), rows=shown)


@router.post("/accounts/import", status_code=201)
def import_accounts(sent: SeenCsvFile, who: Administers, once: Onced) -> AccountsTaken:
    """Store the accounts of a file, where its rows would still do what was seen."""
    vault, rows = who.house.app.vault, account_rows(who.house, sent.name, sent.csv.encode())

    def act(desk: Desk) -> dict[str, object]:
        if seen(accounts.preview(desk.session, rows, vault, by=desk.person)) != sent.seen:
            raise SeenOthers
        done, posts = take_accounts(desk, rows, vault)
        return {"added": done.added, "changed": done.changed, "same": done.same, "posts": posts}

    return once.do(who, sent, AccountsTaken, act)
