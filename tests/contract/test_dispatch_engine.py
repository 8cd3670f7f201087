"""The local engine: woken at once, never early, one process a file, and an end that tells how it went."""

import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from time import sleep

import pytest
from builders import put_due, status
from conftest import MovedClock
from sqlalchemy.exc import OperationalError
from sqlmodel import Session
from terminal import Terminal, opened_terminal

from campaign.app import App
from campaign.clock import SystemClock
from campaign.daemon import run
from campaign.errors import AlreadyRunning
from campaign.models import Database, listing, upkeep
from campaign.models.posts import Post
from campaign.models.status import Status

HOUR = timedelta(hours=1)
SOON = 15.0


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A workspace with three posts of by-hand accounts in review, its daemon's beat a minute."""
    opened = opened_terminal(tmp_path)
    config = (tmp_path / "config.toml").read_text()
    opened.write(
        "config.toml", config + '\n[dispatch]\nbeat = "1m"\n[channels.email]\nsmtp_url = "smtp://127.0.0.1:9"\n'
    )
    opened.run("queue")
    return opened


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """Give the process its signals back, which the daemon takes."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def set_due(app: App, ident: int, *, ago: timedelta, status: Status = Status.APPROVED) -> None:
    """Put a post where approval leaves it, due so long ago."""
    put_due(app, ident, app.clock.now() - ago, status=status)


def until(app: App, ident: int, wanted: Status) -> bool:
    for _ in range(int(SOON / 0.05)):
        if status(app, ident) == wanted:
            return True
        sleep(0.05)
    return False


def test_what_another_process_wrote_is_seen_at_its_nudge_not_at_the_next_beat(app: App, terminal: Terminal) -> None:
    engine = app.engine()
    engine.start()
    try:
        with app.listening(engine.wake):
            sleep(0.3)
            set_due(app, 1, ago=timedelta())
            terminal.run("users", "add", "eve", "--role", "reviewer")  # any writing command nudges
            assert until(app, 1, Status.BY_HAND)
    finally:
        engine.stop()


def test_a_post_due_between_two_beats_wakes_the_engine_on_time_and_not_before(app: App) -> None:
    set_due(app, 1, ago=-timedelta(seconds=1.5))
    with app.database.read() as session:
        due_at = session.get_one(Post, 1).due_at
    engine = app.engine()
    engine.start()
    try:
        assert until(app, 1, Status.BY_HAND)
    finally:
        engine.stop()
    with app.database.read() as session:
        (event,) = [one for one in listing.events(session, 1) if one.move == "hand over"]
    assert due_at <= event.at <= due_at + timedelta(seconds=10)


def test_the_engine_beats_and_a_stopped_one_has_ended_its_threads(app: App) -> None:
    before = set(threading.enumerate())
    engine, beats = app.engine(), list[upkeep.Beat]()
    engine.start()
    for _ in range(100):
        with app.database.read() as session:
            beats = upkeep.beats(session)
        if beats:
            break
        sleep(0.05)
    engine.stop()
    assert beats
    assert [thread.name for thread in set(threading.enumerate()) - before if thread.is_alive()] == []


def test_a_clock_set_back_does_not_stop_the_beat(app: App, clock: MovedClock) -> None:
    app.clock = clock
    engine = app.engine()
    engine._loop.tick(None)
    clock.move(-HOUR)
    engine._loop.tick(None)
    with app.database.read() as session:
        assert upkeep.beats(session)[0].tick_at == clock.now()


def test_one_process_dispatches_from_a_file(app: App, terminal: Terminal) -> None:
    with app.dispatching():
        assert "Another process already dispatches" in terminal.run("run", "--until-idle", code=2)
        with pytest.raises(AlreadyRunning), App.open(terminal.folder, {}).dispatching():
            raise AssertionError
    assert terminal.run("run", "--until-idle") == ""


def test_until_idle_ends_well_where_nothing_is_to_come(app: App) -> None:
    assert run(app, until_idle=True) == 0
    set_due(app, 1, ago=timedelta(seconds=1))
    assert run(app, until_idle=True) == 0
    assert status(app, 1) == Status.BY_HAND


def test_until_idle_says_when_something_ended_badly_meanwhile_and_only_then(app: App) -> None:
    set_due(app, 1, ago=HOUR)
    assert run(app, until_idle=True) == 1
    assert status(app, 1) == Status.MISSED
    assert run(app, until_idle=True) == 0


def test_until_idle_goes_on_while_the_database_is_away_for_a_moment(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    set_due(app, 1, ago=timedelta(seconds=-2))
    ask, failed = upkeep.still_to_come, list[OperationalError]()

    def away_at_first(session: Session, now: datetime) -> bool:
        if failed:
            return ask(session, now)
        failed.append(OperationalError("SELECT 1", {}, Exception("server closed the connection")))
        raise failed[0]

    monkeypatch.setattr(upkeep, "still_to_come", away_at_first)
    assert run(app, until_idle=True) == 0
    assert (len(failed), status(app, 1)) == (1, Status.BY_HAND)


def test_until_bounds_a_run_that_has_something_to_come(app: App) -> None:
    set_due(app, 1, ago=-HOUR)
    assert run(app, until_idle=True, until=SystemClock().now() + timedelta(seconds=1)) == 0
    assert status(app, 1) == Status.APPROVED


def test_a_post_that_nobody_approved_in_time_is_missed(app: App) -> None:
    set_due(app, 1, ago=timedelta(seconds=1), status=Status.IN_REVIEW)
    assert run(app, until_idle=True) == 1
    assert status(app, 1) == Status.MISSED


def test_a_database_that_goes_away_does_not_end_the_loop(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    engine, calls = app.engine(), []

    def broken(database: Database) -> ExitStack:
        calls.append(database)
        raise OperationalError("SELECT 1", {}, Exception("server closed the connection"))

    with monkeypatch.context() as patch:
        patch.setattr(Database, "read", broken)
        engine.start()
        for _ in range(100):
            if len(calls) > 1:
                break
            sleep(0.05)
    set_due(app, 1, ago=timedelta())
    engine.wake()
    try:
        assert until(app, 1, Status.BY_HAND)
    finally:
        engine.stop()
    assert calls


def test_a_daemon_forgets_the_beats_of_those_that_ended_long_ago(app: App) -> None:
    now = app.clock.now()
    with app.database.write() as session:
        upkeep.tick(session, "here:1", now - timedelta(days=2), None)
        upkeep.tick(session, "here:2", now - timedelta(hours=2), None)
    run(app, until=app.clock.now() + timedelta(seconds=3))
    with app.database.read() as session:
        assert {"here:1", "here:2"} & {beat.owner for beat in upkeep.beats(session)} == {"here:2"}
