"""Rows of one list that spell one address in two ways become one, and whoever left or was suppressed stays away."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from campaign.models import Database, deliveries, mailing
from campaign.models.deliveries import Delivery
from campaign.models.mailing import Subscriber
from campaign.models.types import UtcDateTime

DECOMPOSED = "zoe\u0308@example.org"
LEFT = datetime(2025, 2, 1, tzinfo=UTC)


@pytest.fixture
def database(older: Callable[[str], Database]) -> Database:
    """A database as it was before addresses had one key, with people who stand there twice."""
    opened = older("0004")
    with opened.write() as session:
        connection = session.connection()
        connection.execute(sa.text("INSERT INTO mailinglist (id, key) VALUES (1, 'parents'), (2, 'staff')"))
        people = [
            (1, 1, "Ann@example.org", "t1", None), (2, 1, "ann@example.org", "t2", LEFT),
            (3, 1, "ANN@example.org", "t3", None),
            (4, 1, "bo@example.org", "t4", None), (5, 2, "ann@example.org", "t5", None), (6, 1, DECOMPOSED, "t6", None),
        ]  # fmt: skip
        statement = sa.text(
            "INSERT INTO subscriber (id, list_id, email, name, details, consent_source, consent_at, token,"
            " unsubscribed_at) VALUES (:id, :of, :email, '', '{}', 'form', '2025-01-01 00:00:00.000000', :token, :left)"
        ).bindparams(sa.bindparam("left", type_=UtcDateTime))
        for ident, of, email, token, left in people:
            connection.execute(statement, {"id": ident, "of": of, "email": email, "token": token, "left": left})
        digest = hashlib.sha256(DECOMPOSED.encode()).hexdigest()
        suppressed = "INSERT INTO suppression (address_digest, reason, at) VALUES (:digest, 'bounced', :at)"
        connection.execute(sa.text(suppressed), {"digest": digest, "at": "2025-01-05 00:00:00.000000"})
    opened.upgrade()
    return opened


def test_one_row_is_left_for_an_address_and_any_leave_holds_for_it(database: Database) -> None:
    with database.read() as session:
        parents, staff = mailing.subscribers(session, 1), mailing.subscribers(session, 2)
    assert [(row.id, row.unsubscribed_at is not None) for row in parents] == [(1, True), (4, False), (6, False)]
    assert [(row.id, row.unsubscribed_at is not None) for row in staff] == [(5, False)]
    assert {row.address_key for row in (*parents, *staff)} == {
        "ann@example.org",
        "bo@example.org",
        "zo\u00eb@example.org",
    }


def test_the_links_of_letters_of_old_still_take_their_reader_off(database: Database) -> None:
    with database.write() as session:
        found = {token: mailing.subscriber_by_token(session, token) for token in ("t1", "t2", "t3", "t4", "t9")}
    assert {token: row.id if row else None for token, row in found.items()} == {
        "t1": 1, "t2": 1, "t3": 1, "t4": 4, "t9": None
    }  # fmt: skip


def test_what_suppressed_an_address_suppresses_it_under_its_new_key(database: Database) -> None:
    with database.read() as session:
        person = session.get_one(Subscriber, 6)
        letter = Delivery(post_id=1, subscriber_id=6, email=person.email, token="t6", next_try_at=person.consent_at)
        assert deliveries.withheld(session, letter) == "the address is suppressed"


def test_one_address_cannot_be_stored_twice_on_a_list(database: Database) -> None:
    with database.read() as session:
        kept = session.get_one(Subscriber, 4)
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.add(
            Subscriber(
                list_id=1,
                email="BO@example.org",
                consent_source="form",
                consent_at=kept.consent_at,
                token="t10",
            )
        )
