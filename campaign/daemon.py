"""The daemon: runs the engine until it is told to stop, or until nothing is left to do."""

import signal
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Event
from types import FrameType

import structlog

from campaign.app import App
from campaign.models import upkeep
from campaign.models.status import Status

log = structlog.get_logger(__name__)

_GLANCE = 0.2  # seconds
_FORGOTTEN = timedelta(days=1)
_BAD_ENDS = (Status.FAILED, Status.MISSED, Status.UNCONFIRMED)


def run(
    app: App, *, until_idle: bool = False, until: datetime | None = None, ready: Callable[[], None] | None = None
) -> int:
    """Dispatch until SIGINT or SIGTERM, until idle, or until an instant. Returns the exit code.

    Idle means that no approved and unheld post is still to come, none is on its way, and no retry or look-up waits;
    engagement readings do not keep it alive. The code is 1 when anything ended failed, missed or unconfirmed
    meanwhile, else 0.
    """
    stop = Event()
    _on_signals(stop)
    with app.dispatching():
        _forget_beats(app)
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
            app.end_beat()
        return 1 if until_idle and _bad_ends(app) - before else 0


def _forget_beats(app: App) -> None:
    """Drop what processes that ended long ago left: each has a row of its own."""
    with app.database.write() as session:
        upkeep.forget_beats(session, app.clock.now() - _FORGOTTEN)


def _on_signals(stop: Event) -> None:
    def end(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)


def _wait(app: App, stop: Event, *, until_idle: bool, until: datetime | None, busy: Callable[[], bool]) -> None:
    """Sleep until a signal comes; only a run that has an end of its own looks for it now and then."""
    while not stop.wait(_pause(app, until_idle=until_idle, until=until)):
        now = app.clock.now()
        if until is not None and now >= until:
            return
        if until_idle and not busy() and not _ahead(app, now):
            return


def _pause(app: App, *, until_idle: bool, until: datetime | None) -> float | None:
    if until_idle:
        return _GLANCE
    if until is None:
        return None
    # No longer than a beat: the wall clock may be set meanwhile.
    return min(max((until - app.clock.now()).total_seconds(), 0), app.settings.dispatch.beat.total_seconds())


def _ahead(app: App, now: datetime) -> bool:
    with app.database.read() as session:
        return upkeep.still_to_come(session, now)


def _bad_ends(app: App) -> set[int]:
    """Return the posts that ended badly, and those whose time has passed on an account that has stopped."""
    late = app.clock.now() - timedelta(seconds=1)
    with app.database.read() as session:
        return upkeep.ids_in(session, _BAD_ENDS) | upkeep.stranded(session, late)
