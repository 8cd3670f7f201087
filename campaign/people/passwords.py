"""Passwords of people who were invited: argon2id hashes, and a rule that asks for length and for no easy guess."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import NewType

from pwdlib import PasswordHash
from sqlmodel import Session
from zxcvbn import zxcvbn

from campaign.errors import WrongUse
from campaign.models import audit, sign_in
from campaign.models.sign_in import Password
from campaign.models.users import User
from campaign.seats import Seats

Hashed = NewType("Hashed", str)
"""A password that a person chose, as it is to be stored."""
SHORTEST, LONGEST = 12, 200
"""Characters. What is long needs no signs of every kind; what is too long only keeps the machine busy."""
OUR_WORDS = (
    *("academy", "admin", "campaign", "college", "conversation", "council", "department", "dfe", "education"),
    *("england", "national", "newsletter", "officer", "partner", "password", "post", "primary", "reform", "reviewer"),
    *("schedule", "school", "secondary", "send", "trust"),
)
"""What anybody would try here first: such words count for nothing, nor do a person's own names."""
_GUESSED = 32
"""How many characters are tried: the rest cannot make a password worse, and guessing at more takes seconds."""
_HARD = 3
"""The score of zxcvbn from which a guess takes a hundred million tries, each a tenth of a second long."""

_SEATS = Seats(4, waiting=8)
"""So many passwords are hashed at once, a quarter of a gigabyte in all, however many strangers try theirs."""


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
        WrongUse: it is too short or too long, or easy to guess: much used, or made of names and words of ours.
        Busy: too many others are hashed just now.

    """
    if not SHORTEST <= len(password) <= LONGEST:
        problem = f"The password must have {SHORTEST} to {LONGEST} characters"
        raise WrongUse(problem=problem, mend="Three random words do well.")
    if _is_easy(person, password):
        raise WrongUse(problem="The password is easy to guess", mend="Three random words do well.")
    with _SEATS.taken():
        return Hashed(_hasher().hash(password))


def _is_easy(person: User, password: str) -> bool:
    """Say whether the password, or what is left without names and words of ours, is much used or soon found by rule."""
    left = password.lower()
    for word in sorted({*OUR_WORDS, *_names(person)}, key=len, reverse=True):
        left = left.replace(word, "")
    return not left or any(int(zxcvbn(text[:_GUESSED])["score"]) < _HARD for text in {password, left})


def _names(person: User) -> Iterator[str]:
    known = f"{person.name} {person.email or ''} {person.partner_key or ''}"
    yield from (name.lower() for name in re.findall(r"[^\W_]{3,}", known))


def set_password(session: Session, person: User, chosen: Hashed, *, now: datetime) -> None:
    """Give a person a new password."""
    row = sign_in.password(session, person.ident) or Password(user_id=person.ident, hash="", changed_at=now)
    row.hash, row.changed_at = chosen, now
    session.add(row)
    audit.record(session, who=person.name, action="set password", subject=f"user:{person.name}", at=now, facts={})


def fits(stored: str | None, password: str) -> bool:
    """Say whether a password is the one that was stored. It takes a tenth of a second and 64 MiB, person or not: so
    it is to be asked with no transaction open. Raises Busy.
    """
    with _SEATS.taken():
        right = _hasher().verify(password[:LONGEST], stored or _nobodys())
    return right and stored is not None
