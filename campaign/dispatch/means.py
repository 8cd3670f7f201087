"""What dispatch works with, bound once by ``app``."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from campaign.clock import Clock
from campaign.dispatch.retry import Policy
from campaign.models import Database
from campaign.models.partners import Account, Partner
from campaign.ports import Bulk, Channel, Identity, Measures
from campaign.review.content import Contents


@dataclass(frozen=True, slots=True)
class Means:
    """The database, the clock, the channels by name, the contents, and who this process is (``owner``).

    ``identify`` opens an account's credentials and renews a token that ends soon; it raises CredentialDead.
    ``bulk`` does the issues of a channel whose posts have many deliveries. ``first_reading`` is the delay of the first
    engagement reading, None when none is taken.
    """

    database: Database
    clock: Clock
    channels: Mapping[str, Channel]
    contents: Contents
    identify: Callable[[Account, Partner], Identity]
    bulk: Mapping[str, Bulk]
    policy: Policy
    owner: str
    first_reading: timedelta | None = None

    def channel(self, name: str) -> Channel:
        """Return the channel by its name."""
        return self.channels[name]

    def first_reading_at(self, channel: str, published_at: datetime) -> datetime | None:
        """Return when the first figures of a post are to be read, None where the channel gives none."""
        if self.first_reading is None or not isinstance(self.channels.get(channel), Measures):
            return None
        return published_at + self.first_reading
