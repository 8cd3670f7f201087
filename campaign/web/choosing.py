"""Where a new post goes and what it is filled from: a partner, one of its accounts, one of that account's templates."""

from contextlib import suppress
from dataclasses import dataclass
from typing import NamedTuple

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.intake.values import row_id
from campaign.models import partners
from campaign.models.partners import Account, AccountMode, Partner
from campaign.plan.refill import tied
from campaign.plan.template import Template
from campaign.web.forms import WRONG, Form, Posted, options
from campaign.web.visitor import Actor
from campaign.wording import channel

PARTNER, ACCOUNT, TEMPLATE = "partner", "account", "template"


class Place(NamedTuple):
    """Where a new post goes and what it is filled from."""

    account: Account
    partner: Partner
    template: Template


@dataclass(frozen=True, slots=True)
class Choice:
    """What is chosen so far: ``step`` asks for the next part, ``mistake`` says so where something else was sent."""

    step: str
    mistake: str
    partner: Partner | None = None
    account: Account | None = None


def chosen(session: Session, who: Actor, sent: Posted) -> Place | Choice:
    """Return where the post goes, or the choice that is still to make: an account's number tells its partner too."""
    account, partner = _account(session, who, sent.one(ACCOUNT)) or (None, None)
    partner = partner or _partner(session, who, sent.one(PARTNER))
    if partner is None:
        return Choice(PARTNER, "Choose the partner that is to speak")
    if account is None:
        return Choice(ACCOUNT, "Choose the account that is to post", partner)
    template = _template(who, account, sent.one(TEMPLATE))
    if isinstance(template, Template):
        return Place(account, partner, template)
    return Choice(TEMPLATE, template, partner, account)


def choice_page(session: Session, who: Actor, sent: Posted, choice: Choice) -> Response:
    """Return the page that asks for the next part. What is wrong is said where that part was sent."""
    errors = {choice.step: choice.mistake} if choice.step in sent.values else {}
    blank, pairs = _offered(session, who, choice)
    return who.page(
        "writing/choose.html",
        status=WRONG if errors else 200,
        form=Form(sent, None, errors),
        choice=choice,
        items=options(blank, pairs, None),
        asks_partner=not who.partners,
    )


def _offered(session: Session, who: Actor, choice: Choice) -> tuple[str, list[tuple[str, str]]]:
    if choice.partner is None:
        return "Choose a partner", [] if who.partners else partners.names(session)
    if choice.account is None:
        rows = partners.accounts(session, partner_ids=[choice.partner.ident])
        return "Choose an account", [(str(row.id), _called(row)) for row, _ in rows if row.disabled_why is None]
    return "Choose a template", _titles(who, choice.account)


def _called(account: Account) -> str:
    by_hand = ", published by hand" if account.mode == AccountMode.BY_HAND else ""
    return f"{channel(account.channel)}: {account.handle}{by_hand}"


def _titles(who: Actor, account: Account) -> list[tuple[str, str]]:
    """Return name and title of each template of an account's channel from which a new post can be made."""
    copy, found = who.house.app.copy.templates, dict[str, str]()
    for name in sorted({name for name, _ in copy.by_key}):
        with suppress(UnknownName):
            picked = copy.pick(name, account.channel)
            found |= {} if tied(picked) else {name: picked.title}
    return list(found.items())


def _partner(session: Session, who: Actor, key: str) -> Partner | None:
    """Return the one partner of an officer, for others the one with this key."""
    return partners.partner_by_key(session, who.partners[0] if who.partners else key)


def _account(session: Session, who: Actor, text: str) -> tuple[Account, Partner] | None:
    """Return an account on which the person may post, with its partner."""
    number = row_id(text)
    if number is None:
        return None
    try:
        account, partner = partners.account_with_partner(session, number)
    except LookupError:
        return None
    own = not who.partners or partner.key in who.partners
    return (account, partner) if own and account.disabled_why is None else None


def _template(who: Actor, account: Account, name: str) -> Template | str:
    """Return the template of this name for the account's channel, or what is wrong with the choice."""
    if not name:
        return "Choose a template"
    try:
        picked = who.house.app.copy.templates.pick(name, account.channel)
    except UnknownName:
        return f"There is no such template for {channel(account.channel)}"
    return "This template needs an event of the timetable, or an issue to correct" if tied(picked) else picked
