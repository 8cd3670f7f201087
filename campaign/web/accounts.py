"""The accounts of partners: what each may do, what stops it, when its access ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.health import accounts as health
from campaign.health.finding import Finding, Rule, Severity
from campaign.identities import name as bound_to
from campaign.intake import account_of
from campaign.intake.values import is_key
from campaign.models import partners
from campaign.models.partners import Account, AccountMode, Partner
from campaign.people import Right
from campaign.ports import MAIL
from campaign.register import accounts as register
from campaign.web import places
from campaign.web.area import Area
from campaign.web.consenting import connector
from campaign.web.forms import WRONG, Form, Posted, Sent, faulty, options
from campaign.web.items import Kind, Strip
from campaign.web.visitor import Actor, Who
from campaign.web.words import Tag, filters

area = Area()

_SIZE = 50


@dataclass(frozen=True, slots=True)
class Shown:
    """An account with its state and what is to be said of it. ``connects``: the person may connect it here."""

    account: Account
    partner: Partner
    tag: Tag
    strips: tuple[Strip, ...]
    connects: bool


@area.get("/accounts", Right.SEE)
def show(who: Who, partner: str = "", after: str = "") -> Response:
    """List the accounts of the person's partner, or of all or one of them, page by page."""
    only = who.partners or ((partner,) if is_key(partner) else ())
    with who.reading() as session:
        page = partners.accounts_page(session, _SIZE, after=places.account_in(after), only=only)
        shown = list(_shown(session, who, page.rows))
        named = [] if who.partners else partners.names(session)
    return who.page(
        "accounts/accounts.html",
        accounts=shown,
        all_partners=not who.partners,
        may_add=who.may(Right.ADMINISTER),
        partners=options("All partners", named, partner) if named else [],
        first=_address(partner=partner),
        is_first=not page.has_before,
        following=_address(partner=partner, after=places.of_account(*page.rows[-1])) if page.has_after else None,
    )


def _address(**asked: str) -> str:
    said = urlencode({name: text for name, text in asked.items() if text})
    return f"/accounts?{said}" if said else "/accounts"


_BY_HAND, _SERVICE = "by-hand", "service"


@area.get("/accounts/new", Right.ADMINISTER)
def ask_new(who: Who, partner: str = "") -> Response:
    """Ask for a new account."""
    return _form(who, Form(Posted({"partner": (partner,)})))


