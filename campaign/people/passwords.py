"""Passwords of people who were invited: argon2id hashes, and a rule that asks for length alone."""

from datetime import datetime
from functools import cache
from typing import NewType

from pwdlib import PasswordHash
from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.models import audit, sign_in
from campaign.models.sign_in import Password
from campaign.models.users import User

Hashed = NewType("Hashed", str)
"""A password that a person chose, as it is to be stored."""
SHORTEST, LONGEST = 12, 200
"""Characters. What is long needs no signs of every kind; what is too long only keeps the machine busy."""


@cache
def _hasher() -> PasswordHash:
    return PasswordHash.recommended()


@cache
def _nobodys() -> str:
    """Return a hash that no password has: to be asked where there is no person, so that both take as long."""
    return _hasher().hash("nobody has this password")


def hashed(person: User, password: str) -> Hashed:
    """Return what to store of a person's new password. It takes a tenth of a second and 64 MiB: so it is to be asked
    with no transaction open.

    Raises:
        WrongUse: it is too short or too long, or it is the person's own name or address.

    """
    if not SHORTEST <= len(password) <= LONGEST:
        problem = f"The password must have {SHORTEST} to {LONGEST} characters"
        raise WrongUse(problem=problem, mend="Three random words do well.")
    if password.lower() in {person.name.lower(), (person.email or "").lower()}:
        raise WrongUse(problem="The password is your name or address", mend="Choose another.")
    return Hashed(_hasher().hash(password))


def set_password(session: Session, person: User, chosen: Hashed, *, now: datetime) -> None:
    """Give a person a new password."""
    row = sign_in.password(session, person.ident) or Password(user_id=person.ident, hash="", changed_at=now)
    row.hash, row.changed_at = chosen, now
    session.add(row)
    audit.record(session, who=person.name, action="set password", subject=f"user:{person.name}", at=now, facts={})


def fits(stored: str | None, password: str) -> bool:
    """Say whether a password is the one that was stored. It takes a tenth of a second and 64 MiB, person or not: so
    it is to be asked with no transaction open.
    """
    right = _hasher().verify(password[:LONGEST], stored or _nobodys())
    return right and stored is not None
