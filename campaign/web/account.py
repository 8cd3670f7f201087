"""The person's own account: where they are signed in, their password, passkeys and recovery codes, tokens, calendar."""

from datetime import timedelta
from typing import Any, ClassVar, Literal

from fastapi.responses import RedirectResponse, Response
from pydantic import Field

from campaign.errors import UnknownName, WrongUse
from campaign.models import calendar_links, sign_in, tokens, users
from campaign.models.users import Mail
from campaign.people import bearers, calendars, passkeys, passwords, visits
from campaign.people.bearers import SCOPES
from campaign.web.area import Area, Open
from campaign.web.entering import Answer, place
from campaign.web.forms import WRONG, Fields, Form, Secret, Sent, read
from campaign.web.visitor import Actor, RowId, Who
from campaign.web.words import browser_name

area = Area()

_HOME = "/account"


class Change(Fields):
    """A new password, and the old one where there is one."""

    missing: ClassVar = {
        "old": "Enter the password that you have now",
        "password": f"Enter a password of {passwords.SHORTEST} characters or more",
    }
    old: Secret = Field(default="", max_length=passwords.LONGEST)
    password: Secret = Field(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)


class Wanted(Fields):
    """Which notices the person wants."""

    missing: ClassVar = {"mail": "Choose which mail you want"}
    mail: Mail


class Named(Answer):
    """A new passkey with the name that the person gives it."""

    missing: ClassVar = {"name": "Enter a name for the passkey, such as: work laptop"}
    name: str = Field(min_length=1, max_length=60)


class NewToken(Fields):
    """A token for a program: its name and how long it lasts; the scopes are ticked."""

    missing: ClassVar = {
        "token_name": "Enter what the token is for, in at most 60 characters",
        "days": "Choose how long it lasts",
    }
    token_name: str = Field(min_length=1, max_length=60)
    days: Literal["7", "30", "90", "365"]


@area.get("/account", Open.SIGNED_IN)
def account(who: Who) -> Response:
    """Show the account."""
    return _page(who, Form())


def _page(
    who: Actor,
    form: Form[Any],
    status: int = 200,
    codes: tuple[str, ...] = (),
    token: str = "",
    calendar_address: str = "",
) -> Response:
    with who.reading() as session:
        held = sign_in.passkeys(session, who.person.ident)
        asked = place(who).ask_for_new(who.person, held)
        names = {
            "sessions": [
                {"visit": found, "browser": browser_name(found.browser), "here": found.id == who.visit.id}
                for found in sign_in.visits(session, who.person.ident, who.house.now())
            ],
            "passkeys": held,
            "has_password": sign_in.password(session, who.person.ident) is not None,
            "tokens": tokens.tokens(session, who.person.ident),
            "calendar": calendar_links.of_person(session, who.person.ident),
            "codes_left": sign_in.recovery_codes_left(session, who.person.ident),
        }
    who.keep(challenge=asked.challenge)
    return who.page(
        "account/account.html",
        status=status,
        form=form,
        options=asked.options,
        codes=codes,
        new_token=token,
        calendar_address=calendar_address,
        scopes=SCOPES,
        lacks_passkey=who.lacks_passkey,
        now=who.house.now(),
        **names,
    )


@area.post("/account/mail", Open.SIGNED_IN)
def choose_mail(who: Who, sent: Sent) -> Response:
    """Keep which notices the person wants by mail."""
    form = read(Wanted, sent)
    if form.found is None:
        return _page(who, form, WRONG)
    with who.house.app.database.write() as session:
        users.set_mail(session, who.person.ident, form.found.mail)
    return who.redirect(_HOME, "Saved which mail you get.")


@area.post("/account/sessions/{ident}/end", Open.SIGNED_IN)
def end_session(ident: RowId, who: Who) -> Response:
    """Sign out on another device."""
    with who.house.app.database.write() as session:
        if not sign_in.end_visit(session, ident, who.person.ident):
            raise UnknownName(kind="session", name=ident, mend="It may have ended already.")
    return who.redirect(_HOME, "That session has ended.")


@area.post("/account/sign-out-everywhere", Open.SIGNED_IN)
def sign_out_everywhere(who: Who) -> Response:
    """End every session of the person, this one too."""
    with who.house.app.database.write() as session:
        visits.end_all(session, who.person, who.house.now())
    answer = RedirectResponse("/sign-in", status_code=303)
    who.house.cookie.take(answer)
    return answer


