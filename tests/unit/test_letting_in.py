"""Whoever gets a new way in under a person's name: the person and every admin hear of it."""

import pytest
from builders import unsent
from conftest import MovedClock
from sqlmodel import Session

from campaign.models import Database, users
from campaign.models import partners as rows
from campaign.models.partners import Partner
from campaign.models.sign_in import Password
from campaign.models.users import Mail, User
from campaign.people import roster
from campaign.register import letting_in, partners


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


def changed(
    session: Session, name: str, clock: MovedClock, *, role: str, email: str | None, partner_key: str | None = None
) -> None:
    person = users.user(session, name)
    assert person is not None
    letting_in.change(session, person, role=role, partner_key=partner_key, email=email, by="adam", now=clock.now())


def joined(session: Session, clock: MovedClock, **approvers: str) -> None:
    for key, approver in approvers.items():
        session.add(Partner(key=key, name=key.title(), approver=approver, joined_at=clock.now()))


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


def test_the_first_invitation_of_who_has_a_say_is_told_to_the_admins(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        nina = User(name="nina", role="reviewer", email="nina@example.org", added_at=clock.now())
        session.add(nina)
        session.flush()
        letting_in.invite(session, nina, by="adam", now=clock.now())
    said = "adam has invited nina, reviewer, at nina@example.org."
    found = told(store)
    assert set(found) == {"adam@example.org", "ada@example.org"}, "nina reads the invitation itself"
    assert found["ada@example.org"].startswith(said)


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


@pytest.mark.parametrize("before", [None, "old@example.org"])
def test_an_address_given_to_somebody_who_has_no_way_in_yet_is_told(
    store: Database, clock: MovedClock, before: str | None
) -> None:
    """Else an admin alone comes in as ``operator``, or as a reviewer who has not yet accepted."""
    with store.write() as session:
        session.add(User(name="operator", role="admin", email=before, added_at=clock.now()))
        session.flush()
        changed(session, "operator", clock, role="admin", email="evil@example.net")
    found = told(store)
    assert {"ada@example.org", "evil@example.net", *([before] if before else [])} < set(found)
    assert "has given operator the address evil@example.net in place of" in found["ada@example.org"]


@pytest.mark.parametrize(("approver", "heard"), [("dfe", False), ("partner", True), ("both", True)])
def test_an_officer_is_news_where_the_partner_approves(
    store: Database, clock: MovedClock, approver: str, *, heard: bool
) -> None:
    with store.write() as session:
        joined(session, clock, oak=approver, elm="dfe")
        facts = {"role": "officer", "partner_key": "oak", "email": "o@x.org"}
        olga = letting_in.add(session, name="olga", **facts, by="adam", now=clock.now())
        session.flush()
        letting_in.invite(session, olga, by="adam", now=clock.now())
    with store.read() as session:
        bodies = [notice.body.partition(". ")[0] for notice in unsent(session) if notice.to == "ada@example.org"]
    who = "officer of oak, which approves its own posts"
    assert bodies == ([f"adam has added olga as {who}", f"adam has invited olga, {who}, at o@x.org"] if heard else [])


def test_an_officer_who_comes_to_a_partner_that_approves_is_told(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        joined(session, clock, oak="both", elm="dfe")
        session.add(User(name="olga", role="officer", partner_key="elm", email="o@x.org", added_at=clock.now()))
        session.flush()
        changed(session, "olga", clock, role="officer", partner_key="oak", email="o@x.org")
    assert "made olga, who was officer of elm, officer of oak, which approves" in told(store)["ada@example.org"]


def test_a_partner_that_approves_from_now_on_is_told_where_it_has_officers(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        joined(session, clock, oak="dfe", elm="dfe")
        session.add(User(name="olga", role="officer", partner_key="oak", added_at=clock.now()))
        adam = users.user(session, "adam")
        session.flush()
        assert adam is not None
        for partner in rows.partners(session):
            values, quiet = {"approver": "partner"}, lambda _session, _partners: None
            partners.change(session, partner, values, quiet=quiet, by=adam, now=clock.now())
    assert told(store)["ada@example.org"].startswith("adam has let the officers of Oak approve. ")


def test_who_is_let_in_again_is_told(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        roster.send_away(session, rita(session), by="ada", now=clock.now())
        letting_in.take_back(session, rita(session), by="adam", now=clock.now())
    found = told(store)
    assert set(found) == {"adam@example.org", "ada@example.org", "rita@example.org"}
    assert found["ada@example.org"].startswith("adam has given rita, reviewer, access again.")


def test_an_admin_who_loses_the_say_hears_of_it(store: Database, clock: MovedClock) -> None:
    """Else the only one who would have heard of the rest hears of nothing."""
    with store.write() as session:
        session.add(User(name="abel", role="admin", email="abel@example.org", added_at=clock.now()))
        joined(session, clock, oak="dfe")
        session.flush()
        changed(session, "ada", clock, role="officer", partner_key="oak", email="ada@example.org")
        abel = users.user(session, "abel")
        assert abel is not None
        letting_in.send_away(session, abel, by="adam", now=clock.now())
    found = told(store)
    assert found["ada@example.org"].startswith("adam has made ada, who was admin, officer of oak.")
    assert found["abel@example.org"].startswith("adam has removed the access of abel, admin.")
