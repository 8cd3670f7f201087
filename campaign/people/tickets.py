"""Secrets that open a door once: an invitation, bound to its address for seven days, the demo's sign-in, and the state
with which a platform sends a person back who connects an account.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.models import audit, sign_in
from campaign.models.sign_in import Ticket
from campaign.models.users import User
from campaign.people.secrets import digest, new_secret


class Purpose(StrEnum):
    """What a ticket is for."""

    INVITATION = "invitation"
    DEMO = "demo"
    CONNECT = "connect"


_LASTS = {
    Purpose.INVITATION: timedelta(days=7),
    Purpose.DEMO: timedelta(days=1),
    Purpose.CONNECT: timedelta(minutes=10),
}
_ADD_ADDRESS = "Give them one with `campaign users change {name} --email ADDRESS`."
_ONE_AT_A_TIME = frozenset({Purpose.INVITATION, Purpose.CONNECT})


def issue(session: Session, person: User, purpose: Purpose, *, by: str, now: datetime) -> str:
    """Return the secret of a new ticket. A new one voids the one before, but for the demo's.

    Raises:
        WrongUse: an invitation is sent to an address, and the person has none.

    """
    if purpose is Purpose.INVITATION and not person.email:
        raise WrongUse(problem=f"{person.name} has no email address", mend=_ADD_ADDRESS.format(name=person.name))
    if purpose in _ONE_AT_A_TIME:
        sign_in.drop_tickets(session, purpose, person.ident)
    secret = new_secret()
    session.add(
        Ticket(
            digest=digest(secret),
            purpose=purpose,
            user_id=person.ident,
            email=person.email,
            made_by=by,
            made_at=now,
            ends_at=now + _LASTS[purpose],
        )
    )
    if purpose is Purpose.INVITATION:
        audit.record(session, who=by, action="invite", subject=f"user:{person.name}", at=now, facts={})
    return secret


def look(session: Session, secret: str, purpose: Purpose, now: datetime) -> User | None:
    """Return whom a ticket that may still be used lets in: nobody once its person has another address."""
    found = sign_in.ticket(session, purpose, digest(secret), now)
    if found is None or found[0].email != found[1].email:
        return None
    return found[1]


def use(session: Session, secret: str, purpose: Purpose, now: datetime) -> User | None:
    """Use a ticket up and return whom it lets in; None when it was used, has ended, or never was."""
    person = look(session, secret, purpose, now)
    found = sign_in.ticket(session, purpose, digest(secret), now)
    if person is None or found is None or not sign_in.use_ticket(session, found[0].ident, now):
        return None
    return person
