"""From whom an identity provider names to a person here: known by issuer and subject, or by a confirmed address."""

from datetime import datetime

from sqlmodel import Session

from campaign.errors import NotAllowed
from campaign.models import audit, partners, sign_in, users
from campaign.models.sign_in import Elsewhere
from campaign.models.users import User
from campaign.people.provider import Stranger
from campaign.people.rights import add_user


def person_for(session: Session, stranger: Stranger, now: datetime) -> User:
    """Return the person, bound to the provider's subject from now on. Where the provider names roles, it rules them.

    Raises:
        NotAllowed: nobody here has this address and the provider names no role, the person was sent away, or they are
            an officer of no partner.

    """
    found = sign_in.person_elsewhere(session, stranger.issuer, stranger.subject)
    if found is None:
        found = _known_by_address(session, stranger) or _added(session, stranger, now)
        session.flush()
        bound = Elsewhere(user_id=found.ident, issuer=stranger.issuer, subject=stranger.subject, added_at=now)
        session.add(bound)
    if not found.active:
        raise _refused(stranger, "they were sent away")
    _follow(session, found, stranger, now)
    return found


def _known_by_address(session: Session, stranger: Stranger) -> User | None:
    return users.user_by_email(session, stranger.email) if stranger.email else None


def _added(session: Session, stranger: Stranger, now: datetime) -> User:
    if stranger.email and any(not one.active for one in users.with_email(session, stranger.email)):
        raise _refused(stranger, "they were sent away")
    if stranger.role is None:
        raise _refused(stranger, "nobody has added them")
    if users.user(session, stranger.name) is not None:
        raise _refused(stranger, "somebody else has that name here")
    return add_user(
        session,
        name=stranger.name,
        role=stranger.role,
        partner_key=_partner(session, stranger),
        email=stranger.email,
        by=stranger.name,
        now=now,
    )


def _follow(session: Session, person: User, stranger: Stranger, now: datetime) -> None:
    """Give the person the role and partner that the provider names."""
    if stranger.role is None:
        return
    wanted = (stranger.role, _partner(session, stranger))
    if (person.role, person.partner_key) != wanted:
        facts = {"role": stranger.role, "partner": wanted[1], "was": person.role}
        person.role, person.partner_key = wanted
        session.add(person)
        subject = f"user:{person.name}"
        audit.record(session, who=person.name, action="change role", subject=subject, at=now, facts=facts)


def _partner(session: Session, stranger: Stranger) -> str | None:
    if stranger.role != "officer":
        return None
    if stranger.partner is None or partners.partner_by_key(session, stranger.partner) is None:
        raise _refused(stranger, "their organisation is no partner of this campaign")
    return stranger.partner


def _refused(stranger: Stranger, why: str) -> NotAllowed:
    return NotAllowed(who=stranger.name, what="sign in", why=why)
