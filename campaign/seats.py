"""What takes much memory or time is done by a few at once, so that everybody else is still served.

All requests share some forty threads, and whoever waits holds one: so few may wait, and not for long.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import BoundedSemaphore

from campaign.errors import TurnedAway

PATIENCE = timedelta(seconds=5)
"""So long somebody waits for a seat."""


class Busy(TurnedAway):
    """Too many others are at this just now."""

    status, code, noted = 503, "busy", "too many at once"

    def __init__(self) -> None:
        super().__init__(mend="Try again in a minute.")

    @property
    def headers(self) -> dict[str, str]:
        """Return when to come back."""
        return {"Retry-After": "60"}


class Seats:
    """So many ``seats`` there are, and so many more may be ``waiting`` for one, for ``patience`` each."""

    def __init__(self, seats: int, *, waiting: int, patience: timedelta = PATIENCE) -> None:
        self._room = BoundedSemaphore(seats + waiting)
        self._seats = BoundedSemaphore(seats)
        self._patience = patience.total_seconds()

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Hold a seat while the block runs. Raises Busy where none becomes free in time."""
        with _held(self._room, 0), _held(self._seats, self._patience):
            yield


@contextmanager
def _held(places: BoundedSemaphore, seconds: float) -> Iterator[None]:
    if not places.acquire(timeout=seconds):
        raise Busy
    try:
        yield
    finally:
        places.release()
