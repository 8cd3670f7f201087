"""Rita signs in with what the program itself keeps: her invitation, her password."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pages_room import Browser, Room
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher
from sqlmodel import Session

from campaign.models import users
from campaign.models.users import User
from campaign.people import passwords, tickets
from campaign.people.tickets import Purpose

GOOD = "three random words"
EMAIL = "Rita@example.org"

QUICK = PasswordHash((Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1),))


@contextmanager
def quickly(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Hashes without their cost, a tenth of a second each time; that of what is stored is made as the program does."""
    monkeypatch.setattr(passwords, "_hasher", lambda: QUICK)
    passwords._nobodys.cache_clear()
    yield
    passwords._nobodys.cache_clear()  # made once, of what stands there then


def with_address(room: Room) -> Room:
    with room.office.database.write() as session:
        rita(session).email = EMAIL
    return room


def rita(session: Session) -> User:
    found = users.user(session, "rita")
    assert found is not None
    return found


def invitation(room: Room) -> str:
    with room.office.database.write() as session:
        secret = tickets.issue(session, rita(session), Purpose.INVITATION, by="adam", now=room.office.clock.now())
    return f"/invitation/{secret}"


def with_password(room: Room) -> None:
    with room.office.database.write() as session:
        passwords.set_password(
            session, rita(session), passwords.hashed(rita(session), GOOD), now=room.office.clock.now()
        )


def try_password(room: Room, email: str = EMAIL, password: str = GOOD) -> tuple[Browser, str]:
    """Returns the browser and where it was sent, nothing where it was refused."""
    browser = room.browser()
    found = browser.send("/sign-in", page="/sign-in", email=email, password=password)
    return browser, found.headers.get("location", "")
