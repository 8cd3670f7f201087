"""What a sender asks right before each outbound request: is a hold on, is enough of the lease left."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event

from campaign.clock import Clock
from campaign.errors import Stopped, Worn
from campaign.models import Database, bounds, holds, lanes
from campaign.models.database import DatabaseAway


@dataclass(slots=True)
class SendGate:
    """The gate of one attempt. A lease of which at most half is gone is made whole again as the sending goes on. Not
    sending once half of it is gone keeps a process that was stopped and resumed from sending what another one has taken
    over meanwhile. Of the two clocks the one that says more counts: the counter of a paused virtual machine stands
    still, and a wall clock may be set back.
    """

    database: Database
    clock: Clock
    post_id: int
    number: int
    scopes: frozenset[str]
    lease: timedelta
    claimed_at: float
    """Monotonic seconds, read before the claim."""
    dated_at: datetime
    """The wall clock's word for the same moment."""
    until: datetime | None = None
    """The end of the grace: a post goes out no later, however long its uploads take. None for an issue."""
    account_id: int = 0
    owner: str = ""
    stopping: Event = field(default_factory=Event)
    _counted_from: float = field(init=False)
    _dated_from: datetime = field(init=False)

    def __post_init__(self) -> None:
        """Begin to reckon at the claim."""
        self._counted_from, self._dated_from = self.claimed_at, self.dated_at

    def check(self) -> None:
        """Raise Stopped when a hold is on, the grace has ended, somebody else has settled the attempt meanwhile, or
        this process is to end; Worn, so that the next try waits a while, when half of the lease is gone or the database
        gives no answer. What takes long (uploads, an issue) extends its lease.
        """
        if self.stopping.is_set():
            raise Stopped(detail="this process is ending")
        if self.until is not None and self.clock.now() > self.until:
            raise Stopped(detail="the grace has ended")
        try:
            if self.until is None or self._elapsed() <= self.lease / 2:
                self._extend()
            held = holds.reasons(self.database, self.post_id, self.number)
        except DatabaseAway as error:
            raise Worn(detail="the database cannot be asked for holds") from error
        if self._elapsed() > self.lease / 2:
            raise Worn(detail="half of the lease is gone")
        if holds.SETTLED in held:
            raise Stopped(detail="somebody else has settled this attempt meanwhile")
        for scope in self.scopes & held.keys():
            raise Stopped(detail=f"hold on {scope}: {held[scope]}")

    def keep(self, media_ids: Sequence[str]) -> None:
        """Store the ids of what was uploaded, durably. Raises Worn where that cannot be done: the call that makes
        the post visible has not been made.
        """
        try:
            with self.database.write() as session:
                lanes.keep_media(session, self.post_id, self.number, media_ids)
        except DatabaseAway as error:
            raise Worn(detail="what was uploaded cannot be kept: the database is away") from error

    def _elapsed(self) -> timedelta:
        counted = timedelta(seconds=self.clock.monotonic() - self._counted_from)
        return max(counted, self.clock.now() - self._dated_from)

    def _extend(self) -> None:
        counted, dated = self.clock.monotonic(), self.clock.now()
        if timedelta(seconds=counted - self._counted_from) < self.lease / 8:
            return
        with self.database.write() as session:
            if not lanes.keep_lane(session, self.account_id, self.owner, dated, self.lease):
                raise Stopped(detail="the lane was taken over")
            if not bounds.goes_on(session, self.post_id, dated):
                raise Stopped(detail="a hold or a quiet period has begun, or the partner took its yes back")
            lanes.extend_attempt(session, self.post_id, self.number, dated, self.lease)
        self._counted_from, self._dated_from = counted, dated
