"""What X charges for a post (X developer platform, Pay-per-use pricing, as of 2026-04-20); the figures are settings.

A post that contains a URL, a bare domain too, costs thirteen times as much as one without. Nothing is said of reposts
by themselves: they count as posts without a link. Reading is charged for each post that an answer shows, once in a UTC
day. The lower price of an "owned read" is for those who own the app, which partners do not, so it is not reckoned with.
"""

from campaign.channels._x_wire import Settings
from campaign.config.money import micros
from campaign.ports import Message
from campaign.ports.costs import LINKED, POST, READING, Budget, Cost
from campaign.weights import x_urls


class Priced:
    """The side of the channel X that knows prices and caps."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    @property
    def budget(self) -> Budget:
        """The caps of config.toml."""
        month, account = self._settings.monthly_cap, self._settings.account_monthly_cap
        return Budget(
            monthly_cap=None if month is None else micros(month),
            account_monthly_cap=None if account is None else micros(account),
        )

    def costs(self, message: Message) -> tuple[Cost, ...]:
        """Return what it takes to publish the message: the post, and before it its alt texts."""
        linked = message.share_of is None and bool(x_urls(message.text))
        what, price = (LINKED, self._settings.price_link) if linked else (POST, self._settings.price_post)
        post = Cost(what, micros(price))
        described = sum(1 for media in message.media if media.alt)
        if not described:
            return (post,)
        return (Cost("alt texts", described * micros(self._settings.price_alt_text), sunk=True), post)

    def cost_of_retraction(self) -> Cost:
        """Return what X charges for a delete."""
        return Cost("delete", micros(self._settings.price_delete), sunk=True)

    def cost_of_reading(self) -> Cost:
        """Return what X charges for a post that an answer shows, once in a UTC day."""
        return Cost(READING, micros(self._settings.price_read))
