"""Whom an identity provider names: who was sent away stays away, and the provider's roles follow our own rules."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from builders import unsent
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.errors import NotAllowed, WrongUse
from campaign.models import audit, sign_in, users
from campaign.models.sign_in import Password
from campaign.models.users import User
from campaign.people import roster, visits
from campaign.people.provider import Stranger
from campaign.people.visits import Lasting
from campaign.register import letting_in
from campaign.register.elsewhere import person_for

EMAIL = "rita@example.org"
ISSUER = "https://login.example.org"


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


def came(office: Office, role: str | None, email: str = EMAIL, partner: str | None = None, subject: str = "") -> User:
    named = email.lower()
    stranger = Stranger(ISSUER, subject or f"s-{named}", named, email, role, partner)
    with office.database.write() as session:
        found = person_for(session, stranger, office.clock.now())
    if isinstance(found, NotAllowed):
        raise found
    return found


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


def test_the_last_admin_is_not_let_in_with_less(office: Office) -> None:
    changed(office, "adam", email=EMAIL)
    for role, partner in (("reviewer", None), ("officer", "oak")):
        with pytest.raises(WrongUse, match="adam is the last admin"):
            came(office, role, partner=partner)
    assert ("adam", "admin", None) in everybody(office)
    changed(office, "rolf", role="admin")
    assert came(office, "officer", partner="oak").role == "officer"
    assert ("adam", "officer", "oak") in everybody(office)


def test_a_role_that_stays_is_not_written_down_again(office: Office) -> None:
    changed(office, "rita", email=EMAIL)
    came(office, "reviewer", partner="oak")
    came(office, "officer", partner="oak")
    came(office, "officer", partner="oak")
    with office.database.read() as session:
        [row] = audit.rows(session)
        assert (row.who, row.action, row.facts["was"]) == ("rita", "change user", "reviewer")


@pytest.mark.parametrize("partner", [None, "ash"])
def test_an_officer_of_no_partner_stays_outside(office: Office, partner: str | None) -> None:
    changed(office, "rita", email=EMAIL)
    for email in (EMAIL, "nora@example.org"):
        with pytest.raises(NotAllowed, match="their organisation is no partner"):
            came(office, "officer", email, partner)
    assert ("rita", "reviewer", None) in everybody(office)


def test_whom_the_provider_makes_a_reviewer_speaks_for_no_partner(office: Office) -> None:
    assert came(office, "reviewer", partner="ash").partner_key is None


def sessions_of(office: Office, name: str) -> int:
    now = office.clock.now()
    with office.database.read() as session:
        person = users.user(session, name)
        assert person is not None
        return len(sign_in.visits(session, person.ident, now))


def signs_in(office: Office, name: str) -> None:
    lasting = Lasting(timedelta(hours=12), timedelta(hours=2))
    with office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        visits.sign_in_as(session, person, office.clock.now(), lasting, how="a test", browser="", before=None)


def test_an_officer_whose_organisation_is_no_partner_any_more_is_out(office: Office) -> None:
    changed(office, "olga", email=EMAIL)
    came(office, "officer", partner="oak")
    signs_in(office, "olga")
    with pytest.raises(NotAllowed, match="their organisation is no partner"):
        came(office, "officer")
    assert sessions_of(office, "olga") == 0
    assert ("olga", "officer", "oak") in everybody(office)


def test_a_stranger_who_only_has_a_persons_address_ends_nothing(office: Office) -> None:
    """Whom the provider has never named is known here by another way in, and that way is ruled here."""
    changed(office, "olga", email=EMAIL)
    signs_in(office, "olga")
    with pytest.raises(NotAllowed, match="their organisation is no partner"):
        came(office, "officer")
    assert sessions_of(office, "olga") == 1


def test_the_last_admin_who_is_refused_with_less_keeps_what_they_hold(office: Office) -> None:
    changed(office, "adam", email=EMAIL)
    came(office, "admin")
    signs_in(office, "adam")
    with pytest.raises(WrongUse, match="adam is the last admin"):
        came(office, "reviewer")
    assert sessions_of(office, "adam") == 1


def told(office: Office, to: str = "adam@example.org") -> list[str]:
    """What one address is told, without what to do about it."""
    with office.database.read() as session:
        return [one.body.partition(". ")[0] for one in unsent(session) if one.to == to]


def test_whom_the_provider_gives_a_say_is_told_to_the_admins(office: Office) -> None:
    office.reach("adam", "adam@example.org")
    changed(office, "olga", email=EMAIL)
    came(office, "admin")
    came(office, "reviewer", "nina@example.org")
    assert told(office) == [
        "the identity provider has made olga, who was officer of oak, admin",
        "the identity provider has added nina@example.org as reviewer",
    ]
    came(office, "admin")
    assert len(told(office)) == 2, "once"


def test_who_could_sign_in_before_hears_that_they_can_elsewhere_too(office: Office) -> None:
    office.reach("adam", "adam@example.org")
    changed(office, "rita", email=EMAIL)
    with office.database.write() as session:
        ident = roster.anybody(session, "rita").ident
        session.add(Password(user_id=ident, hash="x", changed_at=office.clock.now()))
    for _ in range(2):
        came(office, None)
    said = f"rita, who could sign in before, has signed in through {ISSUER} for the first time"
    assert told(office) == told(office, EMAIL) == [said]


def test_a_second_account_with_the_address_is_refused_until_an_admin_lets_go_of_the_first(office: Office) -> None:
    """At the provider an address may be given to somebody new."""
    office.reach("adam", "adam@example.org")
    changed(office, "rita", email=EMAIL)
    came(office, None, subject="first")
    with pytest.raises(NotAllowed, match="another account there signs in with this address, until an admin lets go"):
        came(office, None, subject="second")
    with office.database.write() as session:
        letting_in.unbind(session, roster.anybody(session, "rita"), by="adam", now=office.clock.now())
    assert came(office, None, subject="second").name == "rita"
    said = "adam has let another account of the identity provider become that of rita"
    assert told(office) == told(office, EMAIL) == [said]
    with pytest.raises(NotAllowed):
        came(office, None, subject="first")
