"""A chore that hangs keeps no other one waiting or awake, and what it wants and raises is not lost."""

from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from campaign.engine.apart import Apart
from campaign.engine.chores import Chores

NOW = datetime(2025, 12, 2, 9, tzinfo=UTC)


def settled(chore: Apart) -> datetime | None:
    """Call until the chore has done its work; returns what it wants."""
    for _ in range(1000):
        if (wants := chore(NOW)) != NOW + timedelta(seconds=0.5):
            return wants
        Event().wait(0.01)
    raise AssertionError


def test_a_call_does_not_wait_and_the_chore_does_not_run_twice_at_once() -> None:
    go, begun = Event(), list[datetime]()

    def slow(now: datetime) -> datetime:
        begun.append(now)
        go.wait(30)
        return now + timedelta(hours=1)

    chore = Apart(slow, "slow")
    assert [chore(NOW) for _ in range(3)] == [NOW + timedelta(seconds=0.5)] * 3
    go.set()
    assert settled(chore) == NOW + timedelta(hours=1)
    assert begun == [NOW]
    settled(chore)
    assert len(begun) == 2


def test_what_the_chore_raises_is_raised_to_its_caller_and_it_is_called_again() -> None:
    ends = iter([ValueError("broke"), None])

    def breaks(_now: datetime) -> None:
        if (error := next(ends)) is not None:
            raise error

    chore = Apart(breaks, "breaks")
    with pytest.raises(ValueError, match="broke"):
        settled(chore)
    assert settled(chore) is None


def test_joining_waits_for_the_work_under_way() -> None:
    ended = list[str]()

    def slow(_now: datetime) -> None:
        Event().wait(0.3)
        ended.append("ended")

    chore = Apart(slow, "slow")
    chore.join()
    chore(NOW)
    chore.join()
    assert ended == ["ended"]


def test_a_chore_that_is_to_stop_is_not_begun_and_one_that_hangs_is_left() -> None:
    go, begun = Event(), list[datetime]()

    def hangs(now: datetime) -> None:
        begun.append(now)
        go.wait(30)

    hanging = Apart(hangs, "hangs")
    hanging(NOW)
    hanging.stop()
    assert not hanging.join(0.1)
    go.set()
    assert hanging.join(30)
    hanging(NOW)
    assert hanging(NOW) is None
    assert len(begun) == 1


BEAT = timedelta(seconds=20)


def test_a_chore_is_called_when_it_wants_to_be_and_all_are_when_somebody_nudges() -> None:
    called = list[str]()

    def often(now: datetime) -> datetime:
        called.append("often")
        return now + timedelta(seconds=1)

    def breaks(_now: datetime) -> datetime:
        called.append("breaks")
        raise ValueError

    chores = Chores([often, breaks], BEAT)
    assert chores.turn(NOW, woken=True) == NOW + timedelta(seconds=1)
    assert chores.turn(NOW + timedelta(seconds=1), woken=False) == NOW + timedelta(seconds=2)
    assert called == ["often", "breaks", "often"]
    chores.turn(NOW + timedelta(seconds=2), woken=True)
    assert called[3:] == ["often", "breaks"]
    chores.turn(NOW + timedelta(seconds=2) + BEAT, woken=False)
    assert called[5:] == ["often", "breaks"]
    chores.turn(NOW - timedelta(hours=1), woken=False)
    assert called[7:] == ["often", "breaks"], "the clock was set back"
