"""The upkeep beside dispatch: each chore when it wants to be called, and all of them when somebody nudges."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog

from campaign.models.away import is_away

log = structlog.get_logger(__name__)

Chore = Callable[[datetime], datetime | None]
"""Upkeep beside dispatch (readings, notices): does what is due and returns when it wants to be called next."""


DAY = timedelta(days=1)


class Every:
    """A chore for the start, and then whenever so much time has passed, however often it is called. Every process does
    it: whose word it is must see to that itself.
    """

    def __init__(self, pause: timedelta, work: Callable[[datetime], object]) -> None:
        self._pause = pause
        self._work = work
        self._next_at: datetime | None = None

    def __call__(self, now: datetime) -> datetime | None:
        """Do the work if it is due; returns when it is next."""
        if self._next_at is None or now >= self._next_at or self._next_at - now > self._pause:
            self._work(now)
            self._next_at = now + self._pause
        return self._next_at


class Chores:
    """Chores and when each is next. Were all of them called whenever one is due, two that work apart would keep each
    other awake for ever: the end of the one would begin the other anew.
    """

    def __init__(self, chores: Sequence[Chore], beat: timedelta) -> None:
        self.chores = chores
        self._beat = beat
        self._next: dict[int, datetime] = {}

    def turn(self, now: datetime, *, woken: bool) -> datetime:
        """Call what is due, or all when ``woken``; returns when the next one is, at the latest in a beat."""
        for number, chore in enumerate(self.chores):
            at = self._next.get(number, now)
            if woken or at <= now or at > now + self._beat:  # beyond a beat: the clock was set back
                self._next[number] = min(self._called(chore, now) or now + self._beat, now + self._beat)
        return min(self._next.values(), default=now + self._beat)

    def _called(self, chore: Chore, now: datetime) -> datetime | None:
        try:
            return chore(now)
        except Exception as error:  # noqa: BLE001 - told
            told(error, "a chore broke off")
        return None


def told(error: Exception, what: str) -> None:
    """Log what broke; a database that is away in one line."""
    if is_away(error):
        log.error("database away", error=str(error.__cause__ or error).splitlines()[0])
    else:
        log.error(what, exc_info=error)
