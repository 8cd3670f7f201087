"""Whoever gets a new way in under a person's name: the person and every admin hear of it."""

import pytest
from builders import unsent
from conftest import MovedClock
from sqlmodel import Session

from campaign.models import Database, users
from campaign.models.partners import Partner
from campaign.models.sign_in import Password
from campaign.models.users import Mail, User
from campaign.register import letting_in


@pytest.fixture
def store(database: Database, clock: MovedClock) -> Database:
    """Two admins, one of whom wants no mail, and a reviewer who has a password."""
    with database.write() as session:
        for name, role in (("adam", "admin"), ("ada", "admin"), ("rita", "reviewer")):
            mail = Mail.NONE if name == "ada" else Mail.ALL
            session.add(User(name=name, role=role, email=f"{name}@example.org", mail=mail.value, added_at=clock.now()))
        session.flush()
        session.add(Password(user_id=rita(session).ident, hash="x", changed_at=clock.now()))
    return database


def rita(session: Session) -> User:
    found = users.user(session, "rita")
    assert found is not None
    return found


def told(store: Database) -> dict[str, str]:
    with store.read() as session:
        return {notice.to: notice.body for notice in unsent(session)}


def test_a_new_invitation_of_somebody_who_could_sign_in_is_told_to_them_and_every_admin(
    store: Database, clock: MovedClock
) -> None:
    with store.write() as session:
        letting_in.invite(session, rita(session), by="adam", now=clock.now())
    found = told(store)
    assert set(found) == {"adam@example.org", "ada@example.org", "rita@example.org"}
    assert found["rita@example.org"].startswith("adam has made a new invitation for rita, who could sign in before.")


def test_the_first_invitation_is_no_news(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        nina = User(name="nina", role="reviewer", email="nina@example.org", added_at=clock.now())
        session.add(nina)
        session.flush()
        letting_in.invite(session, nina, by="adam", now=clock.now())
    assert told(store) == {}


def test_another_address_is_told_at_the_one_before(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        facts = {"role": "reviewer", "partner_key": None, "email": "elsewhere@example.org"}
        letting_in.change(session, rita(session), **facts, by="adam", now=clock.now())
    assert {"rita@example.org", "elsewhere@example.org", "ada@example.org"} < set(told(store))


def test_who_may_approve_from_now_on_is_told_to_the_admins(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        nina = letting_in.add(
            session, name="nina", role="reviewer", partner_key=None, email=None, by="adam", now=clock.now()
        )
    assert told(store) == dict.fromkeys(
        ("adam@example.org", "ada@example.org"),
        "adam has added nina as reviewer. If nobody asked for this, tell another admin at once.",
    )
    with store.write() as session:
        found = session.get_one(User, nina.ident)
        letting_in.change(session, found, role="admin", partner_key=None, email=None, by="adam", now=clock.now())
    with store.read() as session:
        assert "adam has made nina, who was reviewer, admin" in unsent(session)[-1].body


def test_an_officer_is_added_without_a_word(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        session.add(Partner(key="oak", name="Oak", joined_at=clock.now()))
        session.flush()
        letting_in.add(
            session, name="olga", role="officer", partner_key="oak", email="o@x.org", by="adam", now=clock.now()
        )
    assert told(store) == {}
