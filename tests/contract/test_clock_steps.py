"""A wall clock that is set on or back while the daemon sleeps: the beat goes on, nothing is early, late is late."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
import time_machine
from builders import put_due, status
from terminal import CONFIG, Terminal, opened_terminal

from campaign.app import App
from campaign.models import listing, upkeep
from campaign.models.status import Status

HOUR, MINUTE, SECOND = timedelta(hours=1), timedelta(minutes=1), timedelta(seconds=1)
BEAT = '\n[dispatch]\nbeat = "1s"\n[channels.email]\nsmtp_url = "smtp://127.0.0.1:9"\n'
PATIENCE = 20.0


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """A workspace with three posts of by-hand accounts in review."""
    opened = opened_terminal(tmp_path, CONFIG + BEAT)
    opened.run("queue")
    return opened


class WallClock:
    """The wall clock of everything in this process; the monotonic one goes on as it does."""

    def __init__(self, traveller: time_machine.Traveller) -> None:
        self._traveller = traveller

    def step(self, by: timedelta) -> None:
        self._traveller.move_to(datetime.now(UTC) + by)


@pytest.fixture
def wall() -> Iterator[WallClock]:
    with time_machine.travel(datetime.now(UTC), tick=True) as traveller:
        yield WallClock(traveller)


@contextmanager
def running(app: App) -> Iterator[None]:
    engine = app.engine()
    engine.start()
    try:
        yield
    finally:
        engine.stop()


def approve_for(app: App, ident: int, after: timedelta) -> datetime:
    """Put a post where approval leaves it, due so far from now."""
    return put_due(app, ident, app.clock.now() + after)


def moved_at(app: App, ident: int, move: str) -> datetime:
    with app.database.read() as session:
        (event,) = [one for one in listing.events(session, ident) if one.move == move]
    return event.at


def tick_at(app: App) -> datetime:
    with app.database.read() as session:
        beats = upkeep.beats(session)
    return beats[0].tick_at if beats else datetime.min.replace(tzinfo=UTC)


def comes_true(look: Callable[[], bool]) -> bool:
    end = monotonic() + PATIENCE
    while monotonic() < end:
        if look():
            return True
        sleep(0.05)
    return False


def test_a_clock_set_back_an_hour_stops_neither_the_beat_nor_what_falls_due_then(app: App, wall: WallClock) -> None:
    with running(app):
        assert comes_true(lambda: tick_at(app) > datetime.now(UTC) - MINUTE)
        wall.step(-HOUR)
        due_at = approve_for(app, 1, 3 * SECOND)
        assert comes_true(lambda: status(app, 1) == Status.BY_HAND), "the daemon sleeps until the clock catches up"
        first = tick_at(app)
        assert comes_true(lambda: tick_at(app) >= first + 2 * SECOND), "the beat has stopped"
    assert due_at <= moved_at(app, 1, "hand over") <= due_at + 10 * SECOND


def test_after_a_step_back_nothing_goes_out_early(app: App, wall: WallClock) -> None:
    approve_for(app, 1, 2 * SECOND)
    with running(app):
        assert comes_true(lambda: tick_at(app) > datetime.now(UTC) - MINUTE)
        wall.step(-HOUR)
        stepped = datetime.now(UTC)
        assert comes_true(lambda: stepped + 4 * SECOND <= tick_at(app) <= datetime.now(UTC)), "the beat has stopped"
        assert status(app, 1) == Status.APPROVED


def test_of_the_hour_that_a_step_forward_skips_the_grace_goes_out_and_the_rest_is_missed(
    app: App, wall: WallClock
) -> None:
    approve_for(app, 1, 10 * MINUTE)
    approve_for(app, 2, 50 * MINUTE)
    approve_for(app, 3, 70 * MINUTE)
    with running(app):
        assert comes_true(lambda: tick_at(app) > datetime.now(UTC) - MINUTE)
        assert status(app, 2) == Status.APPROVED
        wall.step(HOUR)
        assert comes_true(lambda: (status(app, 1), status(app, 2)) == (Status.MISSED, Status.BY_HAND))
        assert status(app, 3) == Status.APPROVED
