"""What breaks costs the others nothing: a post that cannot be composed or moved, a thread that does not start, a chore
that hangs while the engine is to end.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from builders import CONTENTS
from conftest import MovedClock
from dispatch_room import POLICY
from reviewing import Office, opened_office
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from structlog.testing import capture_logs

from campaign.channels.x import X
from campaign.clock import SystemClock
from campaign.dispatch import crew, lane, reconcile, settle, sweep
from campaign.dispatch.dispatcher import Dispatcher
from campaign.dispatch.means import Means
from campaign.engine import loop
from campaign.engine.apart import Apart
from campaign.engine.local import LocalEngine
from campaign.models.partners import Account, Partner
from campaign.models.posts import Attempt, Post
from campaign.models.status import Status
from campaign.ports import Gate, Identity, Message, Receipt
from campaign.review.content import Contents

SECOND = timedelta(seconds=1)
HOUR = timedelta(hours=1)
ATTEMPT: dict[str, Any] = {"content_hash": "", "media_ids": []}


class Obliging(X):
    """X that takes every post at once."""

    def publish(self, _who: Identity, _message: Message, _gate: Gate) -> Receipt:
        return Receipt("1", "https://x.com/i/status/1")


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    yield from opened_office(tmp_path, MovedClock(SystemClock().now()))


def known(account: Account, partner: Partner) -> Identity:
    return Identity(account.ident, partner.key, partner.name, "x", account.handle, account.external_id, {})


@pytest.fixture
def means(office: Office) -> Means:
    return Means(
        database=office.database,
        clock=SystemClock(),
        channels={"x": Obliging(X.settings_type())},
        contents=CONTENTS,
        identify=known,
        bulk={},
        policy=POLICY,
        owner="here:1",
    )


def spoil(office: Office, post_id: int) -> None:
    """Leave the post as a newer version of the program would store it."""
    with office.database.write() as session:
        post = session.get_one(Post, post_id)
        post.draft = {**post.draft, "from_a_newer_worker": 1}
        session.add(post)


def becomes_true(what: Callable[[], bool], seconds: float = 10) -> None:
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def settled(office: Office, post_id: int, seconds: float = 10) -> str:
    end = time.monotonic() + seconds
    while office.seen(post_id).status in {Status.APPROVED, Status.PUBLISHING} and time.monotonic() < end:
        time.sleep(0.05)
    return office.seen(post_id).status


@pytest.mark.parametrize("mode", ["api", "by-hand"])
def test_a_post_that_cannot_be_composed_is_put_off_and_the_others_go(office: Office, means: Means, mode: str) -> None:
    office.join("ash", mode=mode)
    broken = office.post("ash", status=Status.APPROVED, after=-20 * SECOND)
    good = office.post("ash" if mode == "api" else "oak", status=Status.APPROVED, after=-10 * SECOND)
    spoil(office, broken)
    engine = LocalEngine(means, threads=2, beat=20 * SECOND)
    with capture_logs() as lines:
        engine.start()
        sent = settled(office, good)
        time.sleep(1.5)
        engine.stop()
    told = [line for line in lines if line["log_level"] == "error"]
    assert (sent, office.seen(broken).status) == (Status.PUBLISHED, Status.APPROVED)
    assert [line.get("post") for line in told] == [broken], "it was composed in vain again and again"
    assert office.seen(broken).next_try_at > means.clock.now() + 30 * SECOND


def test_a_post_that_was_moved_meanwhile_keeps_its_new_time(office: Office, means: Means) -> None:
    moved = office.post("oak", status=Status.APPROVED, after=timedelta(hours=2))
    before = office.seen(moved).next_try_at
    settle.put_off(means, moved)
    assert office.seen(moved).next_try_at == before


def test_where_the_database_is_away_no_post_is_put_off(office: Office, means: Means) -> None:
    office.join("ash", mode="by-hand")
    office.post("ash", status=Status.APPROVED, after=-20 * SECOND)
    office.post("oak", status=Status.APPROVED, after=-20 * SECOND)

    class Away:
        def compose(self, *_: object) -> Message:
            raise OperationalError("SELECT", {}, Exception("the connection broke"))

    away = replace(means, contents=Contents(Away(), CONTENTS.media_folder))
    with pytest.raises(OperationalError):
        sweep.hand_over(away, means.clock.now())
    with pytest.raises(OperationalError):
        lane.turn(away, (), [office.accounts["oak"]])


def test_a_post_whose_end_cannot_be_written_keeps_no_other_from_being_missed(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = [office.post("oak", status=Status.APPROVED, after=-timedelta(hours=2)) for _ in range(3)]
    whole = sweep.tell.missed

    def missed(session: Session, post: Post, why: str, now: datetime) -> None:
        if post.ident == late[0]:
            raise KeyError("a fault of ours")
        whole(session, post, why, now)

    monkeypatch.setattr(sweep.tell, "missed", missed)
    assert not sweep.expire(means, means.clock.now(), at_once=1)
    assert not sweep.expire(means, means.clock.now())
    assert [office.seen(one).status for one in late] == [Status.APPROVED, Status.MISSED, Status.MISSED]


@pytest.mark.parametrize(("stands", "cannot_be"), [(Status.APPROVED, "missed"), (Status.PUBLISHING, "unconfirmed")])
def test_a_post_that_cannot_be_moved_on_is_looked_at_once_a_second_and_no_oftener(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch, stands: Status, cannot_be: str
) -> None:
    ended = office.clock.now() - SECOND
    broken = office.post("oak", status=stands, after=-POLICY.grace - 5 * SECOND, changes={"tries": 1})
    office.post("oak", status=Status.APPROVED, after=-SECOND if stands is Status.PUBLISHING else HOUR)
    with office.database.write() as session:
        session.add(Attempt(post_id=broken, number=1, owner="dead:1", started_at=ended, lease_until=ended, **ATTEMPT))
        wrong = f"NEW.status = '{cannot_be}' AND NEW.id = {broken}"
        refuses = f"CREATE TRIGGER refuses BEFORE UPDATE ON post WHEN {wrong} BEGIN SELECT RAISE(ABORT, 'no'); END"
        session.connection().exec_driver_sql(refuses)
    engine, looks = LocalEngine(means, threads=2, beat=20 * SECOND), list[float]()
    whole = engine._dispatcher.look

    def look() -> datetime | None:
        looks.append(time.monotonic())
        return whole()

    monkeypatch.setattr(engine._dispatcher, "look", look)
    with capture_logs():
        engine.start()
        time.sleep(3)
        engine.stop()
    assert 2 <= len(looks) <= 6


def test_once_the_engine_is_to_end_no_post_is_begun_though_a_chore_is_waited_for(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "_LEAVE", 3.0)
    for _ in range(9):
        office.post("oak", status=Status.APPROVED, after=-SECOND)
    begun, hangs = list[float](), Event()

    class Paced(Obliging):
        """One post goes out each second."""

        def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
            gate.check()
            begun.append(time.monotonic())
            return super().publish(who, message, gate)

    def hang(_now: datetime) -> None:
        hangs.wait(30)

    means = replace(means, channels={"x": Paced(X.settings_type())})
    engine = LocalEngine(means, threads=2, beat=SECOND, chores=[Apart(hang, "hangs")])
    engine.start()
    becomes_true(lambda: len(begun) >= 1)
    told_at = time.monotonic()
    engine.stop()
    hangs.set()
    assert [at for at in begun if at > told_at + 0.1] == []


def test_where_no_thread_can_be_started_those_that_are_there_go_on(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Slow(Obliging):
        def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
            time.sleep(1.5)
            return super().publish(who, message, gate)

    def cannot(_self: Thread) -> None:
        raise RuntimeError("can't start new thread")

    office.join("ash")
    posts = [office.post(partner, status=Status.APPROVED, after=-SECOND) for partner in ("oak", "elm", "ash")]
    means = replace(means, channels={"x": Slow(X.settings_type())})
    dispatcher = Dispatcher(means, threads=2, changed=lambda: None)
    monkeypatch.setattr(dispatcher._posts._shares, "slow", 0.1)
    monkeypatch.setattr(crew.Thread, "start", cannot)
    with capture_logs() as lines:
        dispatcher.look()
        assert [settled(office, post) for post in posts] == [Status.PUBLISHED] * 3
    monkeypatch.undo()
    dispatcher.stop()
    told = [line["event"] for line in lines if line["log_level"] != "info"]
    assert set(told) == {"no thread can be started"}
    assert len(told) <= 5


def test_the_writer_outlives_what_breaks_and_loses_nothing_that_was_sent(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch
) -> None:
    post = office.post("oak", status=Status.APPROVED, after=-SECOND)
    dispatcher = Dispatcher(means, threads=2, changed=lambda: None)
    landed, go = Event(), Event()
    whole = dispatcher._posts.take

    def breaks() -> list[int]:
        if dispatcher._done and not go.is_set():
            landed.set()
            raise KeyError("a fault of ours")
        return whole()

    monkeypatch.setattr(dispatcher._posts, "take", breaks)
    with capture_logs() as lines:
        dispatcher.look()
        assert landed.wait(10)
        go.set()
        assert settled(office, post) == Status.PUBLISHED
    dispatcher.stop()
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["the writer broke off"]
    assert office.seen(post).external_id == "1"


def test_an_account_whose_rest_another_thread_ended_just_now_is_served(means: Means) -> None:
    dispatcher = Dispatcher(means, threads=1, changed=lambda: None)

    class JustEnded(dict[int, float]):
        """Another thread ends the rest at the very moment at which this one has seen that it is over."""

        def get(self, key: int, default: float | None = None) -> float | None:  # type: ignore[override]  # narrower than dict's own: floats alone stand here
            return super().pop(key, default)

    dispatcher._resting = JustEnded({1: -1.0})
    dispatcher.serve(1, "x")
    dispatcher.stop()


@pytest.mark.parametrize("kind", ["look_up", "take_down"])
def test_what_waits_for_a_platform_that_hangs_keeps_neither_another_platforms_nor_another_kind(
    office: Office, means: Means, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    begun, go = list[int](), Event()

    def work(of: Means, post_id: int) -> None:
        with of.database.read() as session:
            channel = session.get_one(Post, post_id).channel
        if channel == "linkedin":
            go.wait(30)
        else:
            begun.append(post_id)

    monkeypatch.setattr(reconcile, "look_up", work)
    monkeypatch.setattr(sweep, "take_down", work)
    stands = {"look_up": Status.UNCONFIRMED, "take_down": Status.RETRACTING}
    changes = {"next_look_at": office.clock.now() - 10 * SECOND}
    office.join("ash", channel="linkedin")
    for _ in range(120):
        office.post("ash", status=stands[kind], after=-HOUR, changes=changes)
    changes = {"next_look_at": office.clock.now() - 5 * SECOND}
    others = [office.post("oak", status=status, after=-HOUR, changes=changes) for status in stands.values()]
    dispatcher = Dispatcher(means, threads=1, changed=lambda: None)
    dispatcher.look()
    dispatcher.look()
    becomes_true(lambda: sorted(set(begun)) == others)
    go.set()
    dispatcher.stop()
