"""Partners for admins: the list, a new one, and each with its accounts, its people and its agreement to speak."""

from collections.abc import Mapping
from typing import Any, ClassVar

from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.intake import partner_of
from campaign.intake.values import is_key
from campaign.models import partners, users
from campaign.models.partners import CONTACT, Partner
from campaign.people import Right
from campaign.plan.days import day_start
from campaign.register import partners as register
from campaign.review import agreement, speaking
from campaign.review.agreement import Given
from campaign.web import times
from campaign.web.area import Area
from campaign.web.forms import WRONG, Fields, Form, Sent, faulty, read
from campaign.web.visitor import Actor, RowId, Who
from campaign.wording import counted

area = Area()

_HOME = "/admin/partners"
_SIZE = 50
_COLUMNS = ("name", "partner", "kind", "region", CONTACT)
APPROVERS: Mapping[str, str] = {"dfe": "DfE", "partner": "The partner", "both": "Both"}


@area.get(_HOME, Right.ADMINISTER)
def everybody(who: Who, after: str = "") -> Response:
    """List the partners by key."""
    with who.reading() as session:
        page = partners.partners_page(session, _SIZE, after=(after,) if is_key(after) else None)
        idents = [one.ident for one in page.rows]
        agreeing = partners.agreeing(session, idents)
        channels: dict[int, list[str]] = {}
        for account, partner in partners.accounts(session, partner_ids=idents):
            channels.setdefault(partner.ident, []).append(account.channel)
    return who.page(
        "admin/partners.html",
        section="partners",
        partners=page.rows,
        agreeing=agreeing,
        channels={ident: sorted(set(names)) for ident, names in channels.items()},
        following=f"{_HOME}?after={page.rows[-1].key}" if page.has_after else None,
        is_first=not page.has_before,
    )


@area.get(f"{_HOME}/new", Right.ADMINISTER)
def ask_new(who: Who) -> Response:
    """Ask for a new partner."""
    return who.page("admin/partner_new.html", section="partners", form=Form())


@area.post(f"{_HOME}/new", Right.ADMINISTER)
def add(who: Who, sent: Sent) -> Response:
    """Add a partner."""
    try:
        row = partner_of({name: sent.one(name) for name in _COLUMNS})
        with who.desk() as desk:
            rules, quiet = who.house.app.settings.review, who.house.quiet
            partner = register.add(desk.session, row, rules, quiet=quiet, by=desk.person, now=desk.now)
    except WrongUse as error:
        form = faulty(sent, error, "name", _LABELS)
        return who.page("admin/partner_new.html", status=WRONG, section="partners", form=form)
    return who.redirect(f"{_HOME}/{partner.ident}", f"{partner.name} is added. Next: an account, and an officer.")


_LABELS = {"partner": "Short name", "contact_email": "Where we reach them"}
"""Fields whose names on the page are not those of the file's columns."""


class Yes(Fields):
    """A partner's yes that somebody gave elsewhere."""

    missing: ClassVar = {
        "given_by": "Enter who of the organisation said yes, in at most 200 characters",
        "given_on": times.DAY_HINT,
        "source": "Enter where their yes stands, in at most 500 characters",
    }
    given_by: str = Field(min_length=1, max_length=200)
    given_on: str = Field(min_length=1, max_length=40)
    source: str = Field(min_length=1, max_length=500)


class Facts(Fields):
    """What an admin decides of a partner; its name and its details are on its own page."""

    missing: ClassVar = {
        "kind": "Shorten it to 200 characters",
        "region": "Shorten it to 200 characters",
        "approver": "Choose who approves",
    }
    kind: str = Field(default="", max_length=200)
    region: str = Field(default="", max_length=200)
    approver: str


@area.get(f"{_HOME}/{{ident}}", Right.ADMINISTER)
def show(ident: RowId, who: Who) -> Response:
    """Show a partner."""
    return _page(who, ident, Form())


def _page(who: Actor, ident: int, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        partner = _found(session, ident)
        return who.page(
            "admin/partner.html",
            status=status,
            section="partners",
            form=form,
            partner=partner,
            accounts=[account for account, _ in partners.accounts(session, partner_ids=[ident])],
            officers=users.officers(session, partner.key),
            given=partners.agreements(session, ident),
            approvers=APPROVERS,
        )


def _found(session: Session, ident: int) -> Partner:
    found = partners.partner_by_id(session, ident)
    if found is None:
        raise UnknownName(kind="partner", name=ident, mend="The list of partners shows them all.")
    return found


@area.post(f"{_HOME}/{{ident}}", Right.ADMINISTER)
def change(ident: RowId, who: Who, sent: Sent) -> Response:
    """Give a partner another kind, region, or who approves its posts."""
    form = read(Facts, sent)
    if form.found is None:
        return _page(who, ident, form, WRONG)
    try:
        with who.desk() as desk:
            partner = _found(desk.session, ident)
            values, quiet = form.found.model_dump(), who.house.quiet
            register.change(desk.session, partner, values, quiet=quiet, by=desk.person, now=desk.now)
    except WrongUse as error:
        return _page(who, ident, faulty(sent, error, "kind"), WRONG)
    return who.redirect(f"{_HOME}/{ident}", "Saved. Queue the plan to carry it into posts.")


@area.post(f"{_HOME}/{{ident}}/agree", Right.ADMINISTER)
def agree(ident: RowId, who: Who, sent: Sent) -> Response:
    """Record the yes that somebody of the partner gave elsewhere."""
    form = read(Yes, sent)
    day = times.day(sent.one("given_on"))
    if form.found is not None and day is None:
        form = form.wrong("given_on", times.DAY_HINT)
    if form.found is None or day is None:
        return _page(who, ident, form, WRONG)
    given = Given(form.found.given_by, day_start(day, who.house.zone), form.found.source)
    try:
        with who.desk() as desk:
            partner = _found(desk.session, ident)
            count = speaking.agree(desk, partner, given=given)
    except WrongUse as error:
        return _page(who, ident, faulty(sent, error, "given_on"), WRONG)
    told = f" {counted(count, 'draft')} went to review." if count else ""
    return who.redirect(f"{_HOME}/{ident}", f"It is recorded that {partner.name} agrees.{told}")


@area.post(f"{_HOME}/{{ident}}/revoke", Right.ADMINISTER)
def revoke(ident: RowId, who: Who) -> Response:
    """Take every yes of a partner back; what is approved stops."""
    with who.desk() as desk:
        partner = _found(desk.session, ident)
        count = agreement.revoke(desk.session, partner, by=desk.person.name, now=desk.now)
    words = f"{partner.name} no longer agrees. {counted(count, 'approved post')} went back to review."
    return who.redirect(f"{_HOME}/{ident}", words)
