"""The wall clock is set while posts are under way: none is doubled, none early, none kept waiting for hours."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
from dispatch_room import POLICY, Room, claim_next, deliver, opened_room

from campaign.clock import SystemClock
from campaign.dispatch import sweep
from campaign.dispatch.dispatcher import Dispatcher
from campaign.dispatch.stepping import Steps
from campaign.models import lanes, partners, renewals, upkeep
from campaign.models.partners import Account, Lane
from campaign.models.renewals import Flight
from campaign.models.status import Status
from campaign.sandbox.server import Sandbox

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
LATE = 0.5
"""Seconds by which an answer comes late."""


@dataclass
class SetClock:
    """A machine's clocks: ``passed`` goes by on both, ``wrong`` is how far the wall clock is off."""

    passed: timedelta = timedelta()
    wrong: timedelta = timedelta()
    real: SystemClock = field(default_factory=SystemClock)

    def now(self) -> datetime:
        return self.real.now() + self.passed + self.wrong

    def monotonic(self) -> float:
        return self.real.monotonic() + self.passed.total_seconds()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(min(seconds, 0.1))


@dataclass
class TrueClock:
    """The platform's clock: the same time, never wrong."""

    machine: SetClock

    def now(self) -> datetime:
        return self.machine.now() - self.machine.wrong

    def monotonic(self) -> float:
        return self.machine.monotonic()

    def wait(self, event: Event, seconds: float) -> bool:
        return self.machine.wait(event, seconds)


class Machine:
    """A room with a dispatcher whose clock can be set."""

    def __init__(self, room: Room) -> None:
        self.clock = SetClock()
        room.box.world.clock = TrueClock(self.clock)
        # Nothing but the program itself may prevent a second post: the platform refuses no duplicate here.
        room.box.world.switches[f"{room.channel}.duplicate_window"] = 0
        channels = dict(room.means.channels)
        channels[room.channel]._clock = self.clock  # type: ignore[attr-defined]
        self.room = replace(room, means=replace(room.means, clock=self.clock, channels=channels))
        self.restart()

    def restart(self) -> None:
        """Go on as a new process does."""
        self.room = replace(self.room, means=replace(self.room.means, stopping=Event()))
        self.dispatcher = Dispatcher(self.room.means, threads=2, changed=lambda: None)

    def look(self) -> None:
        """Look once, and let what was begun end."""
        self.dispatcher.look()
        self.rest()

    def rest(self) -> None:
        """Wait until nothing has been under way for a while; between two steps of a post nobody seems to be busy."""
        end, quiet = time.monotonic() + 20, 0
        while quiet < 4 and time.monotonic() < end:
            time.sleep(0.02)
            quiet = 0 if self.dispatcher.busy else quiet + 1

    def live(self, span: timedelta, step: timedelta = 10 * SECOND) -> None:
        """Let so much time go by, looking now and then."""
        for _ in range(int(span / step)):
            self.clock.passed += step
            self.look()

    def status(self, post_id: int) -> str:
        return str(self.room.seen(post_id).status)


@pytest.fixture(params=["x", "facebook", "linkedin"])
def machine(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Machine]:
    for room in opened_room(request.param, sandbox, tmp_path):
        made = Machine(room)
        yield made
        made.dispatcher.stop()


@pytest.fixture
def x(sandbox: Sandbox, tmp_path: Path) -> Iterator[Machine]:
    for room in opened_room("x", sandbox, tmp_path):
        made = Machine(room)
        yield made
        made.dispatcher.stop()


@pytest.mark.parametrize("restarted", [False, True])
def test_a_lost_answer_is_found_after_the_clock_was_set_back(machine: Machine, *, restarted: bool) -> None:
    """The attempt is dated an hour later than the platform has it; who looks from then on sees nothing."""
    machine.clock.wrong = HOUR
    machine.look()
    post_id = machine.room.post("Have your say on SEND reform")
    machine.room.goes_wrong("store-then-drop", nth=(1,))
    machine.look()
    assert machine.status(post_id) == Status.UNCONFIRMED
    if restarted:
        now = machine.clock.now()
        with machine.room.means.database.write() as session:
            upkeep.tick(session, "here:1", now, None)
        machine.dispatcher.stop()
    machine.clock.wrong = timedelta()
    if restarted:
        machine.restart()
    machine.live(6 * MINUTE, 30 * SECOND)
    assert machine.status(post_id) == Status.PUBLISHED
    assert len(machine.room.shown()) == 1, "it was sent again"


