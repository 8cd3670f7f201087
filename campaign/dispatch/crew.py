"""A crew: threads that send claimed posts, one at a time each, and the accounts that wait for one of them."""

from collections.abc import Callable
from math import inf
from queue import SimpleQueue
from threading import Lock, Thread

import structlog

from campaign.dispatch.claimed import Claimed, Done
from campaign.dispatch.shares import Shares

log = structlog.get_logger(__name__)

_AGAIN = 1.0  # seconds until it is tried again to start threads


class Crew:
    """Thread-safe. A crew takes more posts than it has lanes (see ``Shares``), so that no thread waits for the next
    commit. A call that hangs is made up for by another thread.
    """

    def __init__(
        self, name: str, shares: Shares, send: Callable[[Claimed], Done], landed: Callable[[Done], None]
    ) -> None:
        self._name = name
        self._shares = shares
        self._send = send
        self._landed = landed
        self._jobs: SimpleQueue[Claimed | None] = SimpleQueue()
        self._lock = Lock()
        self._waiting: dict[int, str] = {}
        self._threads: list[Thread] = []
        self._starts_at = -inf
        self._start(shares.threads())

    @property
    def busy(self) -> bool:
        """Say whether a post of ours is on its way or an account waits for its turn."""
        with self._lock:
            return bool(len(self._shares) or self._waiting)

    @property
    def flying(self) -> bool:
        """Say whether a post of ours is claimed and not settled."""
        with self._lock:
            return bool(len(self._shares))

    @property
    def accounts(self) -> frozenset[int]:
        """Return the accounts of which a post is on its way."""
        with self._lock:
            return self._shares.accounts

    @property
    def hungry(self) -> bool:
        """Say whether an account waits although a post could be claimed."""
        with self._lock:
            return any(True for _ in self._shares.fitting(self._waiting.items()))

    @property
    def starving(self) -> bool:
        """Say whether threads will soon have nothing to do."""
        return self._jobs.qsize() < self._shares.lanes

    def has(self, account_id: int) -> bool:
        """Say whether the account waits for its turn or has a post on its way."""
        with self._lock:
            return account_id in self._waiting or account_id in self._shares

    def offer(self, account_id: int, channel: str) -> None:
        """Put an account in the row; one that is there already, or has a post on its way, keeps its place."""
        with self._lock:
            if account_id not in self._shares:
                self._waiting.setdefault(account_id, channel)

    def take(self) -> list[int]:
        """Take as many accounts from the front of the row as posts can be claimed for now."""
        with self._lock:
            taken = list(self._shares.fitting(self._waiting.items()))
            for account in taken:
                del self._waiting[account]
        return taken

    def give(self, claimed: Claimed) -> None:
        """Hand a claimed post to the threads."""
        with self._lock:
            self._shares.give(claimed.due.account.ident, claimed.due.channel)
        self._jobs.put(claimed)

    def settled(self, claimed: Claimed) -> None:
        """Note that the post's end is stored: its account may be offered again."""
        with self._lock:
            self._shares.settle(claimed.due.account.ident)

    def relieve(self) -> None:
        """Start threads for those that hang. A thread more than is needed waits for the next time. Where the machine
        lets us start none, those that are there go on, and it is tried again after a while.
        """
        with self._lock:
            missing = self._shares.threads() - len(self._threads)
        if missing <= 0 or self._shares.monotonic() < self._starts_at:
            return
        try:
            self._start(missing)
        except RuntimeError as error:
            self._starts_at = self._shares.monotonic() + _AGAIN
            log.warning("no thread can be started", crew=self._name, threads=len(self._threads), error=str(error))

    def _start(self, threads: int) -> None:
        for _ in range(threads):
            thread = Thread(target=self._work, name=f"{self._name}-{len(self._threads) + 1}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def _work(self) -> None:
        while (claimed := self._jobs.get()) is not None:
            account = claimed.due.account.ident
            with self._lock:
                self._shares.begin(account)
            done = self._send(claimed)
            # Before anybody hears of it: once it is stored the account may have its next post on the way.
            with self._lock:
                self._shares.finish(account)
            self._landed(done)

    def end(self) -> None:
        """Let the threads end when their jobs are done, and wait for them."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
