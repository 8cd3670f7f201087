"""Letting people in: whoever gets another's invitation or address acts in that person's name, and whoever may approve
or administer decides for all. So no admin does either unseen: the other admins, and the person, are told.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from campaign import tell
from campaign.models import sign_in, users
from campaign.models.users import User
from campaign.notices.kinds import WORDINGS, Kind
from campaign.people import roster, tickets
from campaign.people.tickets import Purpose
from campaign.tell import News

_OF_ONE_PARTNER = "officer"


def add(
    session: Session, *, name: str, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> User:
    """Add a person. Raises as ``roster.add_user`` does."""
    person = roster.add_user(session, name=name, role=role, partner_key=partner_key, email=email, by=by, now=now)
    if role != _OF_ONE_PARTNER:
        _tell(session, person, f"{by} has added {name} as {role}", [], now)
    return person


def invite(session: Session, person: User, *, by: str, now: datetime) -> str:
    """Return the secret of a new invitation. Raises WrongUse where the person has no address."""
    secret = tickets.issue(session, person, Purpose.INVITATION, by=by, now=now)
    if sign_in.has_way_in(session, person.ident):
        done = f"{by} has made a new invitation for {person.name}, who could sign in before"
        _tell(session, person, done, [person.email or ""], now)
    return secret


def change(
    session: Session, person: User, *, role: str, partner_key: str | None, email: str | None, by: str, now: datetime
) -> None:
    """Give a person another role, partner or address. Raises as ``roster.change`` does."""
    was, before = person.role, person.email
    roster.change(session, person, role=role, partner_key=partner_key, email=email, by=by, now=now)
    if role not in (was, _OF_ONE_PARTNER):
        _tell(session, person, f"{by} has made {person.name}, who was {was}, {role}", [person.email or ""], now)
    if before and person.email != before and sign_in.has_way_in(session, person.ident):
        done = f"{by} has given {person.name} the address {person.email or '(none)'} in place of {before}"
        _tell(session, person, done, [before, person.email or ""], now)


def _tell(session: Session, person: User, done: str, addresses: Iterable[str], now: datetime) -> None:
    """Tell the other admins and these addresses, whichever mail they want otherwise."""
    wording = WORDINGS[Kind.WAY_IN]
    body = f"{done}. If nobody asked for this, tell another admin at once."
    news = News(Kind.WAY_IN, f"{person.name}: {wording.one}", body, wording.page)
    admins = users.addresses(one for one in users.in_roles(session, "admin") if one.id != person.id)
    tell.write(session, {*filter(None, addresses), *admins}, news, now)