def test_a_step_on_makes_no_proof_of_absence_shorter(x: Machine) -> None:
    """The platform shows the post late; the reads must span real minutes, not those that a clock was set on."""
    post_id = x.room.post("Have your say on SEND reform")
    x.room.goes_wrong("store-then-drop", nth=(1,))
    x.look()
    assert x.status(post_id) == Status.UNCONFIRMED
    x.room.goes_wrong("read-lag", "list", seconds=100)
    x.live(20 * SECOND, 5 * SECOND)
    x.clock.wrong = 10 * MINUTE
    x.live(5 * MINUTE)
    assert x.status(post_id) == Status.PUBLISHED
    assert len(x.room.shown()) == 1, "it was sent again"


def test_what_a_living_thread_sends_is_not_lost_when_the_clock_is_set_on(x: Machine) -> None:
    post_id = x.room.post("Have your say on SEND reform")
    x.room.goes_wrong("store-then-delay", seconds=LATE)
    x.dispatcher.look()
    end = time.monotonic() + 20
    while not x.room.shown() and time.monotonic() < end:
        time.sleep(0.01)
    assert x.status(post_id) == Status.PUBLISHING, "its answer came before the clock was set"
    x.clock.wrong = 10 * MINUTE
    x.dispatcher.look()
    x.rest()
    assert x.status(post_id) == Status.PUBLISHED
    assert x.room.attempts(post_id) == ["posted"]


def test_a_later_attempt_is_not_declared_lost_in_place_of_the_one_that_was_seen(x: Machine) -> None:
    means, post_id = x.room.means, x.room.post("Have your say on SEND reform")
    assert claim_next(means, x.room.accounts["oak"]) is not None
    x.clock.passed += POLICY.lease + SECOND
    with means.database.read() as session:
        [(post, attempt)] = lanes.abandoned(session, means.clock.now())
    with means.database.write() as session:
        lanes.close_attempt(session, post_id, attempt.number, "stopped", "a hold", means.clock.now())
    with means.database.write() as session:
        sweep._abandon(session, means, post, attempt, means.clock.now())
    assert x.status(post_id) == Status.PUBLISHING


def test_a_dead_claim_is_taken_over_in_time_though_the_clock_was_set_back(x: Machine) -> None:
    x.clock.wrong = HOUR
    x.look()
    means, post_id = x.room.means, x.room.post("Have your say on SEND reform")
    assert claim_next(replace(means, owner="dead:9"), x.room.accounts["oak"]) is not None
    x.clock.wrong = timedelta()
    x.live(POLICY.lease + MINUTE, 30 * SECOND)
    assert x.status(post_id) != Status.PUBLISHING


def test_a_renewal_that_died_is_over_in_time_though_the_clock_was_set_back(x: Machine) -> None:
    x.clock.wrong = HOUR
    x.look()
    means, oak = x.room.means, x.room.accounts["oak"]
    with means.database.write() as session:
        account = session.get_one(Account, oak)
        assert renewals.begin(session, account, means.clock.now(), renewals.FLIGHT, lost_too=False)
    x.clock.wrong = timedelta()
    x.live(renewals.FLIGHT + 30 * SECOND, 30 * SECOND)
    with means.database.read() as session:
        assert renewals.standing(session, session.get_one(Account, oak), means.clock.now()) is Flight.LOST


