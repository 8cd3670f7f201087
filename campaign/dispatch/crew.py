"""A crew: threads that send claimed posts, one at a time each, and the accounts that wait for one of them."""

from collections.abc import Callable, Iterable
from itertools import islice
from queue import SimpleQueue
from threading import Lock, Thread

from campaign.dispatch.claimed import Claimed


class Crew:
    """Thread-safe. A crew takes up to twice as many posts as it has threads: while one half is sent the other stands
    ready, so that no thread waits for the next commit.
    """

    def __init__(self, name: str, threads: int, send: Callable[[Claimed], None]) -> None:
        self._size = threads
        self._send = send
        self._jobs: SimpleQueue[Claimed | None] = SimpleQueue()
        self._lock = Lock()
        self._waiting: dict[int, None] = {}
        self._flying: set[int] = set()
        self._threads = [
            Thread(target=self._work, name=f"{name}-{number}", daemon=True) for number in range(1, threads + 1)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def busy(self) -> bool:
        """Say whether a post of ours is on its way or an account waits for its turn."""
        with self._lock:
            return bool(self._flying or self._waiting)

    @property
    def flying(self) -> bool:
        """Say whether a post of ours is claimed and not settled."""
        with self._lock:
            return bool(self._flying)

    @property
    def accounts(self) -> frozenset[int]:
        """Return the accounts of which a post is on its way."""
        with self._lock:
            return frozenset(self._flying)

    @property
    def hungry(self) -> bool:
        """Say whether an account waits although a post could be claimed."""
        with self._lock:
            return bool(self._waiting) and self._room() > 0

    def _room(self) -> int:
        return 2 * self._size - len(self._flying)

    @property
    def starving(self) -> bool:
        """Say whether threads will soon have nothing to do."""
        return self._jobs.qsize() < self._size // 2

    def offer(self, accounts: Iterable[int]) -> None:
        """Put accounts in the row; one that is there already, or has a post on its way, keeps its place."""
        with self._lock:
            self._waiting.update((account, None) for account in accounts if account not in self._flying)

    def take(self) -> list[int]:
        """Take as many accounts from the front of the row as posts can be claimed for now."""
        with self._lock:
            taken = list(islice(self._waiting, max(0, self._room())))
            for account in taken:
                del self._waiting[account]
        return taken

    def give(self, claimed: Claimed) -> None:
        """Hand a claimed post to the threads."""
        with self._lock:
            self._flying.add(claimed.due.account.ident)
        self._jobs.put(claimed)

    def settled(self, claimed: Claimed) -> None:
        """Note that the post's end is stored: its account may be offered again."""
        with self._lock:
            self._flying.discard(claimed.due.account.ident)

    def _work(self) -> None:
        while (claimed := self._jobs.get()) is not None:
            self._send(claimed)

    def end(self) -> None:
        """Let the threads end when their jobs are done, and wait for them."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
