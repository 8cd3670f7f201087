"""Rows that spell one international domain in two ways become one, and whoever left or was suppressed stays away."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from older_rows import adder
from sqlmodel import select

from campaign.models import Database, deliveries, mailing
from campaign.models.deliveries import Delivery
from campaign.models.mailing import Suppression

LEFT = datetime(2025, 2, 1, tzinfo=UTC)
PEOPLE = [
    (1, 1, "Ann@bücher.example", "ann@bücher.example", None),
    (2, 1, "ann@xn--bcher-kva.example", "ann@xn--bcher-kva.example", LEFT),
    (3, 1, "ann@bu\u0308cher.example", "ann@bu\u0308cher.example", None),
    (4, 2, "ann@bücher.example", "ann@bücher.example", None),
    (5, 1, "kim@straße.example", "kim@straße.example", None),
    (6, 1, "kim@strasse.example", "kim@strasse.example", None),
    (7, 1, "zoë@example.org", "zoë@example.org", None),
    (8, 1, "bo@☃.example", "bo@☃.example", None),
    (9, 2, "cy@xn--bcher-kva.example", "cy@xn--bcher-kva.example", None),
]


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def database(older: Callable[[str], Database]) -> Database:
    """A database as it was when a domain was kept as it was typed."""
    opened = older("0040")
    with opened.write() as session:
        connection = session.connection()
        add = adder(
            connection, "mailinglist", "subscriber", "suppression", "formertoken", "delivery", "post", "partner"
        )
        for ident, key in ((1, "parents"), (2, "staff")):
            add("mailinglist", id=ident, key=key)
        for ident, of, email, key, left in PEOPLE:
            facts = {"list_id": of, "email": email, "address_key": key, "token": f"t{ident}", "unsubscribed_at": left}
            add("subscriber", id=ident, details={}, **facts)
        add("formertoken", token="t20", subscriber_id=2)
        for address, reason in (
            ("cy@bücher.example", "bounced"),
            ("kim@straße.example", "complaint"),
            ("dee@bücher.example", "complaint"),
            ("dee@xn--bcher-kva.example", "bounced"),
            ("zoë@example.org", "bounced"),
        ):
            add("suppression", address_digest=digest(address), reason=reason)
        add("partner", id=1)
        add("account", id=1)
        add("post", id=1)
        for ident, email in ((2, PEOPLE[1][2]), (9, "cy@bücher.example"), (None, "dee@bücher.example")):
            add("delivery", post_id=1, subscriber_id=ident, email=email, token=f"d{email}", details={})
    opened.upgrade()
    return opened


def test_one_row_is_left_of_a_person_with_the_leave_that_any_took(database: Database) -> None:
    with database.read() as session:
        found = {
            row.id: (row.address_key, row.unsubscribed_at)
            for one in (1, 2)
            for row in mailing.subscribers(session, one)
        }
        assert found == {
            1: ("ann@xn--bcher-kva.example", LEFT),
            4: ("ann@xn--bcher-kva.example", None),
            5: ("kim@xn--strae-oqa.example", None),
            6: ("kim@strasse.example", None),
            7: ("zoë@example.org", None),
            8: ("bo@☃.example", None),
            9: ("cy@xn--bcher-kva.example", None),
        }
        tokens = {token: mailing.subscriber_by_token(session, token) for token in ("t1", "t2", "t3", "t20", "t9")}
        assert {token: row.id if row else None for token, row in tokens.items()} == {
            "t1": 1, "t2": 1, "t3": 1, "t20": 1, "t9": 9
        }  # fmt: skip
        assert session.exec(select(Delivery.subscriber_id).where(Delivery.email == PEOPLE[1][2])).one() == 1


def test_what_suppressed_one_spelling_suppresses_every_one_and_the_stricter_reason_stays(database: Database) -> None:
    with database.read() as session:
        kept = {
            email: found.reason if (found := mailing.suppression(session, email)) else None
            for email in (
                "cy@bücher.example", "cy@XN--bcher-kva.example", "kim@straße.example", "kim@strasse.example",
                "dee@bücher.example", "zoë@example.org"
            )
        }  # fmt: skip
        assert list(kept.values()) == ["bounced", "bounced", "complaint", None, "complaint", "bounced"]
        assert len(session.exec(select(Suppression)).all()) == 4
        letter = Delivery(post_id=1, email="cy@xn--bcher-kva.example", token="t", next_try_at=LEFT)
        assert deliveries.withheld(session, letter) == "the address is suppressed"


def test_a_person_cannot_be_stored_twice_under_two_spellings(database: Database) -> None:
    facts = {"consent_source": "form", "consent_at": LEFT, "token": "new"}
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.add(mailing.Subscriber(list_id=1, email="kim@STRAßE.example", **facts))
