"""What time is it: the one place that reads the clocks.

Instants are aware UTC; durations are ``timedelta``. A ``Clock`` is handed in wherever time matters, so that a test or
a rehearsal can move it.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Final, Protocol

_COUNTER = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
"""On Linux the monotonic clock stands still while the machine sleeps (clock_gettime(2)): a lease would seem fresh to
a sender that has slept through it. The boot clock goes on; on macOS the monotonic one does."""

NEVER: Final = Event()
"""For what nobody tells to stop: it is never set."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SLEW = timedelta(seconds=2)


class Clock(Protocol):
    """Wall time, a monotonic counter for leases and timeouts, and a wait that can be cut short."""

    def now(self) -> datetime:
        """Return the present instant as aware UTC."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never jump and count a suspended machine's sleep, for leases and timeouts."""
        ...

    def wait(self, event: Event, seconds: float) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed; say whether it was set."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        """Return the present instant as aware UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Return seconds that never jump."""
        return time.clock_gettime(_COUNTER)

    def wait(self, event: Event, seconds: float) -> bool:
        """Wait until ``event`` is set or ``seconds`` have passed; say whether it was set."""
        return event.wait(max(0.0, seconds))


def today(instant: datetime) -> datetime:
    """Return the first instant of its day in UTC."""
    return instant.replace(hour=0, minute=0, second=0, microsecond=0)


def next_day(instant: datetime) -> datetime:
    """Return the next midnight in UTC."""
    return today(instant) + timedelta(days=1)


def next_month(instant: datetime) -> datetime:
    """Return the first instant of the next calendar month in UTC."""
    return (today(instant).replace(day=1) + timedelta(days=32)).replace(day=1)


class StepWatch:
    """Notices that the wall clock was set: it has moved otherwise than the counter."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._apart = self._now_apart()

    def step(self) -> timedelta:
        """Return how far the wall clock was set on (or back, below zero) since the last call; zero when it was not.

        Two seconds and less are no step: clocks are slewed, and the two are read one after the other.
        """
        before, self._apart = self._apart, self._now_apart()
        by = self._apart - before
        return by if abs(by) > _SLEW else timedelta()

    def _now_apart(self) -> timedelta:
        return (self._clock.now() - _EPOCH) - timedelta(seconds=self._clock.monotonic())


def iso(instant: datetime) -> str:
    """Return ``instant`` as ISO 8601 in UTC with a Z, to the second or finer where it is finer."""
    text = instant.astimezone(UTC).isoformat()
    return text.replace("+00:00", "Z")
