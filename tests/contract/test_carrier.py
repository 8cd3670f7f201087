"""What PgQueuer carries between machines: each job once, on time, and on to another when the first cannot."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta

import psycopg
import pytest

from campaign.clock import SystemClock
from campaign.engine.carrier import Carrier
from campaign.models import Database, jobs
from campaign.models.feed import Coming

NOW = SystemClock().now
SECOND = timedelta(seconds=1)


@dataclass
class Lanes:
    """Lanes that note who is served; each is served until the test says that it is done, or not at all."""

    slow: bool = False
    came: list[int] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    under_way: set[int] = field(default_factory=set)

    def serve(self, account_id: int, _channel: str) -> None:
        self.came.append(account_id)
        self.at.append(time.monotonic())
        if self.slow:
            self.under_way.add(account_id)

    def serving(self, account_id: int, _channel: str) -> bool:
        return account_id in self.under_way


Made = Callable[[Lanes], Carrier]


@pytest.fixture
def carrier(postgres_url: str) -> Iterator[Made]:
    """Start carriers of so many machines on one database."""
    database, made = Database(postgres_url), list[Carrier]()
    jobs.upgrade(database.url)

    def start(lanes: Lanes) -> Carrier:
        one = Carrier(database, lanes, slots=4)
        one.start()
        await_that(lambda: one._statements is not None)
        made.append(one)
        return one

    yield start
    for one in made:
        one.stop()
    database.close()


def await_that(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def told(carrier: Carrier, *after: timedelta) -> list[int]:
    now = NOW()
    items = [Coming(number, 100 + number, "x", now + wait, f"{number}.1.0") for number, wait in enumerate(after)]
    carrier.feed(items, now)
    return [item.account_id for item in items]


def test_each_job_comes_once_and_not_before_its_time(carrier: Made) -> None:
    lanes, accounts = [Lanes(), Lanes()], list[int]()
    machines = [carrier(each) for each in lanes]
    began = time.monotonic()
    for machine in machines:
        accounts = told(machine, 1 * SECOND, 1.2 * SECOND, 1.4 * SECOND)
    await_that(lambda: sum(len(each.came) for each in lanes) >= 3)
    time.sleep(1)
    assert sorted(lanes[0].came + lanes[1].came) == accounts
    assert min(lanes[0].at + lanes[1].at) - began >= 1


def test_a_machine_takes_no_more_jobs_than_it_has_lanes(carrier: Made) -> None:
    lanes = Lanes(slow=True)
    told(carrier(lanes), *[timedelta()] * 12)
    await_that(lambda: len(lanes.came) == 4)
    time.sleep(1)
    assert len(lanes.came) == 4
    lanes.slow = False
    lanes.under_way.clear()
    await_that(lambda: len(lanes.came) == 12)


def test_what_a_machine_took_and_did_not_do_goes_to_another(carrier: Made) -> None:
    taken, other = Lanes(slow=True), Lanes()
    first = carrier(taken)
    (account,) = told(first, timedelta())
    await_that(lambda: bool(taken.came))
    carrier(other)
    first.stop_taking()
    await_that(lambda: other.came == [account])


def test_it_outlives_the_loss_of_its_connections(carrier: Made, postgres_url: str) -> None:
    lanes = Lanes()
    machine = carrier(lanes)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as wire:
        wire.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'campaign jobs'")

    def fed() -> bool:
        told(machine, timedelta())
        return bool(lanes.came)

    await_that(fed)


def test_a_job_that_nobody_can_read_harms_nobody(carrier: Made, postgres_url: str) -> None:
    lanes = Lanes()
    machine = carrier(lanes)
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as wire:
        told(machine, 1 * SECOND)
        wire.execute("UPDATE campaign_jobs.pgqueuer SET payload = '{}'")
    time.sleep(1.5)
    told(machine, timedelta())
    await_that(lambda: bool(lanes.came))
