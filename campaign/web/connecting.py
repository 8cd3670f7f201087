"""Connecting an account: to the platform's consent page and back, with a choice where it offers more than one page."""

from collections.abc import Mapping
from typing import Any

from fastapi.responses import Response

from campaign.errors import UnknownName, WrongUse
from campaign.people import Right
from campaign.register.connecting import own_account
from campaign.web.area import Area
from campaign.web.consenting import Connected, Journey, Offered, connector
from campaign.web.forms import WRONG, Form, Sent
from campaign.web.guard import Forged, comes_from_us
from campaign.web.visitor import Actor, RowId, Who
from campaign.wording import counted

area = Area()

_ACCOUNTS = "/accounts"


@area.get("/accounts/{ident}/connect", Right.CONNECT)
def ask(ident: RowId, who: Who) -> Response:
    """Say on which platform, as whom and for what consent will be asked."""
    with who.reading() as session:
        account, partner = own_account(session, ident, who.person)
    channel = connector(who.house).channel(account.channel)
    return who.page(
        "accounts/connect.html", account=account, partner=partner, scopes=channel.scopes, word=channel.accounts_word
    )


@area.get("/accounts/{ident}/connect/start", Right.CONNECT)
def start(ident: RowId, who: Who) -> Response:
    """Send the browser to the platform; a link on another site does not."""
    if not comes_from_us(who.request):
        raise Forged
    who.house.rates.spend("connect", who.person.name)
    with who.house.app.database.write() as session:
        address = _journey(who).begin(session, ident)
    answer = who.redirect(_ACCOUNTS)
    answer.headers["location"] = address
    return answer


def _journey(who: Actor) -> Journey:
    return Journey(who.house, who.person, who.visit)


@area.get("/accounts/connected/{channel}", Right.CONNECT)
def back(channel: str, who: Who) -> Response:
    """Take the browser back from the platform."""
    try:
        found = _journey(who).come_back(channel, dict(who.request.query_params))
    except UnknownName:
        raise
    except WrongUse as error:
        return who.page("accounts/refused.html", status=WRONG, why=str(error))
    return _connected(who, found) if isinstance(found, Connected) else _choice(who, found, Form())


def _connected(who: Actor, found: Connected) -> Response:
    title = who.house.app.channels[found.account.channel].title
    words = [f"{title}, {found.account.handle}: connected.", _told(found.probe)]
    words += [f"{text}." for text in found.warnings]
    if found.anew:
        words.append(f"{counted(found.anew, 'post')} went back to review, because the account is another one now.")
        words.append("Somebody else approves them.")
    return who.redirect(_ACCOUNTS, " ".join(words))


def _told(found: Mapping[str, object]) -> str:
    """Say what a probe found."""
    if not found["works"]:
        return f"It does not work yet: {found['note']}."
    if found["can_find"] is False:
        return "Posts cannot be looked up, so a person settles what is unsure."
    return "Posts can be looked up when an answer is lost."


def _choice(who: Actor, found: Offered, form: Form[Any], status: int = 200) -> Response:
    account = found.account
    word = connector(who.house).channel(account.channel).accounts_word
    return who.page("accounts/choice.html", status=status, form=form, account=account, offers=found.offers, word=word)


@area.post("/accounts/{ident}/connect/choice", Right.CONNECT)
def choose(ident: RowId, who: Who, sent: Sent) -> Response:
    """Connect the one that was chosen."""
    found = _journey(who).choose(ident, sent.one("choice"))
    if isinstance(found, Connected):
        return _connected(who, found)
    return _choice(who, found, Form(sent, None, {"choice": "Choose the one that this account is"}), WRONG)
