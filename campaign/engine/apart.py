"""A chore that may take long (it speaks to platforms) in a thread of its own, so that it keeps no other one waiting."""

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta

from campaign.engine.local import Chore

_ASK_AGAIN = timedelta(seconds=0.5)


class Apart:
    """Wraps a chore: a call starts it or asks after it, and never waits. What it raises, the next call raises."""

    def __init__(self, chore: Chore, name: str) -> None:
        self._chore = chore
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._work: Future[datetime | None] | None = None

    def __call__(self, now: datetime) -> datetime | None:
        """Return when to be called next: soon while the chore is at work, then when it wants it."""
        if self._work is None:
            self._work = self._thread.submit(self._chore, now)
        if not self._work.done():
            return now + _ASK_AGAIN
        done, self._work = self._work, None
        return done.result()
