"""What a sender asks right before each outbound request: is a hold on, is enough of the lease left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from campaign.clock import Clock
from campaign.errors import Stopped
from campaign.models import Database, holds, lanes


@dataclass(slots=True)
class SendGate:
    """The gate of one attempt. Not sending once half of the lease is gone keeps a process that was stopped and
    resumed from sending what another one has taken over meanwhile.
    """

    database: Database
    clock: Clock
    attempt_id: int
    scopes: list[str]
    lease: timedelta
    claimed_at: float
    """Monotonic seconds, read before the claim."""
    renew: bool = False
    """An issue takes long: its gate extends lane and attempt as it goes."""
    account_id: int = 0
    owner: str = ""
    _renewed: float = field(default=0.0, init=False)

    def check(self) -> None:
        """Raise Stopped when a hold is on or half of the lease is gone."""
        if self.renew:
            self._extend()
        since = self.clock.monotonic() - max(self.claimed_at, self._renewed)
        if since > self.lease.total_seconds() / 2:
            raise Stopped(detail="half of the lease is gone")
        with self.database.read() as session:
            hold = holds.stopping(session, self.scopes)
        if hold is not None:
            raise Stopped(detail=f"hold on {hold.scope}: {hold.reason}")

    def keep(self, media_ids: Sequence[str]) -> None:
        """Store the ids of what was uploaded, durably."""
        with self.database.write() as session:
            lanes.keep_media(session, self.attempt_id, media_ids)

    def _extend(self) -> None:
        instant = self.clock.monotonic()
        if instant - max(self.claimed_at, self._renewed) < self.lease.total_seconds() / 8:
            return
        with self.database.write() as session:
            if not lanes.keep_lane(session, self.account_id, self.owner, self.clock.now(), self.lease):
                raise Stopped(detail="the lane was taken over")
            lanes.extend_attempt(session, self.attempt_id, self.clock.now(), self.lease)
        self._renewed = instant