def test_a_wait_of_the_account_does_not_grow_when_the_clock_is_set_back(x: Machine) -> None:
    x.clock.wrong = HOUR
    x.look()
    means, oak = x.room.means, x.room.accounts["oak"]
    with means.database.write() as session:
        lanes.pace_lane(session, oak, means.clock.now() + 5 * MINUTE, "throttled")
        partners.change_account(session, oak, {"stopped_why": "blocked", "stopped_until": means.clock.now() + MINUTE})
    x.clock.wrong = timedelta()
    x.look()
    with means.database.read() as session:
        ready_at, until = session.get_one(Lane, oak).ready_at, session.get_one(Account, oak).stopped_until
    assert ready_at is not None
    assert until is not None
    assert 4 * MINUTE < ready_at - means.clock.now() <= 5 * MINUTE
    assert until - means.clock.now() <= MINUTE


def test_what_was_put_off_before_a_step_back_goes_when_it_is_due_and_not_before(x: Machine) -> None:
    x.clock.wrong = HOUR
    x.look()
    post_id = x.room.post("Have your say on SEND reform")
    x.room.goes_wrong("429-no-reset", nth=(1,))
    x.look()
    assert x.status(post_id) == Status.APPROVED
    x.clock.wrong = timedelta()
    x.live(50 * MINUTE, 5 * MINUTE)
    assert x.room.shown() == [], "it went out before its time"
    x.live(15 * MINUTE, 3 * MINUTE)
    assert x.status(post_id) == Status.PUBLISHED


def test_an_attempt_that_ends_after_a_step_back_is_not_tried_again_early(x: Machine) -> None:
    x.clock.wrong = HOUR
    x.look()
    post_id = x.room.post("Have your say on SEND reform")
    claimed = claim_next(x.room.means, x.room.accounts["oak"])
    assert claimed is not None
    x.clock.wrong = timedelta()
    x.room.goes_wrong("429-no-reset", nth=(1,))
    deliver(x.room.means, claimed)
    assert x.room.seen(post_id).next_try_at >= x.room.seen(post_id).due_at


# --- many hosts on one PostgreSQL -----------------------------------------------------------------------------------


def wait_after_a_start(room: Room, owner: str, *, beat: tuple[str, timedelta], slow: timedelta) -> timedelta:
    """Let the process ``owner`` start on a host whose clock is ``slow``; ``beat`` is whose the newest beat is, and how
    far it lies ahead of the true time. Return how long an account then waits that had to wait half an hour.
    """
    true, clock = room.means.clock.now(), SetClock(wrong=-slow)
    with room.means.database.write() as session:
        lanes.pace_lane(session, room.accounts["oak"], true + HOUR / 2, "throttled")
        upkeep.tick(session, beat[0], true + beat[1], None)
    Steps(replace(room.means, owner=owner, clock=clock)).mend(clock.now())
    with room.means.database.read() as session:
        ready_at = session.get_one(Lane, room.accounts["oak"]).ready_at
    assert ready_at is not None
    return ready_at - true


@pytest.fixture
def shared(sandbox: Sandbox, tmp_path: Path, postgres_url: str) -> Iterator[Room]:
    yield from opened_room("x", sandbox, tmp_path, url=postgres_url)


@pytest.mark.thorough
@pytest.mark.parametrize("owner", ["slow:1", "right:2"])  # hosts of one image may share a name
def test_a_worker_that_starts_with_a_slow_clock_moves_nobodys_waits(shared: Room, owner: str) -> None:
    assert wait_after_a_start(shared, owner, beat=("right:1", timedelta()), slow=10 * MINUTE) == HOUR / 2


@pytest.mark.thorough
def test_nor_does_one_that_starts_while_anothers_clock_is_fast(shared: Room) -> None:
    assert wait_after_a_start(shared, "right:1", beat=("fast:1", 10 * MINUTE), slow=timedelta()) == HOUR / 2


@pytest.mark.thorough
def test_a_host_whose_clock_was_set_back_while_nothing_ran_moves_its_waits(shared: Room) -> None:
    waits = wait_after_a_start(shared, "here:2", beat=("here:1", 10 * MINUTE), slow=timedelta())
    assert 19 * MINUTE < waits < 21 * MINUTE
