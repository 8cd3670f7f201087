"""Signing in: through the provider of config.toml, with a password and a passkey, or with the demo's link."""

from typing import ClassVar

from fastapi.responses import RedirectResponse, Response
from pydantic import Field
from sqlmodel import Session

from campaign.errors import CampaignError, WrongUse
from campaign.models import sign_in, users
from campaign.models.users import User
from campaign.people import passkeys, passwords, tickets, visits
from campaign.people.provider import Provider, Stranger
from campaign.people.tickets import Purpose
from campaign.register.elsewhere import person_for
from campaign.web.area import Area, Open
from campaign.web.entering import Answer, entered, own_path, place, welcomed
from campaign.web.forms import WRONG, Fields, Form, Secret, Sent, read
from campaign.web.guard import Forged, comes_from_us
from campaign.web.refusals import note
from campaign.web.visitor import Anyone, Visitor, Who

area = Area()

_NOT_THESE = "Check your email address and password: together they are not known here"


class Local(Fields):
    """An address and a password."""

    missing: ClassVar = {"email": "Enter your email address", "password": "Enter your password"}
    email: str = Field(min_length=1, max_length=300)
    password: Secret = Field(min_length=1, max_length=passwords.LONGEST)


class Code(Fields):
    """A recovery code."""

    missing: ClassVar = {"code": "Enter one of your recovery codes"}
    code: str = Field(min_length=1, max_length=50)


@area.get("/sign-in", Open.ANYONE)
def ask(who: Anyone, next: str = "/", again: str = "") -> Response:  # noqa: A002 - the name in the address
    """Ask who it is; ``again`` asks somebody who has signed in already."""
    if who.person is not None and not again:
        return who.redirect(own_path(next))
    return _asked(who, Form(), own_path(next))


def _asked(who: Visitor, form: Form[Local], then: str, status: int = 200) -> Response:
    asked = place(who).ask_for_one()
    who.keep(challenge=asked.challenge, then=then, half=None)  # whoever begins again may be somebody else
    oidc = who.house.app.settings.oidc
    title = oidc.title if oidc.profile != "off" else None
    return who.page("sign_in/ask.html", status=status, form=form, options=asked.options, provider=title)


@area.post("/sign-in", Open.ANYONE)
def with_password(who: Anyone, sent: Sent) -> Response:
    """Take an address and a password; a person who has a passkey is asked for it too."""
    who.house.rates.spend("sign-in", who.address)
    form, then = read(Local, sent), str(who.begun().kept.get("then", "/"))
    if form.found is None:
        return _asked(who, form, then, WRONG)
    who.house.rates.spend("email", form.found.email.lower())
    person, stored, has_passkey = _local(who, form.found.email)
    if not passwords.fits(stored, form.found.password) or person is None:
        note(who.request, "a wrong password", person.name if person else None)
        return _asked(who, form.wrong("email", _NOT_THESE), then, WRONG)
    if has_passkey:
        who.keep(half=visits.half_in(person, stored or "", who.house.now()))
        return who.redirect("/sign-in/passkey")
    with who.house.app.database.write() as session:
        secret = entered(who, session, person, visits.PASSWORD)
    return welcomed(who, secret, then)


def _local(who: Visitor, email: str) -> tuple[User | None, str | None, bool]:
    with who.reading() as session:
        person = users.user_by_email(session, email)
        if person is None:
            return None, None, False
        found = sign_in.password(session, person.ident)
        return person, found.hash if found else None, bool(sign_in.passkeys(session, person.ident))


@area.get("/sign-in/passkey", Open.ANYONE)
def ask_for_passkey(who: Anyone) -> Response:
    """Ask a person whose password was right for their passkey, or for a recovery code."""
    return _second(who, Form())


def _half(who: Visitor) -> User:
    """Return the person whose password was right a moment ago. Raises WrongUse."""
    with who.reading() as session:
        person = visits.half(session, who.visit, who.house.now()) if who.visit else None
    if person is None:
        raise WrongUse(problem="Your sign-in took too long", mend="Begin again with your email address and password.")
    return person


def _second(who: Visitor, form: Form[Code], status: int = 200) -> Response:
    person = _half(who)
    with who.reading() as session:
        held = sign_in.passkeys(session, person.ident)
    asked = place(who).ask_for_one(held)
    who.keep(challenge=asked.challenge)
    return who.page("sign_in/second.html", status=status, form=form, options=asked.options)


