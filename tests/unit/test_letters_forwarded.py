"""A letter that waits goes to where its person is now, and to nobody who is not to read it any more."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.message import EmailMessage

import pytest
from conftest import MovedClock
from letters import MINUTE, PAPER, RHYTHM, Post, notice, written
from sqlmodel import Session

from campaign.errors import Refused
from campaign.models import Database, notices, partners, users
from campaign.models.partners import Partner
from campaign.models.users import User
from campaign.notices.kinds import WORDINGS, Kind
from campaign.notices.sending import Notices
from campaign.people import roster


def hired(database: Database, clock: MovedClock, *, role: str = "officer", partner: str | None = "oak") -> None:
    """Let ann in, whom letters wait for, beside an admin."""
    with database.write() as session:
        for key in ("oak", "elm"):
            session.add(Partner(key=key, name=key.title(), joined_at=clock.now()))
        session.add(User(name="adam", role="admin", email="adam@example.org", added_at=clock.now()))
        facts = {"name": "ann", "role": role, "partner_key": partner, "email": "ann@example.org"}
        session.add(User(**facts, added_at=clock.now()))


def ann(session: Session) -> User:
    found = users.user(session, "ann")
    assert found is not None
    return found


def send_away(session: Session, now: datetime) -> None:
    roster.send_away(session, ann(session), by="adam", now=now)


def move_to_elm(session: Session, now: datetime) -> None:
    facts = {"role": "officer", "partner_key": "elm", "email": "ann@example.org"}
    roster.change(session, ann(session), **facts, by="adam", now=now)


def forget_address(session: Session, now: datetime) -> None:
    roster.change(session, ann(session), role="officer", partner_key="oak", email="", by="adam", now=now)


@pytest.mark.parametrize("end", [send_away, move_to_elm, forget_address])
def test_who_is_not_to_read_of_a_partner_any_more_gets_no_letter_that_waited(
    database: Database, clock: MovedClock, end: Callable[[Session, datetime], None]
) -> None:
    hired(database, clock)
    mail = [notice("ann@example.org", clock, kind) for kind in (Kind.MISSED, Kind.WAY_IN)]
    written(database, *mail, notice("adam@example.org", clock, Kind.MISSED))
    post = Post(database, clock)
    with database.write() as session:
        end(session, clock.now())
    post.after(MINUTE)
    assert sorted((sent["To"], sent["Subject"]) for sent in post.mails) == [
        ("adam@example.org", f"Oak: {WORDINGS[Kind.MISSED].one}"),
        ("ann@example.org", f"Oak: {WORDINGS[Kind.WAY_IN].one}"),
    ]
    with database.read() as session:
        assert notices.failing(session, clock.now() - timedelta(days=1), 9) == []


def test_what_a_partner_is_told_at_its_own_address_goes_whoever_leaves(database: Database, clock: MovedClock) -> None:
    hired(database, clock)
    with database.write() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        oak.details = {"contact_email": "Ann@example.org"}
        session.add(oak)
    written(database, notice("ann@example.org", clock, Kind.MISSED))
    with database.write() as session:
        send_away(session, clock.now())
    assert len(Post(database, clock).after(MINUTE)) == 1


def test_who_becomes_a_reviewer_still_reads_what_waited(database: Database, clock: MovedClock) -> None:
    hired(database, clock)
    written(database, notice("ann@example.org", clock, Kind.MISSED))
    with database.write() as session:
        facts = {"role": "reviewer", "partner_key": None, "email": "ann@example.org"}
        roster.change(session, ann(session), **facts, by="adam", now=clock.now())
    assert len(Post(database, clock).after(MINUTE)) == 1


def test_a_letter_that_an_address_did_not_take_goes_to_the_mended_one_and_once(
    database: Database, clock: MovedClock
) -> None:
    hired(database, clock)
    twice = [notice(to, clock, Kind.DIGEST) for to in ("ann@example.org", "anna@example.org")]
    for one in twice:
        one.key = f"digest:2025-12-02:oak:{one.to}"
    written(
        database, notice("ann@example.org", clock, Kind.MISSED), notice("ann@example.org", clock, Kind.FAILED), *twice
    )
    post = Post(database, clock)

    def refuse(mail: EmailMessage) -> None:
        if mail["To"] == "ann@example.org":
            raise Refused("no such mailbox")
        post.mails.append(mail)

    post.work = Notices(database, clock, PAPER, refuse, RHYTHM)
    assert post.after(MINUTE) == [f"Oak: {WORDINGS[Kind.DIGEST].one}"]
    with database.write() as session:
        facts = {"role": "officer", "partner_key": "oak", "email": "anna@example.org"}
        roster.change(session, ann(session), **facts, by="adam", now=clock.now())
    with database.read() as session:
        assert notices.failing(session, clock.now() - timedelta(days=1), 9) == []
    post.after(20 * MINUTE)
    assert [mail["To"] for mail in post.mails] == ["anna@example.org"] * 2
    assert WORDINGS[Kind.MISSED].one in post.mails[1]["Subject"]
    assert WORDINGS[Kind.FAILED].one in post.mails[1]["Subject"]
    assert WORDINGS[Kind.DIGEST].one not in post.mails[1]["Subject"]
