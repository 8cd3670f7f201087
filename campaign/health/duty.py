"""Chores that one process at a time does, at a pace of their own, however many processes and nudges there are."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from campaign.clock import Clock
from campaign.models import Database, alerts

_LEAST = timedelta(minutes=1)


@dataclass
class Duty:
    """A named duty. Whoever has it keeps it by doing it; after two turns without a sign it is anybody's.

    The first turn comes after ``every``: a daemon that has just started has not ticked, and has to catch up.
    """

    database: Database
    clock: Clock
    owner: str
    name: str
    every: timedelta
    _next: float = field(init=False)

    def __post_init__(self) -> None:
        """Put the first turn off."""
        self._put_off()

    def mine(self) -> bool:
        """Say whether it is time and the duty is this process's; between two turns the database is not asked."""
        if self.clock.monotonic() < self._next:
            return False
        self._put_off()
        with self.database.write() as session:
            length = max(2 * self.every, _LEAST)
            return alerts.take_duty(session, self.name, self.owner, self.clock.now(), length)

    def next_at(self, now: datetime) -> datetime:
        """Return when it is time again."""
        return now + timedelta(seconds=max(0.0, self._next - self.clock.monotonic()))

    def _put_off(self) -> None:
        self._next = self.clock.monotonic() + self.every.total_seconds()
