"""Sessions in the pages: begun anew at every sign-in, ended by time, by signing out, or from another device.

A browser holds a random secret and the database its digest: who reads the database cannot take a session over.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.clock import iso
from campaign.models import audit, sign_in, users
from campaign.models.sign_in import Visit
from campaign.models.users import User
from campaign.people.secrets import digest, new_secret

_UNKNOWN_LASTS = timedelta(hours=1)
"""How long a visit lasts in which nobody signs in."""
_SEEN_EVERY = timedelta(minutes=1)
"""A visit's last sight is written no oftener: a page that is read must not cost a write each time."""
_BROWSER_MAX = 200
PASSWORD, INVITATION = "password", "invitation"
"""How somebody signed in who has shown a password alone."""
_HALF_LASTS = timedelta(minutes=10)
"""How long a right password waits for the passkey."""
PROVEN_LASTS = timedelta(minutes=15)
"""How long after signing in a person may change how they sign in, without signing in again."""


@dataclass(frozen=True, slots=True)
class Lasting:
    """How long a session lasts at most, and without a sign of life."""

    at_most: timedelta
    idle: timedelta


def begin(session: Session, now: datetime, *, browser: str) -> tuple[str, Visit]:
    """Begin a visit in which nobody has signed in yet; returns the cookie's secret too."""
    return _begun(session, now, now + _UNKNOWN_LASTS, browser=browser)


def sign_in_as(
    session: Session, person: User, now: datetime, lasting: Lasting, *, how: str, browser: str, before: int | None
) -> str:
    """Begin the person's session under a new secret, and end the visit in which they signed in: whoever knew that
    visit's secret has nothing. Returns the cookie's secret.
    """
    if before is not None:
        sign_in.end_visit(session, before)
    secret, _ = _begun(session, now, now + lasting.at_most, browser=browser, user_id=person.ident, how=how)
    subject = f"user:{person.name}"
    audit.record(session, who=person.name, action="sign in", subject=subject, at=now, facts={"how": how})
    return secret


def _begun(
    session: Session, now: datetime, ends_at: datetime, *, browser: str, user_id: int | None = None, how: str = ""
) -> tuple[str, Visit]:
    sign_in.forget_visits(session, now)
    secret = new_secret()
    visit = Visit(
        digest=digest(secret),
        user_id=user_id,
        form_token=new_secret(),
        how=how,
        browser=browser[:_BROWSER_MAX],
        began_at=now,
        seen_at=now,
        ends_at=ends_at,
    )
    session.add(visit)
    session.flush()
    return secret, visit


def find(session: Session, secret: str, now: datetime, lasting: Lasting) -> tuple[Visit, User | None] | None:
    """Return the visit that a cookie's secret opens, with its person."""
    return sign_in.visit(session, digest(secret), now, now - lasting.idle)


def with_password_alone(visit: Visit) -> bool:
    """Say whether the person has shown a password and nothing else."""
    return visit.how in {PASSWORD, INVITATION}


def just_began(visit: Visit, now: datetime) -> bool:
    """Say whether the person has signed in a short while ago."""
    return now - visit.began_at < PROVEN_LASTS


def strengthen(session: Session, visit: Visit) -> None:
    """Write down that the person has shown a passkey too."""
    if with_password_alone(visit):
        sign_in.change_visit(session, visit.ident, {"how": f"{visit.how} and passkey"})


def grew_old(visit: Visit, now: datetime) -> bool:
    """Say whether the visit's last sight is to be written again."""
    return now - visit.seen_at >= _SEEN_EVERY


def keep(session: Session, visit: Visit, **values: object) -> None:
    """Keep something for a later page of the same visit; None takes it away."""
    # The row in hand is brought up to date too: a page may keep more than one thing.
    visit.kept = {name: value for name, value in (visit.kept | values).items() if value is not None}
    sign_in.change_visit(session, visit.ident, {"kept": visit.kept})


def half_in(person: User, stored: str, now: datetime) -> dict[str, object]:
    """Return what to keep of a person whose password (its hash: ``stored``) was right, until the passkey comes."""
    return {"person": person.ident, "password": digest(stored), "until": iso(now + _HALF_LASTS)}


def half(session: Session, visit: Visit, now: datetime) -> User | None:
    """Return whose password was right in this visit a moment ago and has not changed since."""
    kept = visit.kept.get("half")
    if not isinstance(kept, dict) or now >= datetime.fromisoformat(kept["until"]):
        return None
    person, stored = users.user_by_id(session, kept["person"]), sign_in.password(session, kept["person"])
    still = person is not None and person.active and stored is not None and digest(stored.hash) == kept["password"]
    return person if still else None


def end_all(session: Session, person: User, now: datetime, *, but: int | None = None) -> int:
    """End every session of a person, but for one; returns how many."""
    count = sign_in.end_visits(session, person.ident, but=but)
    if count:
        subject, facts = f"user:{person.name}", {"ended": count}
        audit.record(session, who=person.name, action="sign out everywhere", subject=subject, at=now, facts=facts)
    return count
