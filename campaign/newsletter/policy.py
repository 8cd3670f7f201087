"""How patient and how fast an issue is sent."""

from dataclasses import dataclass
from datetime import timedelta

_RETRIES = (1, 5, 15, 30, 60, 120, 240)


@dataclass(frozen=True, slots=True)
class Policy:
    """How an issue is sent.

    ``retries`` are the pauses of one copy that the server defers. When the server itself is in trouble a sender waits
    ``relay_pause`` and connects anew; after ``relay_tries`` such troubles of every sender without a copy taken between
    them the issue waits for ``relay_wait``. After ``same_refusals`` copies in a row refused for what is in them, the
    fault is ours and the issue ends. The account stops after as many recipients in a row whom policy bars, or five
    times as many refused before the first copy was taken. ``beat`` is how often the gate is asked while replies are
    awaited.
    """

    connections: int = 4
    batch: int = 100
    resend_unknown: bool = False
    retries: tuple[timedelta, ...] = tuple(timedelta(minutes=minutes) for minutes in _RETRIES)
    relay_pause: timedelta = timedelta(seconds=5)
    relay_tries: int = 3
    relay_wait: timedelta = timedelta(minutes=2)
    same_refusals: int = 10
    beat: timedelta = timedelta(milliseconds=500)

    @property
    def all_refused(self) -> int:
        """After so many refused recipients, and none taken, it is us whom the server refuses."""
        return 5 * self.same_refusals
