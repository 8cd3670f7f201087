"""Who may be on the wire now, so that accounts which hang delay no others.

Of the posts on their way those that have waited for an answer for longer than ``SLOW`` do not count: others may go in
their place, with threads of their own. Two rules bound what that costs. A channel has at most ``ahead`` times as many
posts on their way as there are lanes. And an account whose last call was slow shares a quarter of the lanes with others
of its kind, until one of its calls is quick. So an account that hangs delays others by ``SLOW``, once, however long its
calls may take; a channel that hangs as a whole delays no other channel.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

AHEAD = 4
"""Posts on their way for each lane: one is on the wire, one stands ready for the moment that a commit takes, and two
wait for that commit. More would only give a crash more posts to look up."""

SLOW = 2.0
"""Seconds; a good answer of a platform comes in well under one."""


@dataclass(slots=True)
class _Flight:
    channel: str
    began: float | None = None
    """When its sending began; None while it stands ready, and when it has ended and is not stored yet."""


@dataclass(slots=True)
class Shares:
    """``monotonic`` gives seconds that never jump; ``slow`` is infinite where calls take long by their nature, and
    ``ahead`` 1: what waits behind such a call would outlast its lease.

    Not thread-safe: whoever holds it locks.
    """

    lanes: int
    monotonic: Callable[[], float]
    slow: float = SLOW
    ahead: int = AHEAD
    _flights: dict[int, _Flight] = field(default_factory=dict)
    _channels: Counter[str] = field(default_factory=Counter)
    _tardy: set[int] = field(default_factory=set)

    def __contains__(self, account_id: int) -> bool:
        """Say whether a post of the account is on its way."""
        return account_id in self._flights

    def __len__(self) -> int:
        """Return how many posts are on their way."""
        return len(self._flights)

    @property
    def accounts(self) -> frozenset[int]:
        """The accounts of which a post is on its way."""
        return frozenset(self._flights)

    def room(self) -> int:
        """Return how many more posts may be claimed."""
        return self.ahead * self.lanes - len(self._flights) + self._hanging()

    def threads(self) -> int:
        """Return how many threads it takes that every lane has one beside the calls that hang."""
        return self.lanes + self._hanging()

    def fitting(self, waiting: Iterable[tuple[int, str]]) -> Iterator[int]:
        """Yield the accounts, of those that wait with their channels, that may all go now: each counts for those after
        it, so that neither a channel nor the accounts that were slow take more than their share at once.
        """
        room, channels, most = self.room(), self._channels.copy(), self.ahead * self.lanes
        tardy = max(1, self.lanes // 4) - sum(account_id in self._tardy for account_id in self._flights)
        for account_id, channel in waiting:
            if room <= 0:
                return
            slow = account_id in self._tardy
            if channels[channel] >= most or (slow and tardy <= 0):
                continue
            room, tardy = room - 1, tardy - slow
            channels[channel] += 1
            yield account_id

    def give(self, account_id: int, channel: str) -> None:
        """Note that a post of the account was claimed."""
        self._flights[account_id] = _Flight(channel)
        self._channels[channel] += 1

    def begin(self, account_id: int) -> None:
        """Note that its sending begins."""
        self._flights[account_id].began = self.monotonic()

    def finish(self, account_id: int) -> None:
        """Note that its sending has ended, and remember whether it was slow."""
        flight = self._flights[account_id]
        (self._tardy.add if self._hangs(flight) else self._tardy.discard)(account_id)
        flight.began = None

    def settle(self, account_id: int) -> None:
        """Note that its end is stored."""
        flight = self._flights.pop(account_id, None)
        if flight is not None:
            self._channels[flight.channel] -= 1

    def _hanging(self) -> int:
        return sum(map(self._hangs, self._flights.values()))

    def _hangs(self, flight: _Flight) -> bool:
        return flight.began is not None and self.monotonic() - flight.began >= self.slow
