"""Whom an identity provider names: who was sent away stays away, and the provider's roles follow our own rules."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.errors import NotAllowed
from campaign.models import users
from campaign.models.users import User
from campaign.people.elsewhere import person_for
from campaign.people.provider import Stranger

EMAIL = "rita@example.org"


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def changed(office: Office, name: str, **values: object) -> None:
    with office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        for column, value in values.items():
            setattr(person, column, value)
        session.add(person)


def came(office: Office, role: str | None, email: str = EMAIL, partner: str | None = None) -> User:
    named = email.lower()
    stranger = Stranger("https://login.example.org", f"s-{named}", named, email, role, partner)
    with office.database.write() as session:
        return person_for(session, stranger, office.clock.now())


def everybody(office: Office) -> list[tuple[str, str, str | None]]:
    with office.database.read() as session:
        return [(one.name, one.role, one.partner_key) for one in users.users(session)]


@pytest.mark.parametrize("role", ["admin", None])
def test_who_was_sent_away_does_not_come_back_as_somebody_new(office: Office, role: str | None) -> None:
    changed(office, "rita", email=EMAIL, active=False)
    before = everybody(office)
    with pytest.raises(NotAllowed, match="they were sent away"):
        came(office, role, "Rita@Example.org")
    assert everybody(office) == before


def test_who_was_added_anew_after_being_sent_away_comes_in(office: Office) -> None:
    changed(office, "rolf", email=EMAIL, active=False)
    changed(office, "rita", email=EMAIL)
    assert came(office, "reviewer").name == "rita"
