"""What a post takes from the budgets of its channel and its account, as the core sees it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol, runtime_checkable

from campaign.ports.values import Message

POST, LINKED = "post", "post with a link"
"""The names of the costs of a post itself; every attempt has one of them."""

READING, LOOK_UP = "reading", "look-up"
"""The names of the costs of reading a post: for its figures, or to find out what became of one."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one step of a post takes from its budgets: a use, and money in millionths of a US dollar.

    ``sunk``: used up as soon as the platform was called; otherwise only if the step came to be.
    """

    what: str
    micros: int = 0
    sunk: bool = False


def price(costs: Iterable[Cost]) -> int:
    """Return what these come to, in millionths of a US dollar."""
    return sum(cost.micros for cost in costs)


class Cap(NamedTuple):
    """A monthly cap: of the whole channel or, with ``single``, of one account."""

    micros: int
    single: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """What may be used up; None: no bound. Caps in millionths of a US dollar for a calendar month, posts of an account
    for a day, both in UTC.
    """

    monthly_cap: int | None = None
    account_monthly_cap: int | None = None
    daily_posts: int | None = None

    @property
    def capped(self) -> bool:
        """Say whether any cap bounds the money."""
        return self.monthly_cap is not None or self.account_monthly_cap is not None

    def passed(self, total: int, single: int) -> Cap | None:
        """Return which cap is passed where the channel has spent ``total`` and the account ``single``; None: none."""
        if self.monthly_cap is not None and total > self.monthly_cap:
            return Cap(self.monthly_cap, single=False)
        if self.account_monthly_cap is not None and single > self.account_monthly_cap:
            return Cap(self.account_monthly_cap, single=True)
        return None


@runtime_checkable
class Budgeted(Protocol):
    """The power to say what posting and reading take from a budget. What it costs is booked before the call is made."""

    title: ClassVar[str]

    @property
    def budget(self) -> Budget:
        """What may be used up."""
        ...

    def costs(self, message: Message) -> tuple[Cost, ...]:
        """Return what it takes to publish the message. Pure."""
        ...

    def cost_of_retraction(self) -> Cost | None:
        """Return what it takes to delete a post, None for nothing."""
        ...

    def cost_of_reading(self) -> Cost | None:
        """Return what it takes to read one post; read again on the same day (UTC) it takes nothing. None: nothing."""
        ...
