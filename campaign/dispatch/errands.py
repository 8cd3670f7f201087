"""Threads for look-ups, retractions and reading back: what waits for a platform and delays no post."""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Lock

import structlog

log = structlog.get_logger(__name__)

_ROW = 50  # of a kind on one channel; as many threads as there are finish that in a minute, or the platform hangs


class Errands:
    """One kind of work on posts, with so many ``threads`` on each channel: a platform that answers slowly keeps no
    other one's work waiting. What waits or is under way is not begun a second time. ``changed`` is called when a piece
    of work has ended well. Thread-safe.
    """

    def __init__(self, kind: str, threads: int, work: Callable[[int], None], changed: Callable[[], None]) -> None:
        self._kind = kind
        self._threads = threads
        self._work = work
        self._changed = changed
        self._lock = Lock()
        self._pools: dict[str, ThreadPoolExecutor] = {}
        self._under_way: dict[int, str] = {}
        self._ending = False

    @property
    def busy(self) -> bool:
        """Say whether anything waits or is under way."""
        with self._lock:
            return bool(self._under_way)

    @property
    def full(self) -> list[str]:
        """The channels of which so much waits that there is no need to look for more."""
        with self._lock:
            return [channel for channel, count in Counter(self._under_way.values()).items() if count >= _ROW]

    def run(self, ident: int, channel: str) -> None:
        """Do the work of this post as soon as a thread of its channel is free; nothing once they are to end."""
        with self._lock:
            if ident in self._under_way or self._ending:
                return
            self._under_way[ident] = channel
            try:
                work = self._pool(channel).submit(self._work, ident)
            except RuntimeError as error:  # the machine lets us start no thread: the next look asks again
                del self._under_way[ident]
                log.warning("no thread can be started", kind=self._kind, error=str(error))
                return
        work.add_done_callback(lambda done: self._ended(ident, done))

    def _pool(self, channel: str) -> ThreadPoolExecutor:
        if channel not in self._pools:
            self._pools[channel] = ThreadPoolExecutor(self._threads, thread_name_prefix=f"{self._kind} {channel}")
        return self._pools[channel]

    def _ended(self, ident: int, done: Future[None]) -> None:
        with self._lock:
            self._under_way.pop(ident, None)
        if done.cancelled():
            return
        if (error := done.exception()) is not None:
            # No wake-up: what breaks at once would be tried again at once, without end. The next look comes anyway.
            log.error("work broke off", kind=self._kind, id=ident, error=repr(error))
            return
        self._changed()

    def hush(self) -> None:
        """Begin nothing more from now on. Returns at once."""
        with self._lock:
            self._ending = True
            pools = list(self._pools.values())
        for pool in pools:
            pool.shutdown(wait=False, cancel_futures=True)

    def end(self) -> None:
        """Wait for what is under way."""
        self.hush()
        for pool in self._pools.values():
            pool.shutdown(wait=True)
