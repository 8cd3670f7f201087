"""Who is in: people are added, their role, partner and address change, they go and come back, their sessions end.

An admin always stays: whoever is the last active one keeps role and place.
"""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from campaign.config import is_mail, said
from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, calendar_links, notices, partners, sign_in, tokens, users
from campaign.models.users import User
from campaign.people.rights import RIGHTS

_MEND = "Make another person an admin first."


def anybody(session: Session, name: str) -> User:
    """Return a person by name, whether they are in or not. Raises UnknownName."""
    found = users.user(session, name)
    if found is None:
        raise UnknownName(kind="user", name=name, mend="`campaign users list` names everybody.")
    return found


def numbered(session: Session, ident: int) -> User:
    """Return a person by number, whether they are in or not. Raises UnknownName."""
    found = users.user_by_id(session, ident)
    if found is None:
        raise UnknownName(kind="person", name=ident, mend="The list of people shows everybody.")
    return found


def add_user(
    session: Session, *, name: str, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> User:
    """Add a person.

    Raises:
        UnknownName: there is no such role or partner.
        WrongUse: the name is empty, not one line or taken, the address is none or another's, or an officer has no
            partner.

    """
    name = said("user's name", name)
    partner_key, email = partner_of(session, role, partner_key), _address(session, email)
    if users.user(session, name) is not None:
        raise WrongUse(field="name", problem=f"There is a user {name!r} already", mend="Choose another name.")
    person = User(name=name, role=role, partner_key=partner_key, email=email, added_at=now)
    session.add(person)
    _note(session, person, "add user", by, now, {"role": role, "partner": partner_key})
    return person


def partner_of(session: Session, role: str, partner_key: str | None) -> str | None:
    """Return the partner to which a person of this role belongs: an officer to the named one, nobody else to any.

    Raises:
        UnknownName: there is no such role or partner.
        WrongUse: an officer has no partner.

    """
    if role not in RIGHTS:
        raise UnknownName(kind="role", name=role, mend=f"The roles are {', '.join(RIGHTS)}.")
    if role != "officer":
        return None
    if partner_key is None:
        raise WrongUse(field="partner", problem="An officer belongs to one partner", mend="Name it with --partner.")
    if partners.partner_by_key(session, partner_key) is None:
        raise UnknownName(field="partner", kind="partner", name=partner_key, mend="The list of partners names them.")
    return partner_key


def change(
    session: Session, person: User, *, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> None:
    """Give a person another role, partner or address; their rights change with the next page that they open. Mail that
    waits for them goes to the new address, none where it tells of a partner that they do not speak for any more.

    Raises:
        UnknownName: there is no such role or partner.
        WrongUse: an officer has no partner, the address is none or another's, or the last admin would be none.

    """
    partner_key = partner_of(session, role, partner_key)
    if email != person.email:
        email = _address(session, email, but=person.id)
    if role != "admin":
        _refuse_last(session, person)
    facts = {"role": role, "partner": partner_key, "email": email, "was": person.role}
    before, sees_less = person.email, partner_key not in (None, person.partner_key)
    person.role, person.partner_key, person.email = role, partner_key, email
    session.add(person)
    _note(session, person, "change user", by, now, facts)
    if sees_less or not email:
        _stop_mail(session, before, now, "speaks for another partner" if sees_less else "has no address")
    elif before and email != before and not partners.is_contact(session, before):
        notices.readdress(session, before, email, now)


def send_away(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in no more: their sessions, invitations, tokens and the address of their calendar end, and do not
    come back with them; mail that waits for them does not go. What they did stays theirs. Raises WrongUse.
    """
    _refuse_last(session, person)
    person.active = False
    session.add(person)
    _note(session, person, "send user away", by, now, _ended(session, person, now))
    _stop_mail(session, person.email, now, "was sent away")


def _stop_mail(session: Session, address: str | None, now: datetime, why: str) -> None:
    """Let no mail that waits for the address go, unless it is a partner's own, which is told of the same things."""
    if address and not partners.is_contact(session, address):
        notices.give_up(session, address, now, f"the person {why}")


def shut_out(session: Session, person: User, *, why: str, now: datetime) -> None:
    """End what a person holds whom the identity provider lets in no more: the same as of one who is sent away. They
    stay with role and place, for whoever has a say there or here to let them in again.
    """
    ended = _ended(session, person, now)
    if any(ended.values()):
        _note(session, person, "shut out", person.name, now, {"why": why, **ended})


def _ended(session: Session, person: User, now: datetime) -> dict[str, int]:
    """End all that lets a person in without signing in anew; returns how many there were of each that is seen."""
    sign_in.drop_tickets(session, "invitation", person.ident)
    return {
        "sessions": sign_in.end_visits(session, person.ident),
        "tokens": tokens.revoke_all(session, person.ident, now),
        "calendars": int(calendar_links.revoke(session, person.ident, now)),
    }


def begin_anew(session: Session, person: User, now: datetime) -> None:
    """End all that let a person in here before, as they take an invitation: it may have been lost, or got about. Their
    account at an identity provider stays.
    """
    ended = {
        **sign_in.drop_proofs(session, person.ident),
        "tokens": tokens.revoke_all(session, person.ident, now),
        "calendars": int(calendar_links.revoke(session, person.ident, now)),
    }
    if any(ended.values()):
        _note(session, person, "end old ways in", person.name, now, ended)


def take_back(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in again. Raises WrongUse where another person has their address by now."""
    _refuse_taken(session, person.email, but=person.id)
    person.active = True
    session.add(person)
    _note(session, person, "take user back", by, now, {})


def unbind(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let go of a person's accounts at identity providers. Raises WrongUse where they have none."""
    if not sign_in.drop_elsewhere(session, person.ident):
        raise WrongUse(problem=f"{person.name} has no account at an identity provider", mend="Nothing is to be done.")
    _note(session, person, "let go of sign-in elsewhere", by, now, {})


def end_sessions(session: Session, person: User, *, by: str, now: datetime) -> int:
    """End every session of another person; returns how many there were."""
    count = sign_in.end_visits(session, person.ident)
    _note(session, person, "end sessions", by, now, {"ended": count})
    return count


def _address(session: Session, email: str | None, *, but: int | None = None) -> str | None:
    """Return an address as it is stored: None where it is empty. Raises WrongUse: it is none, or another's."""
    if email and not is_mail(email):
        raise WrongUse(
            field="email", problem=f"{email!r} is no mail address", mend="Write name@example.org, one address."
        )
    _refuse_taken(session, email, but=but)
    return email or None


def _refuse_taken(session: Session, email: str | None, *, but: int | None = None) -> None:
    """Refuse an address that an active person has already: by it people sign in, and two who share one could not."""
    found = users.with_email(session, email) if email else []
    if any(one.active and one.id != but for one in found):
        mend = "Choose another address, or change theirs first."
        raise WrongUse(field="email", problem="Another person has this address", mend=mend)


def _refuse_last(session: Session, person: User) -> None:
    others = [one for one in users.users(session) if one.active and one.role == "admin" and one.id != person.id]
    if person.role == "admin" and person.active and not others:
        raise WrongUse(field="role", problem=f"{person.name} is the last admin", mend=_MEND)


def _note(session: Session, person: User, action: str, by: str, now: datetime, facts: Mapping[str, object]) -> None:
    audit.record(session, who=by, action=action, subject=f"user:{person.name}", at=now, facts=facts)
