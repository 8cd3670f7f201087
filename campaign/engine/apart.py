"""A chore that may take long (it speaks to platforms) in a thread of its own, so that it keeps no other one waiting."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Event, Thread

_ASK_AGAIN = timedelta(seconds=0.5)


class Apart:
    """Wraps a chore: a call starts it or asks after it, and never waits. What it raises, the next call raises. Once
    ``stopping`` is set, which the chore may look at too, it is not started.
    """

    def __init__(self, chore: Callable[[datetime], datetime | None], name: str, stopping: Event | None = None) -> None:
        self._chore = chore
        self.name = name
        self._stopping = stopping or Event()
        self._work: Future[datetime | None] | None = None
        self._thread: Thread | None = None

    def __call__(self, now: datetime) -> datetime | None:
        """Return when to be called next: soon while the chore is at work, then when it wants it."""
        if self._work is None and self._stopping.is_set():
            return None
        work = self._work = self._work or self._started(now)
        if not work.done():
            return now + _ASK_AGAIN
        self._work = None
        return work.result()

    def stop(self) -> None:
        """Tell the chore to begin nothing more."""
        self._stopping.set()

    def join(self, seconds: float | None = None) -> bool:
        """Wait until the chore is not at work, for so long at most; say whether it is at rest."""
        if self._thread is not None:
            self._thread.join(seconds)
        return self._thread is None or not self._thread.is_alive()

    def _started(self, now: datetime) -> "Future[datetime | None]":
        work: Future[datetime | None] = Future()
        self._thread = Thread(target=self._run, args=(work, now), name=self.name, daemon=True)
        self._thread.start()
        return work

    def _run(self, work: "Future[datetime | None]", now: datetime) -> None:
        try:
            work.set_result(self._chore(now))
        except Exception as error:  # noqa: BLE001 - raised to the next caller
            work.set_exception(error)
