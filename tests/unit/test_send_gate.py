"""The gate that a sender asks right before each request: shut by a hold, a worn lease, or somebody else's word."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from builders import seed
from conftest import MovedClock
from sqlmodel import Session, select

from campaign.dispatch.gate import SendGate
from campaign.errors import Stopped, Worn
from campaign.models import Database, claims, holds, lanes, partners
from campaign.models.bounds import QuietSpan
from campaign.models.holds import Hold
from campaign.models.partners import Agreement

LEASE = timedelta(minutes=2)
GRACE = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def claimed(database: Database, clock: MovedClock, *, issue: bool = False) -> SendGate:
    """Claim a post, and return the gate of its attempt."""
    account_id, (post_id,) = seed(database, clock.now())
    with database.write() as session:
        found = claims.due(session, [account_id], "here:1", clock.now(), LEASE)
        assert claims.take_lanes(session, [account_id], "here:1", clock.now(), LEASE)
        claims.claim(session, found, "here:1", clock.now(), LEASE)
    return SendGate(
        database=database,
        clock=clock,
        post_id=post_id,
        number=1,
        scopes=holds.scopes_of(post_id, "x", "p", account_id),
        lease=LEASE,
        claimed_at=clock.monotonic(),
        dated_at=clock.now(),
        until=None if issue else clock.now() + GRACE,
        account_id=account_id,
        owner="here:1",
    )


@pytest.mark.parametrize("issue", [False, True])
def test_the_gate_is_open_at_exactly_half_of_the_lease(database: Database, clock: MovedClock, *, issue: bool) -> None:
    gate = claimed(database, clock, issue=issue)
    clock.move(LEASE / 2)
    gate.check()


def test_the_gate_is_shut_when_more_than_half_of_the_lease_is_gone(database: Database, clock: MovedClock) -> None:
    gate = claimed(database, clock)
    clock.move(LEASE / 2 + SECOND)
    with pytest.raises(Worn, match="half of the lease"):
        gate.check()


@pytest.mark.parametrize("issue", [False, True])
def test_what_takes_long_extends_its_lease_as_it_goes(database: Database, clock: MovedClock, *, issue: bool) -> None:
    gate = claimed(database, clock, issue=issue)
    for _ in range(8):
        clock.move(LEASE / 4)
        gate.check()
    with database.read() as session:
        assert lanes.abandoned(session, clock.now()) == []


def test_no_upload_takes_a_post_beyond_its_grace(database: Database, clock: MovedClock) -> None:
    gate = claimed(database, clock)
    for _ in range(10):
        clock.move(GRACE / 10)
        gate.check()
    clock.move(SECOND)
    with pytest.raises(Stopped, match="grace has ended"):
        gate.check()


@pytest.mark.parametrize("url", ["sqlite:////nowhere/campaign.db", "postgresql+psycopg://nobody@127.0.0.1:9/none"])
def test_nothing_goes_out_while_the_database_cannot_be_asked(database: Database, clock: MovedClock, url: str) -> None:
    """No answer at all, not even a connection: nothing was sent, so no post is in doubt."""
    gate = claimed(database, clock)
    gate.database = Database(url, connections=1)
    with pytest.raises(Worn, match="cannot be asked for holds"):
        gate.check()
    with pytest.raises(Worn, match="cannot be kept"):
        gate.keep(["4711"])
    gate.database.close()


def test_a_lane_that_was_taken_over_is_not_extended(database: Database, clock: MovedClock) -> None:
    gate = claimed(database, clock)
    with database.write() as session:
        lanes.free_lane(session, gate.account_id, gate.owner)
    clock.move(LEASE / 4)
    with pytest.raises(Stopped, match="taken over"):
        gate.check()


def test_a_machine_whose_counter_slept_is_told_by_the_wall_clock(database: Database, clock: MovedClock) -> None:
    """A paused virtual machine counts nothing meanwhile; its wall clock is put right when it goes on."""
    gate = claimed(database, clock)
    clock.at += LEASE
    with pytest.raises(Stopped, match="half of the lease"):
        gate.check()


def test_a_clock_that_is_set_back_makes_no_lease_longer(database: Database, clock: MovedClock) -> None:
    gate = claimed(database, clock)
    clock.at -= timedelta(hours=1)
    gate.check()
    clock.counter += LEASE.total_seconds() / 2 + 1
    with pytest.raises(Stopped, match="half of the lease"):
        gate.check()


@pytest.mark.parametrize("issue", [False, True])
def test_what_somebody_else_has_settled_meanwhile_is_not_sent(
    database: Database, clock: MovedClock, *, issue: bool
) -> None:
    """Another machine declared this one dead: it looks the post up, and may send it again."""
    gate = claimed(database, clock, issue=issue)
    gate.check()
    with database.write() as session:
        lanes.close_attempt(session, gate.post_id, gate.number, "unknown", "its process ended in mid-send", clock.now())
    with pytest.raises(Stopped, match="settled"):
        gate.check()


def test_a_hold_shuts_the_gate_at_once_and_a_release_opens_it(database: Database, clock: MovedClock) -> None:
    gate = claimed(database, clock)
    with database.write() as session:
        row = Hold(scope="channel:x", reason="a wrong figure", held_by="rita", held_at=clock.now())
        session.add(row)
    with pytest.raises(Stopped, match="hold on channel:x: a wrong figure"):
        gate.check()
    with database.write() as session:
        session.add(row)
        row.released_at = clock.now()
    gate.check()


def take_back(session: Session, now: datetime) -> None:
    for given in session.exec(select(Agreement)):
        given.revoked_at = now
        session.add(given)


def fall_silent(session: Session, now: datetime) -> None:
    (partner,) = partners.partners(session)
    session.add(QuietSpan(partner_id=partner.ident, name="hush", from_at=now, until_at=now + LEASE))


@pytest.mark.parametrize("change", [take_back, fall_silent])
def test_a_long_issue_ends_when_its_partner_may_speak_no_longer(
    database: Database, clock: MovedClock, change: Callable[[Session, datetime], None]
) -> None:
    gate = claimed(database, clock, issue=True)
    clock.move(LEASE / 4)
    gate.check()
    clock.move(LEASE / 4)
    with database.write() as session:
        change(session, clock.now())
    with pytest.raises(Stopped, match="quiet period has begun"):
        gate.check()
