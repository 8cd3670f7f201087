"""How long posts stayed in doubt: from the note that nobody knows their end until they were found or sent again."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from person import WHO
from sqlmodel import Session, col, select

from campaign.models.audit import Audit
from campaign.models.posts import Event
from campaign.models.status import Move

FOUND_WITHIN, ABSENT_WITHIN = 120.0, 360.0
"""Seconds (ruling 3): found and adopted, or declared absent and sent again."""


@dataclass
class Recovery:
    """Seconds in doubt of those found and of those declared absent, whom no person answered for."""

    found: list[float] = field(default_factory=list)
    absent: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        return f"in doubt: {_spoken(self.found)} until found, {_spoken(self.absent)} until declared absent"

    @property
    def in_time(self) -> bool:
        """Say whether each was settled in time."""
        return max(self.found, default=0) <= FOUND_WITHIN and max(self.absent, default=0) <= ABSENT_WITHIN


def recovery(session: Session) -> Recovery:
    """Read it from the events of all posts. What stood in doubt in a backup is in doubt anew from its restore on: the
    time between the two is not in the database.
    """
    lost, seen = defaultdict[int, list[datetime]](list), Recovery()
    restored = list(session.exec(select(col(Audit.at)).where(col(Audit.action) == "restore")))
    kinds = [Move.LOSE.value, Move.RESTORE.value, Move.FOUND.value, Move.ABSENT.value]
    for event in session.exec(select(Event).where(col(Event.move).in_(kinds)).order_by(col(Event.id))):
        if event.move in {Move.LOSE, Move.RESTORE}:
            lost[event.post_id].append(event.at)
        elif lost[event.post_id] and event.who != WHO:
            begun = max([lost[event.post_id].pop(), *(at for at in restored if at <= event.at)])
            took = (event.at - begun).total_seconds()
            (seen.found if event.move == Move.FOUND else seen.absent).append(took)
    return seen


def _spoken(seconds: list[float]) -> str:
    if not seconds:
        return "none"
    ordered = sorted(seconds)
    return f"{len(ordered)} posts, median {ordered[len(ordered) // 2]:.1f} s, longest {ordered[-1]:.1f} s"
