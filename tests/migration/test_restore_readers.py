"""Whoever left stays away when a backup is put back, though neither it nor the tokens of old know of it."""

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from backup_place import HOUR, Place
from conftest import MovedClock
from older_rows import adder
from sqlmodel import select

from campaign.models import Database, copying, mailing
from campaign.models.mailing import BOUNCED, MailingList, Subscriber
from campaign.vault import create_key

SPELLINGS = {1: "ann@xn--bcher-kva.example", 2: "ann@bücher.example", 3: "bo@bücher.example", 4: "cy@bücher.example"}
LEFT_AT = datetime(2025, 12, 2, 10, tzinfo=UTC)


@pytest.fixture
def old(older: Callable[[str], Database], clock: MovedClock, tmp_path: Path) -> Place:
    """A workspace in which a domain's spellings are two yet, and one reader stands on a list by each."""
    place = Place(tmp_path / "here", older("0043"), clock)
    create_key(place.settings.vault.key_file)
    with place.database.write() as session:
        add = adder(session.connection(), "campaign", "users", "mailinglist", "subscriber")
        add("campaign", timezone="Europe/London")
        add("users", name="operator", role="admin", active=True)
        add("mailinglist", id=1, key="readers")
        for ident, email in SPELLINGS.items():
            add("subscriber", id=ident, list_id=1, email=email, address_key=email, token=f"t{ident}")
    return place


def test_who_left_by_the_token_of_a_row_that_is_one_with_another_by_now_stays_away(old: Place) -> None:
    path = old.backup()
    old.clock.move(HOUR)
    with old.database.write() as session:
        left = sa.text("UPDATE subscriber SET unsubscribed_at = :at WHERE id = 2")
        session.execute(left.bindparams(sa.bindparam("at", LEFT_AT, sa.DateTime(timezone=True))))
        add = adder(session.connection(), "suppression")
        digest = hashlib.sha256(SPELLINGS[3].encode()).hexdigest()
        add("suppression", address_digest=digest, reason="complaint")
    assert old.restore(path, force=True).ruled.opt_outs_kept == 2
    with old.database.read() as session:
        assert {row.token: row.unsubscribed_at for row in session.exec(select(Subscriber))} == {
            "t1": LEFT_AT,
            "t3": None,
            "t4": None,
        }
        assert mailing.suppression(session, SPELLINGS[3]) is not None
        assert mailing.suppression(session, SPELLINGS[4]) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_who_joined_and_left_since_stays_away_and_a_wish_stands_above_a_bounce(place: Place) -> None:
    now = place.clock.now()
    with place.database.write() as session:
        readers = MailingList(key="readers")
        session.add(readers)
        mailing.suppress(session, "dead@example.org", BOUNCED, now)
    path = place.backup()
    place.clock.move(HOUR)
    left_at = place.clock.now()
    with place.database.write() as session:
        since = MailingList(key="since")
        session.add(since)
        session.flush()
        facts = {"consent_source": "form", "consent_at": now, "unsubscribed_at": left_at, "details": {"town": "Ely"}}
        for of in (readers, since):
            session.add(Subscriber(list_id=of.ident, email="Ann@example.org", token=of.key, **facts))
        wish = mailing.suppression(session, "dead@example.org")
        assert wish is not None
        wish.reason = "complaint"
        session.add(wish)
    assert place.restore(path, force=True).ruled.opt_outs_kept == 3
    with place.database.read() as session:
        rows = [
            (mailing.key_of(session, row.list_id), row.email, row.address_key, row.unsubscribed_at, row.details)
            for row in session.exec(select(Subscriber))
        ]
        wish = mailing.suppression(session, "dead@example.org")
    assert rows == [
        (key, "Ann@example.org", "ann@example.org", left_at, {"town": "Ely"}) for key in ("readers", "since")
    ]
    assert wish is not None
    assert wish.reason == "complaint"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_that_cannot_be_brought_up_to_date_tells_as_it_stands(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = place.backup()
    with place.database.write() as session:
        mailing.suppress(session, "ann@example.org", "complaint", place.clock.now())
    migrate, broken = copying.migrate, [True]

    def breaks_once(connection: sa.Connection, revision: str) -> None:
        if broken:
            connection.execute(sa.text("DELETE FROM suppression"))
            raise ValueError(broken.pop())
        migrate(connection, revision)

    monkeypatch.setattr(copying, "migrate", breaks_once)
    assert place.restore(path, force=True).ruled.opt_outs_kept == 1
    with place.database.read() as session:
        assert mailing.suppression(session, "ann@example.org") is not None
