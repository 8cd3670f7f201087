"""The loop ends though a chore hangs, and no nudge is lost to the chores."""

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic, sleep

import pytest
from builders import CONTENTS

from campaign.clock import SystemClock
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.engine import loop
from campaign.engine.apart import Apart
from campaign.engine.chores import Chore
from campaign.engine.loop import Loop
from campaign.models import Database
from campaign.models.partners import Account, Partner
from campaign.ports import Identity

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
POLICY = Policy(
    grace=HOUR,
    lease=HOUR,
    call_timeout=SECOND,
    retries=(SECOND,),
    lookups=(SECOND,),
    lookup_reads=3,
    lookup_spread=SECOND,
)
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def nobody(_account: Account, _partner: Partner) -> Identity:
    raise AssertionError


def opened(database: Database, chore: Chore) -> Loop:
    means = Means(
        database=database,
        clock=SystemClock(),
        channels={},
        contents=CONTENTS,
        identify=nobody,
        bulk={},
        policy=POLICY,
        owner="here:1",
    )
    return Loop(means, lambda: None, beat=HOUR, chores=[chore])


def becomes_true(what: Callable[[], bool]) -> bool:
    end = monotonic() + 10
    while not what() and monotonic() < end:
        sleep(0.01)
    return what()


def test_a_chore_that_waits_for_an_answer_does_not_keep_the_process_from_ending(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_LEAVE", 0.2)
    begun, go = threading.Event(), threading.Event()

    def hangs(_now: datetime) -> None:
        begun.set()
        go.wait(30)

    running = opened(database, Apart(hangs, "hangs"))
    running.start()
    assert begun.wait(10)
    before = monotonic()
    running.stop()
    assert monotonic() - before < 10
    go.set()


class JustAfter(threading.Event):
    """An event that is set once at the very moment at which a wait for it has ended in vain."""

    def __init__(self, called: Sequence[datetime]) -> None:
        super().__init__()
        self._called = called
        self.calls_before: int | None = None

    def wait(self, timeout: float | None = None) -> bool:
        if super().wait(0.05 if self.calls_before is None else timeout):
            return True
        self.calls_before = len(self._called)
        self.set()
        return False


def test_a_nudge_that_comes_as_a_wait_ends_is_not_lost(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    called = list[datetime]()

    def hourly(now: datetime) -> datetime:
        called.append(now)
        return now + HOUR

    running, event = opened(database, hourly), JustAfter(called)
    monkeypatch.setattr(running, "_chore_event", event)
    running.start()
    try:
        assert becomes_true(lambda: event.calls_before is not None)
        assert becomes_true(lambda: len(called) > (event.calls_before or 0))
    finally:
        running.stop()
