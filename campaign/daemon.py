"""The daemon: runs the engine until it is told to stop, or until nothing is left to do."""

import signal
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from types import FrameType

import structlog

from campaign.app import App
from campaign.models import upkeep
from campaign.models.database import DatabaseAway
from campaign.models.status import Status

log = structlog.get_logger(__name__)

_GLANCE = 0.2  # seconds
_BAD_ENDS = (Status.FAILED, Status.MISSED, Status.UNCONFIRMED)


def run(
    app: App, *, until_idle: bool = False, until: datetime | None = None, ready: Callable[[], None] | None = None
) -> int:
    """Dispatch until SIGINT or SIGTERM, until idle, or until an instant. Returns the exit code.

    Idle means that no approved and unheld post is still to come, none is on its way, and no retry or look-up waits;
    engagement readings do not keep it alive. The code is 1 when anything ended failed, missed or unconfirmed
    meanwhile, else 0.
    """
    stop = Stop()
    stop.on_signals()
    with app.dispatching():
        before = _bad_ends(app)
        engine = app.engine()
        engine.start()
        try:
            with app.listening(engine.wake):
                if ready is not None:
                    ready()
                _wait(app, stop, until_idle=until_idle, until=until, busy=lambda: engine.busy)
        finally:
            log.info("stopping")
            engine.stop()
            if until_idle:
                with suppress(DatabaseAway):
                    app.notices.last(app.clock.now())
            app.end_beat()
        return 1 if until_idle and _bad_ends(app) - before else 0


class Stop:
    """The word to end. A signal may come while the main thread is in the middle of anything: an Event is no place for
    it, whose lock the handler would wait for for ever if that very thread held it just then. A SimpleQueue takes a word
    at any point (docs.python.org/3/library/queue.html: its put is reentrant).
    """

    def __init__(self) -> None:
        self._words: SimpleQueue[int] = SimpleQueue()

    def on_signals(self) -> None:
        """Take SIGINT and SIGTERM as the word."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.heard)

    def heard(self, number: int, _frame: FrameType | None = None) -> None:
        """Take a signal."""
        self._words.put(number)

    def wait(self, seconds: float) -> bool:
        """Wait for the word, for so many seconds at most; say whether it came."""
        try:
            self._words.get(timeout=seconds)
        except Empty:
            return False
        return True


def _wait(app: App, stop: Stop, *, until_idle: bool, until: datetime | None, busy: Callable[[], bool]) -> None:
    """Sleep until a signal comes; only a run that has an end of its own looks for it now and then."""
    while not stop.wait(_pause(app, until_idle=until_idle, until=until)):
        now = app.clock.now()
        if until is not None and now >= until:
            return
        if until_idle and not busy() and not _ahead(app, now):
            return


def _pause(app: App, *, until_idle: bool, until: datetime | None) -> float:
    if until_idle:
        return _GLANCE
    # No longer than a beat: the wall clock may be set meanwhile, and a signal may reach another thread first.
    beat = app.settings.dispatch.beat.total_seconds()
    return beat if until is None else min(max((until - app.clock.now()).total_seconds(), 0), beat)


def _ahead(app: App, now: datetime) -> bool:
    with suppress(DatabaseAway), app.database.read() as session:
        return upkeep.still_to_come(session, now)
    return True  # while the database is away nobody can tell


def _bad_ends(app: App) -> set[int]:
    """Return the posts that ended badly, and those whose time has passed on an account that has stopped."""
    late = app.clock.now() - timedelta(seconds=1)
    with app.database.read() as session:
        return upkeep.ids_in(session, _BAD_ENDS) | upkeep.stranded(session, late)
