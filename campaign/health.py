"""Is the daemon well? The beat in the database tells, not the life of a process."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.clock import Clock, iso
from campaign.models import Database, upkeep
from campaign.models.database import DatabaseAway

_STALE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether dispatch ticks, with the reason when it does not."""

    well: bool
    reason: str
    tick_at: datetime | None = None
    next_wake_at: datetime | None = None

    def document(self) -> dict[str, object]:
        """Return the JSON that /healthz answers."""
        return {
            "well": self.well,
            "reason": self.reason,
            "tick_at": iso(self.tick_at) if self.tick_at else None,
            "next_wake_at": iso(self.next_wake_at) if self.next_wake_at else None,
        }


def health(database: Database, clock: Clock) -> Health:
    """Return whether any dispatching process has ticked within a minute and did not sleep past its next wake-up."""
    try:
        with database.read() as session:
            beats = upkeep.beats(session)
    except DatabaseAway:
        return Health(well=False, reason="the database does not answer")
    if not beats:
        return Health(well=False, reason="no daemon runs; start `campaign run`")
    newest, now = beats[0], clock.now()
    reason = ""
    if now - newest.tick_at > _STALE:
        reason = "the daemon has not ticked for over a minute"
    elif newest.next_wake_at is not None and now - newest.next_wake_at > _STALE:
        reason = "the daemon slept past its next wake-up"
    return Health(not reason, reason or "the daemon ticks", newest.tick_at, newest.next_wake_at)
