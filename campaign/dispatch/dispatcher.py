"""The look: what is to be done now is handed to threads, and the next instant of work is told."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Lock

import structlog

from campaign.dispatch import lane, reconcile, sweep
from campaign.dispatch.means import Means
from campaign.models import lanes, upkeep

log = structlog.get_logger(__name__)


class Dispatcher:
    """Serves lanes with up to ``threads`` threads; look-ups and retractions have threads of their own, so that a
    slow read delays no post. ``changed`` is called after each piece of work.
    """

    def __init__(self, means: Means, *, threads: int, changed: Callable[[], None]) -> None:
        self.means = means
        self._threads = threads
        self._changed = changed
        self._senders = ThreadPoolExecutor(threads, thread_name_prefix="lane")
        self._readers = ThreadPoolExecutor(4, thread_name_prefix="look")
        self._busy: set[tuple[str, int]] = set()
        self._lock = Lock()

    def look(self) -> datetime | None:
        """Start what is due now; return the next instant at which something is, None when nothing waits."""
        means, now = self.means, self.means.clock.now()
        sweep.recover(means, now)
        sweep.expire(means, now)
        sweep.hand_over(means, now)
        with means.database.read() as session:
            due = lanes.due_accounts(session, now, limit=self._threads * 4)
            lost = upkeep.to_look_up(session, now)
            leaving = upkeep.to_retract(session, now)
            wake_at = upkeep.next_wake(session, now, means.policy.grace)
        for account_id in due:
            self._start(self._senders, "lane", account_id, lane.serve)
        for post_id in lost:
            self._start(self._readers, "look", post_id, reconcile.look_up)
        for post_id in leaving:
            self._start(self._readers, "take down", post_id, sweep.take_down)
        return self._not_before(wake_at, now)

    def _not_before(self, wake_at: datetime | None, now: datetime) -> datetime | None:
        # What is due at once but could not start (all threads busy, its thread at work) is woken by the thread's end.
        if wake_at is not None and wake_at <= now:
            return now + timedelta(seconds=1 if self.busy else 0.05)
        return wake_at

    @property
    def busy(self) -> bool:
        """Say whether any thread is at work."""
        with self._lock:
            return bool(self._busy)

    def _start(self, pool: ThreadPoolExecutor, kind: str, ident: int, work: Callable[[Means, int], None]) -> None:
        with self._lock:
            if (kind, ident) in self._busy:
                return
            self._busy.add((kind, ident))
        pool.submit(work, self.means, ident).add_done_callback(lambda done: self._end(kind, ident, done))

    def _end(self, kind: str, ident: int, done: Future[None]) -> None:
        with self._lock:
            self._busy.discard((kind, ident))
        if (error := done.exception()) is not None:
            # The database was away: the lease ends, the sweep finds the post, nothing is sent twice.
            # No wake-up: what breaks at once would be tried again at once, without end. The next look comes anyway.
            log.error("work broke off", kind=kind, id=ident, error=repr(error))
            return
        self._changed()

    def stop(self) -> None:
        """Finish what is under way; start nothing more."""
        self._senders.shutdown(wait=True, cancel_futures=True)
        self._readers.shutdown(wait=True, cancel_futures=True)
