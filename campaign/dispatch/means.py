"""What dispatch works with, bound once by ``app``."""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from threading import Event

from campaign.clock import Clock
from campaign.dispatch.retry import Policy
from campaign.models import Database, renewals
from campaign.models.claims import AccountFacts, PartnerFacts
from campaign.ports import Bulk, Channel, Identity, Measures
from campaign.ports.watching import Meter, NoMeter
from campaign.review.content import Contents


@dataclass(frozen=True, slots=True)
class Means:
    """The database, the clock, the channels by name, the contents, and who this process is (``owner``).

    ``identify`` opens an account's credentials and renews a token that ends soon; it raises CredentialDead.
    ``bulk`` does the issues of a channel whose posts have many deliveries. ``first_reading`` is the delay of the first
    engagement reading, None when none is taken. ``stopping`` set lets nothing more go out of this process.
    ``meter`` counts attempts as they are settled.
    """

    database: Database
    clock: Clock
    channels: Mapping[str, Channel]
    contents: Contents
    identify: Callable[[AccountFacts, PartnerFacts], Identity]
    bulk: Mapping[str, Bulk]
    policy: Policy
    owner: str
    first_reading: timedelta | None = None
    stopping: Event = field(default_factory=Event)
    meter: Meter = field(default_factory=NoMeter)

    def channel(self, name: str) -> Channel:
        """Return the channel by its name."""
        return self.channels[name]

    def refused(self, who: Identity) -> None:
        """Note that the platform has not taken an account's credentials: they are renewed before their next use."""
        with self.database.write() as session:
            renewals.want(session, who.account_id, who.opened)

    def first_reading_at(self, channel: str, published_at: datetime) -> datetime | None:
        """Return when the first figures of a post are to be read, None where the channel gives none."""
        if self.first_reading is None or not _measures(self.channels[channel].__class__):
            return None
        return published_at + self.first_reading


@cache
def _measures(kind: Hashable) -> bool:
    """Say whether a kind of channel has the power; asking an object for a protocol takes longer than storing a row."""
    return isinstance(kind, type) and issubclass(kind, Measures)
