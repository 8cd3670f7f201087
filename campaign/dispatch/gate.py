"""What a sender asks right before each outbound request: is a hold on, is enough of the lease left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event

from campaign.clock import Clock
from campaign.errors import Stopped
from campaign.models import Database, holds, lanes
from campaign.models.database import DatabaseAway


@dataclass(slots=True)
class SendGate:
    """The gate of one attempt. Not sending once half of the lease is gone keeps a process that was stopped and
    resumed from sending what another one has taken over meanwhile.
    """

    database: Database
    clock: Clock
    post_id: int
    number: int
    scopes: frozenset[str]
    lease: timedelta
    claimed_at: float
    """Monotonic seconds, read before the claim."""
    renew: bool = False
    """An issue takes long: its gate extends lane and attempt as it goes."""
    account_id: int = 0
    owner: str = ""
    stopping: Event = field(default_factory=Event)
    _renewed: float = field(default=0.0, init=False)

    def check(self) -> None:
        """Raise Stopped when a hold is on, half of the lease is gone, or this process is to end."""
        if self.stopping.is_set():
            raise Stopped(detail="this process is ending")
        if self.renew:
            self._extend()
        since = self.clock.monotonic() - max(self.claimed_at, self._renewed)
        if since > self.lease.total_seconds() / 2:
            raise Stopped(detail="half of the lease is gone")
        try:
            held = holds.reasons(self.database)
        except DatabaseAway as error:
            raise Stopped(detail="the database cannot be asked for holds") from error
        for scope in self.scopes & held.keys():
            raise Stopped(detail=f"hold on {scope}: {held[scope]}")

    def keep(self, media_ids: Sequence[str]) -> None:
        """Store the ids of what was uploaded, durably."""
        with self.database.write() as session:
            lanes.keep_media(session, self.post_id, self.number, media_ids)

    def _extend(self) -> None:
        instant = self.clock.monotonic()
        if instant - max(self.claimed_at, self._renewed) < self.lease.total_seconds() / 8:
            return
        with self.database.write() as session:
            if not lanes.keep_lane(session, self.account_id, self.owner, self.clock.now(), self.lease):
                raise Stopped(detail="the lane was taken over")
            lanes.extend_attempt(session, self.post_id, self.number, self.clock.now(), self.lease)
        self._renewed = instant
