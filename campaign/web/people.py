"""People: who is in with which role, new ones and their invitations, their sessions, sending away and taking back."""

from datetime import datetime
from typing import Any, ClassVar, Literal, Protocol

from fastapi.responses import Response
from pydantic import Field, field_validator
from sqlmodel import Session

from campaign import people
from campaign.config import said
from campaign.errors import WrongUse
from campaign.models import partners, sign_in, users
from campaign.models.users import User
from campaign.people import Right, roster
from campaign.register import letting_in
from campaign.review.decisions import Desk
from campaign.web.area import Area
from campaign.web.forms import WRONG, Fields, Form, Posted, Sent, mistake, options, read
from campaign.web.visitor import Actor, RowId, Who
from campaign.web.words import browser_name

area = Area()

_NEEDED = {
    "name": "Enter a name in at most 80 characters",
    "role": "Choose what the person is to do",
    "email": "Enter one email address, like name@example.org",
}


class Role(Fields):
    """What a person may do, for whom, and where mail to them goes."""

    missing: ClassVar = _NEEDED
    role: Literal["officer", "reviewer", "admin"]
    partner: str = Field(default="", max_length=200)
    email: str = Field(default="", max_length=254)

    @property
    def lacks(self) -> tuple[str, str] | None:
        """An officer needs a partner."""
        missing = self.role == "officer" and not self.partner
        return ("partner", "An officer belongs to one partner. Choose it") if missing else None


class Newcomer(Role):
    """A person to add."""

    name: str = Field(min_length=1, max_length=80)

    @field_validator("name")
    @classmethod
    def _one_line(cls, name: str) -> str:
        try:
            return said("name", name)
        except WrongUse as error:
            raise mistake(str(error)) from error


@area.get("/admin/people", Right.ADMINISTER)
def everybody(who: Who) -> Response:
    """List the people."""
    with who.reading() as session:
        return who.page("admin/people.html", section="people", everybody=users.users(session))


@area.get("/admin/people/new", Right.ADMINISTER)
def ask_new(who: Who, partner: str = "") -> Response:
    """Ask for a new person: an officer, where a partner is named."""
    return _form(who, Form(Posted({"partner": (partner,), "role": ("officer" if partner else "",)})))


def _form(who: Actor, form: Form[Any], status: int = 200) -> Response:
    with who.reading() as session:
        offered = _partners(session, form.value("partner"))
    return who.page("admin/newcomer.html", status=status, section="people", form=form, partners=offered)


def _partners(session: Session, chosen: str | None) -> list[dict[str, object]]:
    return options("Choose a partner", [(row.key, row.name) for row in partners.partners(session)], chosen)


@area.post("/admin/people/new", Right.ADMINISTER)
def add(who: Who, sent: Sent) -> Response:
    """Add a person, and show the link of their invitation, this once, where they have an address."""
    form = read(Newcomer, sent)
    if form.found is None:
        return _form(who, form, WRONG)
    try:
        with who.desk() as desk:
            person = _added(desk, form.found)
            secret = _invitation(desk, person) if person.email else ""
    except WrongUse as error:
        return _form(who, _blamed(form, error), WRONG)
    if secret:
        return _invited(who, person, secret)
    return who.redirect(f"/admin/people/{person.ident}", f"{person.name} is added. They act on the command line alone.")


def _added(desk: Desk, found: Newcomer) -> User:
    return letting_in.add(
        desk.session,
        name=found.name,
        role=found.role,
        partner_key=found.partner or None,
        email=found.email,
        by=desk.person.name,
        now=desk.now,
    )


def _blamed(form: Form[Any], error: WrongUse) -> Form[Any]:
    """Return the form with a refusal beside the field that it is about; one that is about none is raised on."""
    if "field" not in error.facts:
        raise error
    return form.wrong(str(error.facts["field"]), str(error))


def _invitation(desk: Desk, person: User) -> str:
    return letting_in.invite(desk.session, person, by=desk.person.name, now=desk.now)


@area.get("/admin/people/{ident}", Right.ADMINISTER)
def show(ident: RowId, who: Who) -> Response:
    """Show a person."""
    return _page(who, ident, Form())


