"""The accounts of partners: what each may do, what stops it, when its access ends."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.health import accounts as health
from campaign.health.finding import Finding, Rule, Severity
from campaign.identities import name as bound_to
from campaign.models import partners
from campaign.models.partners import Account, Partner
from campaign.people import Right
from campaign.web.area import Area
from campaign.web.consenting import connector
from campaign.web.items import Kind, Strip
from campaign.web.visitor import Actor, Who
from campaign.web.words import Tag, filters

area = Area()


@dataclass(frozen=True, slots=True)
class Shown:
    """An account with its state and what is to be said of it. ``connects``: the person may connect it here."""

    account: Account
    partner: Partner
    tag: Tag
    strips: tuple[Strip, ...]
    connects: bool


@area.get("/accounts", Right.SEE)
def show(who: Who) -> Response:
    """List the accounts of the person's partner, or of all."""
    with who.reading() as session:
        shown = list(_shown(session, who))
    return who.page("accounts/accounts.html", accounts=shown, all_partners=not who.partners)


def _shown(session: Session, who: Actor) -> Iterator[Shown]:
    app, now = who.house.app, who.house.now()
    own = partners.partner_by_key(session, who.partners[0]) if who.partners else None
    rows = partners.accounts(session, partner_ids=[own.ident] if own else None)
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
    if account.sealed is None or account.mode != "api":
        return ()
    try:
        credentials = who.house.app.vault.open(account.sealed, bound_to(account))
    except WrongUse:
        return ()
    return connector(who.house).warnings(account.channel, credentials)


def _said(one: Finding, account: Account, moment: Callable[[datetime], str], mend: str) -> str:
    """Say a finding as people of the pages read it: local time, and nobody types commands."""
    match one.rule:
        case Rule.ACCOUNT_STOPPED:
            return f"It has stopped: {one.sign}. {mend}"
        case Rule.ACCOUNT_PAUSED if account.stopped_until:
            return f"It has stopped until {moment(account.stopped_until)}: {one.sign}. Look at it on its platform."
        case Rule.TOKEN_ENDS:
            return f"Its access ends {moment(datetime.fromisoformat(one.sign))}. {mend}"
        case Rule.LANE_WAITING:
            return "The platform asks us to wait. It goes on by itself."
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
    elif account.mode == "api" and account.can_find is False:
        strips.append(
            Strip(Kind.NOTE, "The platform does not let us look posts up, so a person settles what is unsure.")
        )
    return Shown(account, partner, _tag(account, found), tuple(strips), connects)


def _tag(account: Account, found: list[Finding]) -> Tag:
    if account.disabled_why:
        return Tag("Disabled", "grey")
    if any(one.severity is Severity.ERROR for one in found):
        return Tag("Needs you", "red")
    if account.mode == "by-hand":
        return Tag("By hand", "purple")
    if account.channel != "email" and account.sealed is None:
        return Tag("Not connected", "orange")
    return Tag("Ends soon", "yellow") if found else Tag("Connected", "green")
