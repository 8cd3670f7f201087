"""Letting people in: whoever gets another's invitation or address acts in that person's name, and whoever has the last
word on posts, or administers, decides for all. So no admin does any of it unseen: the other admins, and the person, are
told.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlmodel import Session

from campaign import tell
from campaign.models import partners, sign_in, users
from campaign.models.partners import Partner
from campaign.models.users import User
from campaign.notices.kinds import WORDINGS, Kind
from campaign.people import roster, tickets
from campaign.people.tickets import Purpose
from campaign.tell import News

_OF_ONE_PARTNER = "officer"
_BY_DFE = "dfe"


def decides(session: Session, person: User) -> bool:
    """Say whether a person may let a post go out: reviewers, admins, and officers of a partner that approves too."""
    if person.role != _OF_ONE_PARTNER:
        return True
    partner = partners.partner_by_key(session, person.partner_key or "")
    return partner is not None and partner.approver != _BY_DFE


def by_mail_alone(session: Session, person: User) -> bool:
    """Say whether a program must not see the link that lets a person in: they could sign in before, or decide."""
    return sign_in.has_way_in(session, person.ident) or decides(session, person)


def add(
    session: Session,
    *,
    name: str,
    role: str,
    partner_key: str | None,
    email: str | None,
    by: str,
    now: datetime,
    told_as: str = "",
) -> User:
    """Add a person; ``told_as``: whose doing the mail calls it, where not ``by``'s. Raises as ``roster.add_user``."""
    person = roster.add_user(session, name=name, role=role, partner_key=partner_key, email=email, by=by, now=now)
    if decides(session, person):
        _tell_of(session, person, f"{told_as or by} has added {name} as {_what(session, person)}", [], now)
    return person


def invite(session: Session, person: User, *, by: str, now: datetime) -> str:
    """Return the secret of a new invitation. Raises WrongUse where the person has no address."""
    secret = tickets.issue(session, person, Purpose.INVITATION, by=by, now=now)
    if sign_in.has_way_in(session, person.ident):
        done = f"{by} has made a new invitation for {person.name}, who could sign in before"
        _tell_of(session, person, done, [person.email], now)
    elif decides(session, person):
        done = f"{by} has invited {person.name}, {_what(session, person)}, at {person.email}"
        _tell_of(session, person, done, [], now)  # the person reads the invitation itself
    return secret


def change(
    session: Session,
    person: User,
    *,
    role: str,
    partner_key: str | None,
    email: str | None,
    by: str,
    now: datetime,
    told_as: str = "",
) -> None:
    """Give a person another role, partner or address; ``told_as`` as for ``add``. Raises as ``roster.change`` does."""
    was, before = _what(session, person), person.email
    decided, place = decides(session, person), (person.role, person.partner_key)
    roster.change(session, person, role=role, partner_key=partner_key, email=email, by=by, now=now)
    reached = [before, person.email]
    if place != (person.role, person.partner_key) and (decided or decides(session, person)):
        # Who loses it is told of too: an admin who has no more a say hears nothing of what comes next.
        done = f"{told_as or by} has made {person.name}, who was {was}, {_what(session, person)}"
        _tell_of(session, person, done, reached, now)
    if (person.email or None) != (before or None):
        done = f"{by} has given {person.name} the address {person.email or '(none)'} in place of {before or '(none)'}"
        _tell_of(session, person, done, reached, now)


def send_away(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in no more. Raises as ``roster.send_away`` does."""
    roster.send_away(session, person, by=by, now=now)
    if decides(session, person):
        done = f"{by} has removed the access of {person.name}, {_what(session, person)}"
        _tell_of(session, person, done, [person.email], now)


def take_back(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let a person in again, by whichever way they had. Raises as ``roster.take_back`` does."""
    roster.take_back(session, person, by=by, now=now)
    done = f"{by} has given {person.name}, {_what(session, person)}, access again"
    _tell_of(session, person, done, [person.email], now)


def bind(session: Session, person: User, issuer: str, now: datetime) -> None:
    """Tell that a person is known at an identity provider from now on, where they could sign in before."""
    if sign_in.has_way_in(session, person.ident):
        done = f"{person.name}, who could sign in before, has signed in through {issuer} for the first time"
        _tell_of(session, person, done, [person.email], now)


def unbind(session: Session, person: User, *, by: str, now: datetime) -> None:
    """Let go of a person's accounts at identity providers: the next one with their address is theirs. Raises as
    ``roster.unbind`` does.
    """
    roster.unbind(session, person, by=by, now=now)
    done = f"{by} has let another account of the identity provider become that of {person.name}"
    _tell_of(session, person, done, [person.email], now)


def approver_changed(session: Session, changed: Iterable[Partner], *, by: str, now: datetime) -> None:
    """Tell of partners that somebody else approves from now on, where officers who are in already have a say by it."""
    keys = {one.partner_key for one in users.users(session) if one.active}
    named = sorted(one.name for one in changed if one.approver != _BY_DFE and one.key in keys)
    if named:
        _tell(session, "Who approves", f"{by} has let the officers of {', '.join(named)} approve", [], now)


def _what(session: Session, person: User) -> str:
    """Return as what a person is in, and whether an officer has a say."""
    if person.role != _OF_ONE_PARTNER:
        return person.role
    return f"officer of {person.partner_key}" + (", which approves its own posts" if decides(session, person) else "")


def _tell_of(session: Session, person: User, done: str, addresses: Iterable[str | None], now: datetime) -> None:
    subject = f"{person.name}: {WORDINGS[Kind.WAY_IN].one}"
    _tell(session, subject, done, addresses, now, but=person.id)


def _tell(
    session: Session, subject: str, done: str, addresses: Iterable[str | None], now: datetime, but: int | None = None
) -> None:
    """Tell the admins but for one, and these addresses, whichever mail they want otherwise."""
    body = f"{done}. If nobody asked for this, tell another admin at once."
    news = News(Kind.WAY_IN, subject, body, WORDINGS[Kind.WAY_IN].page)
    admins = users.addresses(one for one in users.in_roles(session, "admin") if one.id != but)
    tell.write(session, {*filter(None, addresses), *admins}, news, now)
