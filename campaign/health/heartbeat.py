"""The outward heartbeat: a call to a watchdog elsewhere while dispatch ticks; its silence tells that we are dead."""

from datetime import datetime

import structlog

from campaign.clock import Clock
from campaign.errors import Outcome
from campaign.health.beat import health
from campaign.health.duty import Duty
from campaign.health.webhook import Ping
from campaign.models import Database

log = structlog.get_logger(__name__)


class Heartbeat:
    """Calls once a turn, from one process, only while /healthz would be green."""

    def __init__(self, database: Database, clock: Clock, duty: Duty, ping: Ping) -> None:
        self._database = database
        self._clock = clock
        self._duty = duty
        self._ping = ping

    def chore(self, now: datetime) -> datetime | None:
        """Call when it is time; returns when it is again."""
        if self._duty.mine() and health(self._database, self._clock).well:
            try:
                self._ping.send()
            except Outcome as outcome:
                log.warning("heartbeat not taken", detail=str(outcome))
        return self._duty.next_at(now)