def _page(
    who: Actor, ident: int, form: Form[Any], status: int = 200, link: str = "", unsent: str | None = None
) -> Response:
    with who.reading() as session:
        person = roster.numbered(session, ident)
        sessions = [
            {"visit": found, "browser": browser_name(found.browser)}
            for found in sign_in.visits(session, person.ident, who.house.now())
        ]
        proofs = {
            "has_password": sign_in.password(session, person.ident) is not None,
            "passkeys": len(sign_in.passkeys(session, person.ident)),
            "elsewhere": sign_in.elsewhere(session, person.ident),
        }
        offered = _partners(session, form.value("partner") or person.partner_key)
    return who.page(
        "admin/person.html",
        status=status,
        section="people",
        one=person,
        sessions=sessions,
        partners=offered,
        form=form,
        link=link,
        unsent=unsent,
        **proofs,
    )


@area.post("/admin/people/{ident}/role", Right.ADMINISTER)
def change(ident: RowId, who: Who, sent: Sent) -> Response:
    """Give a person another role, partner or address."""
    form = read(Role, sent)
    if form.found is None:
        return _page(who, ident, form, WRONG)
    found = form.found
    try:
        with who.desk() as desk:
            person = roster.numbered(desk.session, ident)
            letting_in.change(
                desk.session,
                person,
                role=found.role,
                partner_key=found.partner or None,
                email=found.email,
                by=desk.person.name,
                now=desk.now,
            )
    except WrongUse as error:
        return _page(who, ident, _blamed(form, error), WRONG)
    return who.redirect(f"/admin/people/{person.ident}", "Saved.")


@area.post("/admin/people/{ident}/invite", Right.ADMINISTER)
def invite(ident: RowId, who: Who) -> Response:
    """Mail a new invitation, and show its link this once: the answer to the form is the page itself."""
    with who.desk() as desk:
        person = roster.numbered(desk.session, ident)
        secret = _invitation(desk, people.acting(desk.session, person.name))
    return _invited(who, person, secret)


def _invited(who: Actor, person: User, secret: str) -> Response:
    """Mail the link, and show it with what came of that."""
    invitations = who.house.app.notices.invitations
    link = invitations.link(secret)
    unsent = invitations.send(person.email or "", person.name, link)
    return _page(who, person.ident, Form(), link=link, unsent=unsent)


@area.post("/admin/people/{ident}/end-sessions", Right.ADMINISTER)
def end_sessions(ident: RowId, who: Who) -> Response:
    """Sign a person out everywhere."""
    return _done(who, ident, roster.end_sessions, "is signed out everywhere.")


@area.post("/admin/people/{ident}/unbind", Right.ADMINISTER)
def unbind(ident: RowId, who: Who) -> Response:
    """Let go of a person's accounts at identity providers."""
    return _done(who, ident, letting_in.unbind, "can sign in with another account of the provider.")


class _Act(Protocol):
    """What an admin does about a person."""

    def __call__(self, session: Session, person: User, *, by: str, now: datetime) -> object: ...


def _done(who: Actor, ident: int, act: _Act, told: str) -> Response:
    """Do something about a person, and say it on their page."""
    with who.desk() as desk:
        person = roster.numbered(desk.session, ident)
        act(desk.session, person, by=desk.person.name, now=desk.now)
    return who.redirect(f"/admin/people/{person.ident}", f"{person.name} {told}")


@area.get("/admin/people/{ident}/send-away", Right.ADMINISTER)
def ask_away(ident: RowId, who: Who) -> Response:
    """Ask whether a person is to be let in no more."""
    with who.reading() as session:
        person = roster.numbered(session, ident)
    return who.page("admin/send_away.html", section="people", one=person)


@area.post("/admin/people/{ident}/send-away", Right.ADMINISTER)
def send_away(ident: RowId, who: Who) -> Response:
    """Let a person in no more."""
    return _done(who, ident, letting_in.send_away, "can no longer sign in.")


@area.post("/admin/people/{ident}/take-back", Right.ADMINISTER)
def take_back(ident: RowId, who: Who) -> Response:
    """Let a person in again."""
    return _done(who, ident, letting_in.take_back, "can sign in again.")
