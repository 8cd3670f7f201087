"""/invitation/<secret>: a person who was added chooses a password, or makes a passkey instead, and is in."""

from datetime import datetime
from typing import ClassVar

from fastapi.responses import Response
from pydantic import Field
from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.models import sign_in
from campaign.models.users import User
from campaign.people import passwords, roster, tickets, visits
from campaign.people.tickets import Purpose
from campaign.web.area import Area, Open
from campaign.web.entering import Answer, entered, place, welcomed
from campaign.web.forms import WRONG, Fields, Form, Secret, Sent, read
from campaign.web.refusals import note
from campaign.web.visitor import Anyone, Visitor

area = Area()


@area.get("/invitation/{secret}", Open.ANYONE)
def invited(secret: str, who: Anyone) -> Response:
    """Show an invitation: the person chooses a password, or makes a passkey instead."""
    return _invitation(who, secret, Form())


class Chosen(Fields):
    """A new password."""

    missing: ClassVar = {"password": f"Enter a password of {passwords.SHORTEST} characters or more"}
    password: Secret = Field(min_length=passwords.SHORTEST, max_length=passwords.LONGEST)


def _invitation(who: Visitor, secret: str, form: Form[Chosen], status: int = 200) -> Response:
    who.house.rates.spend("sign-in", who.address)
    with who.reading() as session:
        person = tickets.look(session, secret, Purpose.INVITATION, who.house.now())
        asked = place(who).ask_for_new(person, []) if person else None
        again = person is not None and sign_in.has_way_in(session, person.ident)
    if person is None:
        note(who.request, "an invitation that does not serve")
    who.keep(challenge=asked.challenge if asked else None)
    options = asked.options if asked else ""
    shown = status if person else 404
    names = {"form": form, "one": person, "secret": secret, "options": options, "again": again}
    return who.page("sign_in/invitation.html", status=shown, **names)


@area.post("/invitation/{secret}", Open.ANYONE)
def accept(secret: str, who: Anyone, sent: Sent) -> Response:
    """Take the new person's password, use the invitation up, and sign in."""
    form = read(Chosen, sent)
    if form.found is None:
        return _invitation(who, secret, form, WRONG)
    try:
        with who.reading() as session:
            person = _invited(tickets.look(session, secret, Purpose.INVITATION, who.house.now()))
        chosen = passwords.hashed(person, form.found.password)
        with who.house.app.database.write() as session:
            person = _invited(tickets.use(session, secret, Purpose.INVITATION, who.house.now()))
            _end_all(session, person, who.house.now())
            passwords.set_password(session, person, chosen, now=who.house.now())
            cookie = entered(who, session, person, visits.INVITATION)
    except WrongUse as error:
        return _invitation(who, secret, form.wrong("password", str(error)), WRONG)
    return welcomed(who, cookie)


@area.post("/invitation/{secret}/passkey", Open.ANYONE)
def accept_with_passkey(secret: str, who: Anyone, sent: Sent) -> Response:
    """Take the new person's passkey instead of a password."""
    answer, challenge = read(Answer, sent).found, str(who.begun().kept.get("challenge", ""))
    if answer is None:
        raise WrongUse(problem="No passkey was made", mend="Go back and try again, or choose a password.")
    with who.house.app.database.write() as session:
        now = who.house.now()
        person = _invited(tickets.use(session, secret, Purpose.INVITATION, now))
        _end_all(session, person, now)
        place(who).add(session, person, answer.credential, challenge, name="First passkey", now=now)
        cookie = entered(who, session, person, f"{visits.INVITATION} and passkey")
    return welcomed(who, cookie)


def _invited(person: User | None) -> User:
    if person is None:
        raise WrongUse(problem="This invitation has ended or was used", mend="Ask an admin for a new one.")
    return person


def _end_all(session: Session, person: User, now: datetime) -> None:
    """End the person's sessions and ways in from before: an admin invites anew whose password or device got about."""
    visits.end_all(session, person, now)
    roster.begin_anew(session, person, now)
