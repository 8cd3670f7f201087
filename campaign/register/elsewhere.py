"""From whom an identity provider names to a person here: known by issuer and subject, or by a confirmed address."""

from datetime import datetime

from sqlmodel import Session

from campaign.errors import NotAllowed
from campaign.models import partners, sign_in, users
from campaign.models.sign_in import Elsewhere
from campaign.models.users import User
from campaign.people import roster
from campaign.people.provider import Stranger
from campaign.register import letting_in

_PROVIDER = "the identity provider"


def person_for(session: Session, stranger: Stranger, now: datetime) -> User | NotAllowed:
    """Return the person, bound to the provider's subject from now on. Where the provider names roles, it rules them: of
    whom it gives no place here any more all that lets them in ends, and the refusal is returned, to be raised once that
    is stored.

    Raises:
        NotAllowed: nobody here has this address and the provider names no role, the person was sent away, or another
            subject of the provider is them already.
        WrongUse: they are the last admin, and the provider names another role.

    """
    found = sign_in.person_elsewhere(session, stranger.issuer, stranger.subject)
    if found is not None and not found.active:
        raise _refused(stranger, "they were sent away")
    if why := _has_no_place(session, stranger):
        if found is not None:
            roster.shut_out(session, found, why=why, now=now)
        return _refused(stranger, why)
    if found is None:
        found = _known_by_address(session, stranger) or _added(session, stranger, now)
        session.flush()
        _bind(session, found, stranger, now)
    _follow(session, found, stranger, now)
    return found


def _has_no_place(session: Session, stranger: Stranger) -> str:
    """Return why the provider's word gives nobody a place here; nothing where it does, or leaves that to us."""
    if stranger.lacks_role:
        return "the provider gives them no role here"
    if stranger.role != "officer" or (stranger.partner and partners.partner_by_key(session, stranger.partner)):
        return ""
    return "their organisation is no partner of this campaign"


def _known_by_address(session: Session, stranger: Stranger) -> User | None:
    return users.user_by_email(session, stranger.email) if stranger.email else None


def _bind(session: Session, person: User, stranger: Stranger, now: datetime) -> None:
    """Let the provider's subject be the person from now on. Addresses are given to somebody new; subjects are not."""
    if any(one.issuer == stranger.issuer for one in sign_in.elsewhere(session, person.ident)):
        why = "another account there signs in with this address, until an admin lets go of it on the person's page"
        raise _refused(stranger, why)
    letting_in.bind(session, person, stranger.issuer, now)
    bound = Elsewhere(user_id=person.ident, issuer=stranger.issuer, subject=stranger.subject, added_at=now)
    session.add(bound)


def _added(session: Session, stranger: Stranger, now: datetime) -> User:
    if stranger.email and any(not one.active for one in users.with_email(session, stranger.email)):
        raise _refused(stranger, "they were sent away")
    if stranger.role is None:
        raise _refused(stranger, "nobody has added them")
    if users.user(session, stranger.name) is not None:
        raise _refused(stranger, "somebody else has that name here")
    return letting_in.add(
        session,
        name=stranger.name,
        role=stranger.role,
        partner_key=stranger.partner,
        email=stranger.email,
        by=stranger.name,
        now=now,
        told_as=_PROVIDER,
    )


def _follow(session: Session, person: User, stranger: Stranger, now: datetime) -> None:
    """Give the person the role and partner that the provider names."""
    if stranger.role is None:
        return
    role, partner_key = stranger.role, roster.partner_of(session, stranger.role, stranger.partner)
    if (person.role, person.partner_key) != (role, partner_key):
        letting_in.change(
            session,
            person,
            role=role,
            partner_key=partner_key,
            email=person.email,
            by=person.name,
            now=now,
            told_as=_PROVIDER,
        )


def _refused(stranger: Stranger, why: str) -> NotAllowed:
    return NotAllowed(who=stranger.name, what="sign in", why=why)
