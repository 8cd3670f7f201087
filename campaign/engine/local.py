"""The engine of one process: APScheduler keeps the time, threads do the work.

APScheduler holds one job in memory and never a post: the wake-up at the next due instant, which is put anew at every
change. Its persistent stores take a job out before it has run, so a kill would lose it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger
from sqlalchemy.exc import SQLAlchemyError

from campaign.dispatch.dispatcher import Dispatcher
from campaign.dispatch.means import Means
from campaign.models import upkeep

log = structlog.get_logger(__name__)

_PAUSE = 0.2  # seconds; a burst of finished posts runs the chores five times a second, not after each post

Chore = Callable[[datetime], datetime | None]
"""Upkeep beside dispatch (readings, notices): does what is due and returns when it wants to be called next."""


class LocalEngine:
    """Looks at the tables at every due instant, at every nudge and at every beat."""

    def __init__(self, means: Means, *, threads: int, beat: timedelta, chores: Sequence[Chore] = ()) -> None:
        self._means = means
        self._beat = beat
        self._chores = chores
        self._event = Event()
        self._stopping = Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._dispatcher = Dispatcher(means, threads=threads, changed=self.wake)
        self._loop = Thread(target=self._run, name="engine", daemon=True)
        self._chore_loop = Thread(target=self._run_chores, name="chores", daemon=True)
        self._chore_event = Event()
        self._ticked_at: datetime | None = None

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._scheduler.start()
        self._loop.start()
        self._chore_loop.start()
        self.wake()

    def wake(self) -> None:
        """Look at the tables now."""
        self._event.set()
        self._chore_event.set()

    @property
    def busy(self) -> bool:
        """Say whether any thread is at work."""
        return self._dispatcher.busy or self._event.is_set()

    def stop(self) -> None:
        """Finish what is under way and end."""
        self._stopping.set()
        self.wake()
        self._loop.join()
        self._chore_loop.join()
        self._dispatcher.stop()
        self._scheduler.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            # The beat is counted by this wait, which is monotonic: APScheduler's jobs hang on the wall clock, and when
            # that is set back an hour they sleep an hour longer.
            self._event.wait(self._beat.total_seconds())
            self._event.clear()
            if self._stopping.is_set():
                return
            self._wake_at(self._look())

    def _look(self) -> datetime | None:
        """Look once. Whatever breaks must not end the loop: after a short wait it looks again."""
        try:
            wake_at = self._dispatcher.look()
            self._tick(wake_at)
        except SQLAlchemyError as error:
            log.error("database away", error=str(error.__cause__ or error).splitlines()[0])  # noqa: TRY400
        except Exception:
            log.exception("the look broke off")
        else:
            return wake_at
        return self._means.clock.now() + timedelta(seconds=1)

    def _tick(self, wake_at: datetime | None) -> None:
        now = self._means.clock.now()
        # A clock that was set back ticks at once, not only when it has caught up.
        if self._ticked_at is not None and timedelta(0) <= now - self._ticked_at < timedelta(seconds=1):
            return
        with self._means.database.write() as session:
            upkeep.tick(session, self._means.owner, now, wake_at)
        self._ticked_at = now

    def _wake_at(self, wake_at: datetime | None) -> None:
        if wake_at is None or wake_at > self._means.clock.now() + self._beat:
            return  # the beat comes first and looks again; so a stepped clock costs one beat at most
        # misfire_grace_time None: a late wake-up still counts; the default of 1 s drops it silently.
        self._scheduler.add_job(
            self.wake, DateTrigger(wake_at), id="wake", replace_existing=True, misfire_grace_time=None
        )

    def _run_chores(self) -> None:
        while not self._stopping.is_set():
            now = self._means.clock.now()
            wants = [at for chore in self._chores if (at := self._chore(chore, now)) is not None]
            until = min([*wants, now + self._beat])
            self._chore_event.wait(max(0.05, (until - self._means.clock.now()).total_seconds()))
            self._chore_event.clear()
            self._stopping.wait(_PAUSE)

    def _chore(self, chore: Chore, now: datetime) -> datetime | None:
        try:
            return chore(now)
        except Exception:
            log.exception("a chore broke off")
            return now + self._beat