def _form(who: Actor, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        named = partners.names(session)
    names = list(who.house.app.channels)
    return who.page(
        "accounts/new.html",
        status=status,
        form=form,
        partners=options("Choose a partner", named, form.value("partner")),
        channels=[name for name in names if name != MAIL],
        unready=[name for name in names if name != MAIL and not connector(who.house).ready(name)],
    )


@area.post("/accounts/new", Right.ADMINISTER)
def add(who: Who, sent: Sent) -> Response:
    """Add an account, and lead on to connect it where this service is to publish its posts."""
    channel, served = sent.one("channel"), sent.one("way") == _SERVICE
    lacks = _lacks(who, sent)
    if lacks:
        return _form(who, Form(sent, None, lacks), WRONG)
    mail = channel == MAIL
    names = ("partner", "channel", "handle", *(("sender", "reply_to") if mail else ()))
    values = {name: sent.one(name) for name in names} | {
        "external_id": sent.one("list" if mail else "external_id"),
        # On a platform it is by hand until its owner has consented there.
        "mode": AccountMode.API if mail and served else AccountMode.BY_HAND,
    }
    try:
        with who.reading() as session:
            known = [key for key, _ in partners.names(session)]
        row = account_of(values, set(who.house.app.channels), known)
        with who.desk() as desk:
            account = register.add(desk.session, row, who.house.app.vault, by=desk.person, now=desk.now)
    except WrongUse as error:
        form = faulty(sent, error, "handle", _LABELS | ({"external_id": "Name of the list"} if mail else {}))
        if mail and "external_id" in form.errors:
            form = Form(sent, None, {"list": form.errors["external_id"]})
        return _form(who, form, WRONG)
    if served and not mail:
        return who.redirect(f"/accounts/{account.ident}/connect", f"{account.handle} is added. Now connect it.")
    return who.redirect(f"/admin/partners/{account.partner_id}", f"{account.handle} is added.")


_LABELS = {
    "handle": "Its name there",
    "external_id": "Its number on the platform",
    "sender": "From",
    "reply_to": "Answers go to",
}
"""Fields whose names on the page are not those of the file's columns."""


def _lacks(who: Actor, sent: Posted) -> dict[str, str]:
    """Say what was not chosen, and what cannot be had."""
    lacks = {}
    if not sent.one("partner"):
        lacks["partner"] = "Choose whose account it is"
    channel, way = sent.one("channel"), sent.one("way")
    if channel not in who.house.app.channels:
        lacks["channel"] = "Choose where it is"
    if way not in {_BY_HAND, _SERVICE}:
        lacks["way"] = "Choose who publishes its posts"
    elif (
        way == _SERVICE
        and channel in who.house.app.channels
        and channel != MAIL
        and not connector(who.house).ready(channel)
    ):
        lacks["way"] = "This service has no app there yet, so it cannot publish. Choose by hand for now"
    return lacks


def _shown(session: Session, who: Actor, rows: Sequence[tuple[Account, Partner]]) -> Iterator[Shown]:
    app, now = who.house.app, who.house.now()
    found: dict[str, list[Finding]] = {}
    for one in (*health.standing(session, now), *health.credentials(session, app.vault, app.channels, now, rows)):
        found.setdefault(one.subject, []).append(one)
    moment = filters(who.house.zone, who.house.now)["moment"]
    ready = {name for name in app.channels if who.may(Right.CONNECT) and connector(who.house).ready(name)}
    for account, partner in rows:
        connects = account.channel in ready and account.disabled_why is None
        row = _one(account, partner, found.get(health.place(account, partner), []), moment, connects=connects)
        lacks = [Strip(Kind.CHECK, f"{words}.") for words in _lacking(who, account)]
        yield replace(row, strips=(*row.strips, *lacks))


def _lacking(who: Actor, account: Account) -> tuple[str, ...]:
    """Say what does not work for lack of a permission; credentials that do not open are another finding's."""
    if account.sealed is None or account.mode != AccountMode.API:
        return ()
    try:
        credentials = who.house.app.vault.open(account.sealed, bound_to(account))
    except WrongUse:
        return ()
    return connector(who.house).warnings(account.channel, credentials)


_PLAINLY = {
    Rule.LANE_WAITING: "The platform asks us to wait. It goes on by itself.",
    Rule.LIST_MISSING: "There is no email list {!r}, so its issues would fail. An admin imports the readers.",
}


def _said(one: Finding, account: Account, moment: Callable[[datetime], str], mend: str) -> str:
    """Say a finding as people of the pages read it: local time, and nobody types commands."""
    match one.rule:
        case Rule.ACCOUNT_STOPPED:
            return f"It has stopped: {one.sign}. {mend}"
        case Rule.RENEWAL_FAILED:
            return f"Its access cannot be renewed: {one.sign}. {mend}"
        case Rule.ACCOUNT_PAUSED if account.stopped_until:
            return f"It has stopped until {moment(account.stopped_until)}: {one.sign}. Look at it on its platform."
        case Rule.TOKEN_ENDS:
            return f"Its access ends {moment(datetime.fromisoformat(one.sign))}. {mend}"
        case Rule.LANE_WAITING | Rule.LIST_MISSING:
            return _PLAINLY[one.rule].format(one.sign)
        case _:
            return f"{one.what}. {one.mend}"


def _one(
    account: Account, partner: Partner, found: list[Finding], moment: Callable[[datetime], str], *, connects: bool
) -> Shown:
    mend = "Connect it again." if connects else "An admin connects it again."
    strips = [
        Strip(Kind.FIX if one.severity is Severity.ERROR else Kind.CHECK, _said(one, account, moment, mend))
        for one in found
    ]
    if account.disabled_why:
        strips.insert(0, Strip(Kind.NOTE, f"Taken out of the campaign: {account.disabled_why}"))
    elif account.mode == AccountMode.API and account.can_find is False:
        strips.append(
            Strip(Kind.NOTE, "The platform does not let us look posts up, so a person settles what is unsure.")
        )
    return Shown(account, partner, _tag(account, found), tuple(strips), connects)


def _tag(account: Account, found: list[Finding]) -> Tag:
    if account.disabled_why:
        return Tag("Disabled", "grey")
    if any(one.severity is Severity.ERROR for one in found):
        return Tag("Needs you", "red")
    if account.mode == AccountMode.BY_HAND:
        return Tag("By hand", "purple")
    if account.channel != MAIL and account.sealed is None:
        return Tag("Not connected", "orange")
    if any(one.rule is Rule.LIST_MISSING for one in found):
        return Tag("No readers", "orange")
    return Tag("Ends soon", "yellow") if found else Tag("Connected", "green")
