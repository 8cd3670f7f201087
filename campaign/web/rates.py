"""Rate limits of the pages: so many tries of a kind within a time, by address or by name, in this process."""

from ipaddress import IPv6Address, IPv6Network, ip_address
from math import ceil
from time import time

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from campaign.errors import TurnedAway

RULES: dict[str, str] = {
    "visit": "300 per 10 minutes",
    "sign-in": "100 per 10 minutes",
    "email": "10 per 10 minutes",
    "password": "10 per 10 minutes",
    "code": "10 per 10 minutes",
    "ask": "10 per 10 minutes",
    "connect": "60 per 10 minutes",
    "picture": "60 per 60 minutes",
    "plan": "30 per 10 minutes",
    "link": "600 per minute",
    "api": "1200 per minute",
    "api-door": "60 per minute",
    "calendar": "30 per 10 minutes",
}
"""What is limited: visits without a person, tries to sign in by network address, passwords by the email address that is
typed, changes of a password and recovery codes by person, questions to all platforms, accounts that a person connects,
pictures that a person uploads, plans that a person asks for, public links by address, calls of the API by token, and by
address where the token does not serve, readings of a calendar by its address. A whole department may stand behind one
address. What a stranger types has a rule of its own, so that it never stands for somebody else's key.
"""


_NETWORK = 64
"""Bits of an IPv6 address: whoever has one has all that begin with the same ones (RFC 4291, 2.5.1)."""


def network_of(address: str) -> str:
    """Return what is counted of a network address: its network, for one of IPv4 the address itself."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return str(found)
    return str(found.ipv4_mapped or IPv6Network((found, _NETWORK), strict=False).network_address)


class TooMany(TurnedAway):
    """Too many requests.

    The next one may come after so many ``seconds``.
    """

    status, code, noted = 429, "too-many", "too many calls"

    def __init__(self, *, seconds: int) -> None:
        super().__init__(seconds=seconds)
        self.seconds = seconds

    @property
    def headers(self) -> dict[str, str]:
        """Return when to come back."""
        return {"Retry-After": str(self.seconds)}


class Rates:
    """Counts tries. Every process counts for itself, which allows at most that many times more."""

    def __init__(self) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._rules: dict[str, RateLimitItem] = {name: parse(rule) for name, rule in RULES.items()}

    def spend(self, rule: str, key: str) -> None:
        """Count one try. Raises TooMany."""
        item = self._rules[rule]
        if not self._limiter.hit(item, rule, key):
            ends = self._limiter.get_window_stats(item, rule, key).reset_time
            raise TooMany(seconds=max(1, ceil(ends - time())))