@area.post("/account/password", Open.SIGNED_IN)
def change_password(who: Who, sent: Sent) -> Response:
    """Set a password; the other sessions end, for somebody may have known the old one."""
    who.house.rates.spend("password", str(who.person.ident))
    form = read(Change, sent)
    if form.found is None:
        return _page(who, form, WRONG)
    with who.reading() as session:
        stored = sign_in.password(session, who.person.ident)
    if stored is None:
        who.demand_fresh()
    if stored is not None and not passwords.fits(stored.hash, form.found.old):
        return _page(who, form.wrong("old", "This is not the password that you have now"), WRONG)
    try:
        chosen = passwords.hashed(who.person, form.found.password)
    except WrongUse as error:
        return _page(who, form.wrong("password", str(error)), WRONG)
    with who.house.app.database.write() as session:
        passwords.set_password(session, who.person, chosen, now=who.house.now())
        visits.end_all(session, who.person, who.house.now(), but=who.visit.id)
    return who.redirect(_HOME, "Your password is changed. Other sessions have ended.")


@area.post("/account/passkeys", Open.SIGNED_IN)
def add_passkey(who: Who, sent: Sent) -> Response:
    """Keep a passkey that the browser has made."""
    who.demand_fresh()
    form, challenge = read(Named, sent), str(who.visit.kept.get("challenge", ""))
    if form.found is None:
        return _page(who, form, WRONG)
    with who.house.app.database.write() as session:
        place(who).add(session, who.person, form.found.credential, challenge, name=form.found.name, now=who.house.now())
        visits.strengthen(session, who.visit)
    return who.redirect(_HOME, "The passkey is added. You will be asked for it when you sign in.")


@area.post("/account/passkeys/{ident}/remove", Open.SIGNED_IN)
def remove_passkey(ident: RowId, who: Who) -> Response:
    """Take a passkey away; the last way to sign in stays."""
    who.demand_fresh()
    with who.house.app.database.write() as session:
        passkeys.remove(session, who.person, ident, who.house.now())
    return who.redirect(_HOME, "The passkey is removed.")


@area.post("/account/recovery-codes", Open.SIGNED_IN)
def recovery_codes(who: Who) -> Response:
    """Show new recovery codes, this once: the answer to the form is the page itself, and nothing keeps them."""
    who.demand_passkey()
    who.demand_fresh()
    with who.house.app.database.write() as session:
        codes = passkeys.new_codes(session, who.person, who.house.now())
    return _page(who, Form(), codes=tuple(codes))


@area.post("/account/tokens", Open.SIGNED_IN)
def make_token(who: Who, sent: Sent) -> Response:
    """Show a new token for a program, this once."""
    who.demand_passkey()
    who.demand_fresh()
    form, scopes = read(NewToken, sent), [name for name in sent.many("scope") if name in set(SCOPES)]
    if form.found is not None and not scopes:
        form = form.wrong("scope", "Choose what the token may do")
    if form.found is None:
        return _page(who, form, WRONG)
    lasts = timedelta(days=int(form.found.days))
    name, by, now = form.found.token_name, who.person.name, who.house.now()
    with who.house.app.database.write() as session:
        token = bearers.issue(session, who.person, name=name, scopes=scopes, lasts=lasts, by=by, now=now)
    return _page(who, Form(), token=token)


@area.post("/account/tokens/{ident}/revoke", Open.SIGNED_IN)
def revoke_token(ident: RowId, who: Who) -> Response:
    """Let one of the person's tokens serve no more."""
    with who.house.app.database.write() as session:
        bearers.revoke(session, ident, by=who.person, now=who.house.now())
    return who.redirect(_HOME, "The token is revoked.")


@area.post("/account/calendar", Open.SIGNED_IN)
def make_calendar(who: Who) -> Response:
    """Show a new address of the person's calendar, this once; the one before serves no more."""
    who.demand_passkey()
    who.demand_fresh()
    with who.house.app.database.write() as session:
        secret = calendars.issue(session, who.person, who.house.now())
    return _page(who, Form(), calendar_address=who.house.address(f"/calendar/{secret}.ics"))


@area.post("/account/calendar/revoke", Open.SIGNED_IN)
def revoke_calendar(who: Who) -> Response:
    """Let the address of the person's calendar serve no more."""
    with who.house.app.database.write() as session:
        calendars.revoke(session, who.person, who.house.now())
    return who.redirect(_HOME, "The address is revoked. Calendars that read it show nothing new.")
