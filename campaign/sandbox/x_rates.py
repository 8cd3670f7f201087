"""X's limits on calls, with the headers that tell of them (X API documentation, "Rate limits").

Windows are counted in memory: a restarted sandbox begins new ones.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from campaign.sandbox.world import World

WINDOW = timedelta(minutes=15)
DAY = timedelta(hours=24)

PER_WINDOW: Mapping[str, int] = {
    "POST /2/tweets": 100,
    "DELETE /2/tweets/{id}": 50,
    "GET /2/tweets": 5000,
    "GET /2/tweets/{id}": 900,
    "GET /2/users/{id}/tweets": 900,
    "GET /2/users/me": 75,
    "POST /2/users/{id}/retweets": 50,
    "DELETE /2/users/{id}/retweets/{source_tweet_id}": 50,
    "POST /2/media/upload": 500,
    "GET /2/media/upload": 1000,
    "POST /2/media/upload/initialize": 1875,
    "POST /2/media/upload/{id}/append": 1875,
    "POST /2/media/upload/{id}/finalize": 1875,
    "POST /2/media/metadata": 500,
}
"""Calls of one user in 15 minutes."""

CREATES_PER_DAY = 10_000
"""Posts of one app in 24 hours, all its users together; the headers give the same figure for each user."""


@dataclass(slots=True)
class _Window:
    began_at: datetime
    used: int = 0


class Rates:
    """Counts calls per account and endpoint, and creates per account and app in 24 hours."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._lock = Lock()
        self._windows: dict[tuple[str, str], _Window] = {}

    def take(
        self, account: str, app: str, endpoint: str, *, factor: float = 1.0, per_day: int = CREATES_PER_DAY
    ) -> tuple[bool, dict[str, str]]:
        """Count one call; say whether it is within the limits, and give the headers. ``factor`` widens the limits."""
        with self._lock:
            fits, headers = self._count((account, endpoint), int(PER_WINDOW[endpoint] * factor), WINDOW, "x-rate-limit")
            if endpoint == "POST /2/tweets" and fits:
                most = int(per_day * factor)
                of_user, user = self._count((account, "day"), most, DAY, "x-user-limit-24hour")
                of_app, whole = self._count((app, "app day"), most, DAY, "x-app-limit-24hour")
                fits, headers = of_user and of_app, headers | user | whole
            return fits, headers

    def _count(self, key: tuple[str, str], limit: int, length: timedelta, prefix: str) -> tuple[bool, dict[str, str]]:
        now = self._world.clock.now()
        window = self._windows.get(key)
        if window is None or now - window.began_at >= length:
            window = self._windows[key] = _Window(now)
        fits = window.used < limit
        window.used += fits
        reset = int((window.began_at + length).timestamp()) + 1
        left = max(0, limit - window.used)
        return fits, {f"{prefix}-limit": str(limit), f"{prefix}-remaining": str(left), f"{prefix}-reset": str(reset)}
