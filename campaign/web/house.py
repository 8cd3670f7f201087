"""What every handler works with: the opened workspace, the templates, the cookie, the rate limits, the navigation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from campaign.app import App
from campaign.models.users import User
from campaign.people.visits import Lasting
from campaign.review.decisions import Desk
from campaign.review.rules import QuietPeriods
from campaign.web.cookie import Cookie
from campaign.web.rates import Rates
from campaign.web.rendering import Pages

if TYPE_CHECKING:
    from campaign.web.area import Tab


@dataclass(frozen=True, slots=True)
class House:
    """One for the whole process; handlers find it as ``who.house``."""

    app: App
    pages: Pages
    cookie: Cookie
    rates: Rates
    tabs: tuple["Tab", ...]

    @property
    def lasting(self) -> Lasting:
        """How long sessions last."""
        return Lasting(self.app.settings.web.session, self.app.settings.web.session_idle)

    @contextmanager
    def desk(self, person: User) -> Iterator[Desk]:
        """Open one transaction of a person's decisions; the daemon is nudged when it has been committed."""
        with self.app.database.write() as session:
            yield Desk(session, self.app.contents, person, self.now())
        self.app.nudge()

    @property
    def zone(self) -> ZoneInfo:
        """The campaign's own zone, in which people read and type times."""
        return ZoneInfo(self.app.settings.campaign.timezone)

    @property
    def quiet(self) -> QuietPeriods:
        """What brings a partner that is changed under its quiet periods."""
        return QuietPeriods(self.app.settings.campaign)

    def now(self) -> datetime:
        """Return the time, aware UTC."""
        return self.app.clock.now()

    def address(self, path: str) -> str:
        """Return a whole address for a mail or a screen: that which config.toml says people open."""
        return f"{self.app.settings.web.public_url}{path}"
