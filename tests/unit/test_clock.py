"""The machine's clocks: the counter goes on while the machine sleeps, and never jumps."""

import time
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
import time_machine

from campaign.clock import SystemClock


@pytest.mark.skipif(not hasattr(time, "CLOCK_BOOTTIME"), reason="this system has no clock that counts its sleep apart")
def test_the_counter_is_the_one_that_counts_a_suspend() -> None:
    before = time.clock_gettime(time.CLOCK_BOOTTIME)
    counted = SystemClock().monotonic()
    assert before <= counted <= time.clock_gettime(time.CLOCK_BOOTTIME)


def test_the_counter_does_not_follow_the_wall_clock() -> None:
    clock = SystemClock()
    before = clock.monotonic()
    with time_machine.travel(datetime.now(UTC) + timedelta(hours=1), tick=True):
        assert clock.now() > datetime(2020, 1, 1, tzinfo=UTC)
        assert before <= clock.monotonic() < before + 60


def test_a_wait_ends_at_its_time_or_at_the_event() -> None:
    clock, event = SystemClock(), Event()
    assert not clock.wait(event, 0.01)
    assert not clock.wait(event, -5)
    event.set()
    assert clock.wait(event, 60)
