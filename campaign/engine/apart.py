"""A chore that may take long (it speaks to platforms) in a thread of its own, so that it keeps no other one waiting."""

from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime, timedelta
from threading import Thread

_ASK_AGAIN = timedelta(seconds=0.5)


class Apart:
    """Wraps a chore: a call starts it or asks after it, and never waits. What it raises, the next call raises."""

    def __init__(self, chore: Callable[[datetime], datetime | None], name: str) -> None:
        self._chore = chore
        self._name = name
        self._work: Future[datetime | None] | None = None
        self._thread: Thread | None = None

    def __call__(self, now: datetime) -> datetime | None:
        """Return when to be called next: soon while the chore is at work, then when it wants it."""
        work = self._work = self._work or self._started(now)
        if not work.done():
            return now + _ASK_AGAIN
        self._work = None
        return work.result()

    def join(self) -> None:
        """Wait until the chore is not at work."""
        if self._thread is not None:
            self._thread.join()

    def _started(self, now: datetime) -> "Future[datetime | None]":
        work: Future[datetime | None] = Future()
        self._thread = Thread(target=self._run, args=(work, now), name=self._name, daemon=True)
        self._thread.start()
        return work

    def _run(self, work: "Future[datetime | None]", now: datetime) -> None:
        try:
            work.set_result(self._chore(now))
        except Exception as error:  # noqa: BLE001 - raised to the next caller
            work.set_exception(error)
