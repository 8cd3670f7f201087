"""The secret address of a person's calendar: one at a time, shown once, ended when revoked or its person is sent away.

Calendar programs send no password, so the address alone lets in. It shows when what goes out and where it stands, and
never the words.
"""

from datetime import datetime

from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.models import audit, calendar_links
from campaign.models.calendar_links import CalendarLink
from campaign.models.users import User
from campaign.people.secrets import digest, new_secret


def issue(session: Session, person: User, now: datetime) -> str:
    """Return the secret of a person's new link; the one before serves no more."""
    calendar_links.revoke(session, person.ident, now)
    secret = new_secret()
    session.add(CalendarLink(digest=digest(secret), user_id=person.ident, made_at=now))
    _note(session, person, "make calendar address", now)
    return secret


def look(session: Session, secret: str) -> tuple[CalendarLink, User] | None:
    """Return the link that this secret opens, with its person; None when it never was or serves no more."""
    return calendar_links.opened(session, digest(secret))


def revoke(session: Session, person: User, now: datetime) -> None:
    """Let a person's link serve no more. Raises UnknownName."""
    if not calendar_links.revoke(session, person.ident, now):
        raise UnknownName(kind="calendar address", name=person.name, mend="It may have been revoked already.")
    _note(session, person, "revoke calendar address", now)


def _note(session: Session, person: User, action: str, now: datetime) -> None:
    audit.record(session, who=person.name, action=action, subject=f"user:{person.name}", at=now, facts={})
