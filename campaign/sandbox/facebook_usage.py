"""Facebook's budget of calls: a rolling day for each page (Graph API, *Rate limits*, Business use case, Pages).

Counted in memory: a restarted sandbox begins anew.
"""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import ceil
from threading import Lock

from campaign.sandbox.world import World

DAILY_CALLS = 4800
"""Calls that a page has in 24 hours for each user who engaged with it."""

_DAY = timedelta(hours=24)
_FULL = 100


@dataclass(slots=True)
class Usage:
    """Counts calls by page."""

    world: World
    _calls: defaultdict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))
    _lock: Lock = field(default_factory=Lock)

    def take(self, page_id: str, budget: int) -> bool:
        """Count one call; say whether the page had budget left for it. One that is refused is not counted."""
        with self._lock:
            calls = self._lately(page_id)
            if len(calls) >= budget:
                return False
            calls.append(self.world.clock.now())
            return True

    def percent(self, page_id: str, budget: int) -> int:
        """Return the share of the budget that is used."""
        with self._lock:
            return _FULL * len(self._lately(page_id)) // budget

    def minutes(self, page_id: str, budget: int) -> int:
        """Return how many minutes it takes until there is budget again, 0 while there is."""
        with self._lock:
            calls = self._lately(page_id)
            if len(calls) < budget:
                return 0
            free_at = calls[len(calls) - budget] + _DAY
            return max(1, ceil((free_at - self.world.clock.now()).total_seconds() / 60))

    def _lately(self, page_id: str) -> deque[datetime]:
        calls, horizon = self._calls[page_id], self.world.clock.now() - _DAY
        while calls and calls[0] <= horizon:
            calls.popleft()
        return calls
