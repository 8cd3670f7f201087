"""Who is in: a person's role, address and partner change, they are sent away and taken back, their sessions end.

An admin always stays: whoever is the last active one keeps role and place.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, sign_in, users
from campaign.models.users import User
from campaign.people.rights import RIGHTS

_MEND = "Make another person an admin first."


def anybody(session: Session, name: str) -> User:
    """Return a person by name, whether they are in or not. Raises UnknownName."""
    found = users.user(session, name)
    if found is None:
        raise UnknownName(kind="user", name=name, mend="`campaign users list` names everybody.")
    return found


def change(
    session: Session, person: User, *, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> None:
    """Give a person another role, partner or address; their rights change with the next page that they open.

    Raises:
        UnknownName: there is no such role.
        WrongUse: an officer has no partner, or the last admin would be none.

    """
    if role not in RIGHTS:
        raise UnknownName(kind="role", name=role, mend=f"The roles are {', '.join(RIGHTS)}.")
    if role == "officer" and partner_key is None:
        raise WrongUse(problem="An officer belongs to one partner", mend="Name the partner.")
    if role != "admin":
        _refuse_last(session, person)
    person.role, person.email = role, email
    person.partner_key = partner_key if role == "officer" else None
    session.add(person)
    facts = {"role": role, "partner": person.partner_key, "email": email}
    _note(session, person, "change user", by, now, facts)


def send_away(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in no more: their sessions and invitations end. What they did stays theirs. Raises WrongUse."""
    _refuse_last(session, person)
    person.active = False
    session.add(person)
    sign_in.drop_tickets(session, "invitation", person.ident)
    _note(session, person, "send user away", by, now, {"sessions": sign_in.end_visits(session, person.ident)})


def take_back(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in again."""
    person.active = True
    session.add(person)
    _note(session, person, "take user back", by, now, {})


def end_sessions(session: Session, person: User, *, by: str, now: datetime) -> int:
    """End every session of another person; returns how many there were."""
    count = sign_in.end_visits(session, person.ident)
    _note(session, person, "end sessions", by, now, {"ended": count})
    return count


def _refuse_last(session: Session, person: User) -> None:
    others = [one for one in users.users(session) if one.active and one.role == "admin" and one.id != person.id]
    if person.role == "admin" and person.active and not others:
        raise WrongUse(problem=f"{person.name} is the last admin", mend=_MEND)


def _note(session: Session, person: User, action: str, by: str, now: datetime, facts: Mapping[str, object]) -> None:
    audit.record(session, who=by, action=action, subject=f"user:{person.name}", at=now, facts=facts)
