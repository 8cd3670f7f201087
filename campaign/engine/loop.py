"""The loop that every engine shares: it looks when it is woken, at the next due instant and at every beat.

APScheduler holds a job or two in memory and never a post: the wake-ups, which are put anew at every change. Its
persistent stores take a job out before it has run, so a kill would lose it.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from threading import Event, Thread

import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.date import DateTrigger

from campaign.dispatch.means import Means
from campaign.engine.apart import Apart
from campaign.engine.chores import Chore, Chores, told
from campaign.models import upkeep

log = structlog.get_logger(__name__)

_PAUSE = 0.2  # seconds; a burst of finished posts runs the chores five times a second, not after each post
_LEAVE = 10.0  # seconds that chores in threads of their own have, all together, to come to an end
_FORGET = timedelta(days=1)

Look = Callable[[], datetime | None]
"""Starts what is to be done now and returns the next instant at which something is, None when nothing waits."""


class Loop:
    """Calls ``look`` and writes the beat, in one thread; runs the chores in another."""

    def __init__(self, means: Means, look: Look, *, beat: timedelta, chores: Sequence[Chore] = ()) -> None:
        self._means = means
        self._look = look
        self._beat = beat
        self._chores = Chores(chores, beat)
        self._event = Event()
        self._chore_event = Event()
        self._stopping = Event()
        self._soon = Event()
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._thread = Thread(target=self._run, name="engine", daemon=True)
        self._chore_thread = Thread(target=self._run_chores, name="chores", daemon=True)
        self._ticked_at: datetime | None = None

    def start(self) -> None:
        """Begin to look; returns at once."""
        self._scheduler.start()
        self._thread.start()
        self._chore_thread.start()
        self.wake()

    def wake(self) -> None:
        """Look now."""
        self._event.set()
        self._chore_event.set()

    def wake_within(self, delay: timedelta) -> None:
        """Look after ``delay``, or before; calls that come meanwhile fold into one."""
        if not self._soon.is_set() and not self._stopping.is_set():
            self._soon.set()
            self._set_alarm("soon", self._means.clock.now() + delay)

    @property
    def awake(self) -> bool:
        """Say whether a look has been asked for and not begun."""
        return self._event.is_set() or self._soon.is_set()

    def stop(self) -> None:
        """End; returns when nothing is looked at any more. A chore that waits for an answer is left after a while: what
        it has claimed is free again as after a kill.
        """
        apart = [chore for chore in self._chores.chores if isinstance(chore, Apart)]
        self._stopping.set()
        for chore in apart:
            chore.stop()
        self.wake()
        self._thread.join()
        self._chore_thread.join()
        leave_at = self._means.clock.monotonic() + _LEAVE
        for chore in apart:
            if not chore.join(max(0.0, leave_at - self._means.clock.monotonic())):
                log.warning("left at work", chore=chore.name)
        self._scheduler.shutdown(wait=True)

    def _run(self) -> None:
        while not self._stopping.is_set():
            # The beat is counted by this wait, which is monotonic: APScheduler's jobs hang on the wall clock, and when
            # that is set back an hour they sleep an hour longer.
            self._event.wait(self._beat.total_seconds())
            self._event.clear()
            self._soon.clear()
            if self._stopping.is_set():
                return
            self._wake_at(self._look_once())

    def _look_once(self) -> datetime | None:
        """Look once. Whatever breaks must not end the loop: after a short wait it looks again."""
        try:
            wake_at = self._look()
            self.tick(wake_at)
        except Exception as error:  # noqa: BLE001 - told below
            told(error, "the look broke off")
        else:
            return wake_at
        return self._means.clock.now() + timedelta(seconds=1)

    def tick(self, wake_at: datetime | None) -> None:
        """Write the beat, at most once a second; the first one forgets the beats of processes long gone."""
        now = self._means.clock.now()
        # A clock that was set back ticks at once, not only when it has caught up.
        if self._ticked_at is not None and timedelta(0) <= now - self._ticked_at < timedelta(seconds=1):
            return
        with self._means.database.write() as session:
            if self._ticked_at is None:
                upkeep.forget_beats(session, now - _FORGET)
            upkeep.tick(session, self._means.owner, now, wake_at)
        self._ticked_at = now

    def _wake_at(self, wake_at: datetime | None) -> None:
        if wake_at is None or wake_at > self._means.clock.now() + self._beat:
            return  # the beat comes first and looks again; so a stepped clock costs one beat at most
        self._set_alarm("wake", wake_at)

    def _set_alarm(self, name: str, at: datetime) -> None:
        # misfire_grace_time None: a late wake-up still counts; the default of 1 s drops it silently.
        self._scheduler.add_job(self.wake, DateTrigger(at), id=name, replace_existing=True, misfire_grace_time=None)

    def _run_chores(self) -> None:
        woken = True
        while not self._stopping.is_set():
            until = self._chores.turn(self._means.clock.now(), woken=woken)
            woken = self._chore_event.wait(max(0.05, (until - self._means.clock.now()).total_seconds()))
            if woken:  # else a nudge that came just after the wait had ended would be lost
                self._chore_event.clear()
            self._stopping.wait(_PAUSE)
