"""Connecting an account: to the platform's consent page and back, with a choice where it offers more than one page."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from fastapi.responses import Response

from campaign.errors import UnknownName, WrongUse
from campaign.models import partners
from campaign.models.partners import Account
from campaign.people import Right
from campaign.ports.connecting import Offer
from campaign.register import accounts as register
from campaign.register import connecting
from campaign.register.connecting import Connector, meant, not_connected, own_account
from campaign.review.rebinding import rebind
from campaign.web.area import Area
from campaign.web.forms import WRONG, Form, Sent
from campaign.web.guard import Forged, comes_from_us
from campaign.web.house import House
from campaign.web.visitor import Actor, RowId, Who
from campaign.wording import counted

area = Area()

_ACCOUNTS = "/accounts"
_CHOICES = 25
"""So many pages fit into what a session keeps; whoever has more is asked to name one first."""
_CHOICE_LASTS = timedelta(minutes=10)


def connector(house: House) -> Connector:
    """Return what leads people through a platform's consent."""
    return Connector(house.app.channels, house.app.workspace, os.environ)


def back_address(house: House, channel: str) -> str:
    """Return where a platform sends people back: one address for each, so that no answer is taken for another's."""
    return house.address(f"{_ACCOUNTS}/connected/{channel}")


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
        account, _ = own_account(session, ident, who.person)
        back = back_address(who.house, account.channel)
        begun = connector(who.house).start(session, account, who.person, back, who.house.now())
    who.keep(connect=begun.kept, offers=None)
    answer = who.redirect(_ACCOUNTS)
    answer.headers["location"] = begun.address
    return answer


@area.get("/accounts/connected/{channel}", Right.CONNECT)
def back(channel: str, who: Who) -> Response:
    """Take the browser back from the platform."""
    who.house.rates.spend("connect", who.person.name)
    sent, kept = dict(who.request.query_params), dict(who.visit.kept.get("connect") or {})
    try:
        account = _taken(who, channel, sent, kept)
        consent = connector(who.house).consented(channel, sent, kept, back_address(who.house, channel))
        place = connector(who.house).channel(channel)
        offers = meant(account, consent.offers, who.house.app.channels[channel].title, place.accounts_word)
        if account.external_id or (len(offers) == 1 and _is_named(account, offers[0])):
            return _stored(who, account.ident, offers[0])
        return _choice(who, account, offers)
    except UnknownName:
        raise
    except WrongUse as error:
        return who.page("accounts/refused.html", status=WRONG, why=str(error))


def _taken(who: Actor, channel: str, sent: Mapping[str, str], kept: Mapping[str, str]) -> Account:
    """Use the answer's state up, and return the account for which it was made."""
    with who.house.app.database.write() as session:
        connector(who.house).taken(session, sent, kept, who.person, who.house.now())
    who.keep(connect=None)  # now, whatever else is wrong with the answer: it serves once
    with who.reading() as session:
        account, _ = own_account(session, int(kept["account"]), who.person)
    if account.channel != channel:
        raise not_connected("Another platform was asked than the one that answers")
    return account


def _is_named(account: Account, offer: Offer) -> bool:
    """Say whether an account without an id goes by the offer's name, so that nobody needs to be asked."""
    return account.handle.removeprefix("@").casefold() == offer.handle.removeprefix("@").casefold()


def _stored(who: Actor, account_id: int, offer: Offer) -> Response:
    """Store the credentials, ask the platform what they may do, and say it."""
    app = who.house.app
    with who.desk() as desk:
        account, _ = own_account(desk.session, account_id, who.person)
        changed = connecting.store(desk.session, account, offer, app.vault, by=who.person, now=desk.now)
        desk.session.flush()
        anew = rebind(desk, [account_id]) if changed else 0
    with who.reading() as session:
        account, partner = partners.account_with_partner(session, account_id)
    channel = app.channels[account.channel]
    found = register.probe(app.database, channel, app.identities, account, partner)
    warnings = connector(who.house).warnings(account.channel, offer.credentials)
    words = [f"{channel.title}, {account.handle}: connected.", _told(found), *(f"{text}." for text in warnings)]
    if anew:
        words.append(f"{counted(anew, 'post')} went back to review, because the account is another one now.")
    return who.redirect(_ACCOUNTS, " ".join(words))


def _told(found: Mapping[str, object]) -> str:
    """Say what a probe found."""
    if not found["works"]:
        return f"It does not work yet: {found['note']}."
    if found["can_find"] is False:
        return "Posts cannot be looked up, so a person settles what is unsure."
    return "Posts can be looked up when an answer is lost."


# --- more than one page -----------------------------------------------------------------------------------------------


def _choice(who: Actor, account: Account, offers: Sequence[Offer]) -> Response:
    """Keep the offers, sealed, until the person has chosen one."""
    if len(offers) > _CHOICES:
        problem = f"You may post for {len(offers)} of them, too many to choose from here"
        raise not_connected(problem, "Ask an admin to give this account its id (external_id), then connect it again.")
    plain = {one.external_id: json.dumps([one.handle, dict(one.credentials)]) for one in offers}
    sealed = who.house.app.vault.seal(plain, _bound_to(who, account.ident))
    until = who.house.now() + _CHOICE_LASTS
    text = base64.b64encode(sealed).decode()
    who.keep(offers={"account": account.ident, "sealed": text, "until": until.isoformat()})
    return _choice_page(who, account, offers, Form())


def _choice_page(who: Actor, account: Account, offers: Sequence[Offer], form: Form[Any], status: int = 200) -> Response:
    word = connector(who.house).channel(account.channel).accounts_word
    return who.page("accounts/choice.html", status=status, form=form, account=account, offers=offers, word=word)


@area.post("/accounts/{ident}/connect/choice", Right.CONNECT)
def choose(ident: RowId, who: Who, sent: Sent) -> Response:
    """Connect the one that was chosen."""
    with who.reading() as session:
        account, _ = own_account(session, ident, who.person)
    kept = who.visit.kept.get("offers") or {}
    if kept.get("account") != ident or datetime.fromisoformat(kept["until"]) < who.house.now():
        raise not_connected("The choice took too long, or was made already")
    plain = who.house.app.vault.open(base64.b64decode(kept["sealed"]), _bound_to(who, ident))
    offers = {number: Offer(number, *json.loads(text)) for number, text in plain.items()}
    chosen = offers.get(sent.one("choice"))
    if chosen is None:
        form: Form[Any] = Form(sent, None, {"choice": "Choose the one that this account is"})
        return _choice_page(who, account, list(offers.values()), form, WRONG)
    who.keep(offers=None)
    return _stored(who, ident, chosen)


def _bound_to(who: Actor, account_id: int) -> str:
    return f"connecting/{who.visit.id}/{account_id}"
