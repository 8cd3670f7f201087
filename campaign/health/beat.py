"""Is the daemon well? The beat in the database tells, not the life of a process."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.clock import Clock, iso
from campaign.health.finding import Rule
from campaign.models import Database, upkeep, vitals
from campaign.models.database import DatabaseAway
from campaign.models.upkeep import Beat

_STALE = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Health:
    """Whether dispatch ticks, with the reason when it does not. ``warnings`` (rule and count) do not make it unwell:
    a load balancer must not take a daemon away because a person has work to do.
    """

    well: bool
    reason: str
    tick_at: datetime | None = None
    next_wake_at: datetime | None = None
    warnings: Mapping[str, int] = field(default_factory=dict)

    def document(self) -> dict[str, object]:
        """Return the JSON that /healthz answers."""
        return {
            "well": self.well,
            "reason": self.reason,
            "tick_at": iso(self.tick_at) if self.tick_at else None,
            "next_wake_at": iso(self.next_wake_at) if self.next_wake_at else None,
            "warnings": dict(self.warnings),
        }


def health(database: Database, clock: Clock) -> Health:
    """Return whether the daemon is well, with what wants a person."""
    try:
        with database.read() as session:
            now = clock.now()
            return replace(pulse(upkeep.beats(session), now), warnings=_warnings(session, now))
    except DatabaseAway:
        return Health(well=False, reason="the database does not answer")


def pulse(beats: Sequence[Beat], now: datetime) -> Health:
    """Return whether any dispatching process has ticked within a minute and did not sleep past its next wake-up. A beat
    that lies ahead of ``now`` proves nothing.
    """
    if not beats:
        return Health(well=False, reason="no publishing service runs; start `campaign run`")
    found = upkeep.believed(beats, now)
    if not found:
        tick = f"the newest tick is of {iso(beats[0].tick_at)}, ahead of this machine's clock"
        reason = f"no publishing service is known to run: {tick}"
        return Health(well=False, reason=reason, tick_at=beats[0].tick_at)
    newest, reason = found[0], ""
    if now - newest.tick_at > _STALE:
        reason = "the publishing service has not ticked for over a minute"
    elif newest.next_wake_at is not None and now - newest.next_wake_at > _STALE:
        reason = "the publishing service slept past its next wake-up"
    return Health(not reason, reason or "the publishing service ticks", newest.tick_at, newest.next_wake_at)


def _warnings(session: Session, now: datetime) -> dict[str, int]:
    person = vitals.unconfirmed(session, for_person=True).count + vitals.retractions_for_person(session)
    counts = {
        Rule.POSTS_OVERDUE: vitals.overdue(session, now).count,
        Rule.ISSUE_STUCK: len(vitals.stuck_issues(session, now)),
        Rule.POST_UNCONFIRMED: vitals.unconfirmed(session, for_person=False).count,
        Rule.POST_NEEDS_PERSON: person,
        Rule.ACCOUNT_STOPPED: vitals.lane_states(session, now).stopped,
        "holds": vitals.active_holds(session),
    }
    return {str(rule): count for rule, count in counts.items() if count}