@area.post("/sign-in/passkey", Open.ANYONE)
def with_passkey(who: Anyone, sent: Sent) -> Response:
    """Take the answer of a passkey, which says whose it is; after a password it must be that person's."""
    who.house.rates.spend("sign-in", who.address)
    kept = who.begun().kept
    form = read(Answer, sent)
    if form.found is None:
        raise WrongUse(problem="No passkey was used", mend="Go back and try again.")
    challenge = str(kept.get("challenge", ""))
    who.keep(challenge=None)
    half = _half(who) if kept.get("half") else None
    try:
        with who.house.app.database.write() as session:
            person = _holder(who, session, form.found.credential, challenge, half)
            how = "password and passkey" if half else "passkey"
            secret = entered(who, session, person, how)
    except WrongUse:
        note(who.request, "a passkey that does not fit")
        raise
    return welcomed(who, secret, str(kept.get("then", "/")))


def _holder(who: Visitor, session: Session, answer: str, challenge: str, half: User | None) -> User:
    """Return whose passkey answered; after a password (``half``) it must be that person's. Raises WrongUse."""
    person = place(who).person_of(session, answer, challenge, who.house.now())
    if half is not None and half.id != person.id:
        raise WrongUse(problem="This passkey is somebody else's", mend="Use your own.")
    return person


@area.post("/sign-in/code", Open.ANYONE)
def with_code(who: Anyone, sent: Sent) -> Response:
    """Take a recovery code after a password, instead of the passkey."""
    who.house.rates.spend("sign-in", who.address)
    person, form = _half(who), read(Code, sent)
    who.house.rates.spend("code", str(person.ident))
    if form.found is None:
        return _second(who, form, WRONG)
    with who.house.app.database.write() as session:
        if passkeys.use_code(session, person, form.found.code, who.house.now()):
            secret = entered(who, session, person, "password and recovery code")
            return welcomed(who, secret, str(who.begun().kept.get("then", "/")))
    note(who.request, "a wrong recovery code", person.name)
    return _second(who, form.wrong("code", "This is none of your recovery codes, or it was used before"), WRONG)


@area.get("/sign-in/start", Open.ANYONE)
def start(who: Anyone) -> Response:
    """Send the browser to the provider; a link on another site does not."""
    if not comes_from_us(who.request):
        raise Forged
    who.house.rates.spend("sign-in", who.address)
    asked, kept = _provider(who).start()
    who.keep(oidc=kept)
    answer = who.redirect("/")
    answer.headers["location"] = asked
    return answer


@area.get("/sign-in/back", Open.ANYONE)
def back(who: Anyone) -> Response:
    """Take the browser back from the provider."""
    who.house.rates.spend("sign-in", who.address)
    kept = who.visit.kept if who.visit else {}
    if kept.get("oidc"):
        who.keep(oidc=None)  # an answer is taken once
    try:
        secret = _let_in(who, _provider(who).finish(dict(who.request.query_params), kept.get("oidc") or {}))
    except CampaignError as error:
        note(who.request, "a sign-in elsewhere that does not hold")
        return who.page("sign_in/refused.html", status=403, why=str(error))
    return welcomed(who, secret, str(kept.get("then", "/")))


def _let_in(who: Visitor, stranger: Stranger) -> str:
    """Begin the session of whom the provider names; a refusal is raised after what it ends is stored."""
    with who.house.app.database.write() as session:
        person = person_for(session, stranger, who.house.now())
        if isinstance(person, User):
            return entered(who, session, person, who.house.app.settings.oidc.title)
    raise person


def _provider(who: Visitor) -> Provider:
    settings = who.house.app.settings.oidc
    if settings.profile == "off":
        raise WrongUse(problem="No provider is set up here", mend="Sign in with your email address.")
    return Provider(settings, who.house.address("/sign-in/back"))


@area.get("/sign-in/demo/{secret}", Open.ANYONE)
def ask_demo(secret: str, who: Anyone) -> Response:
    """Ask before a demo's link is followed: whatever fetches links shall not sign in."""
    who.begun()
    with who.reading() as session:
        person = tickets.look(session, secret, Purpose.DEMO, who.house.now())
    return who.page("sign_in/demo.html", status=200 if person else 404, one=person)


@area.post("/sign-in/demo/{secret}", Open.ANYONE)
def with_demo_link(secret: str, who: Anyone) -> Response:
    """Sign in by a demo's link, which serves once, within a day."""
    who.house.rates.spend("sign-in", who.address)
    with who.house.app.database.write() as session:
        person = tickets.use(session, secret, Purpose.DEMO, who.house.now())
        if person is None:
            raise WrongUse(problem="This link has been used", mend="`campaign demo --links` prints new ones.")
        cookie = entered(who, session, person, "the demo's link")
    return welcomed(who, cookie)


@area.post("/sign-out", Open.SIGNED_IN)
def sign_out(who: Who) -> Response:
    """End this session."""
    with who.house.app.database.write() as session:
        sign_in.end_visit(session, who.visit.ident)
    answer = RedirectResponse("/sign-in", status_code=303)
    who.house.cookie.take(answer)
    return answer
