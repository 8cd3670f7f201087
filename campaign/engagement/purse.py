"""What readings may cost: booked before the platform is asked, once a post and UTC day, and never out of the money that
posts approved for this month still need.
"""

from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Protocol

import structlog
from sqlmodel import Session

from campaign.clock import Clock, next_month
from campaign.dispatch.budget import giving_back
from campaign.errors import AccountBlocked, CredentialDead, NeverSent, Outcome, Refused, Wait
from campaign.models import Database, bookings
from campaign.models.bookings import Use, month_of
from campaign.models.claims import PostFacts
from campaign.models.posts import Post
from campaign.ports import Channel, Figures, Media, Message
from campaign.ports.costs import Budgeted, Cost, price

log = structlog.get_logger(__name__)

_NOT_READ = (NeverSent, Refused, Wait, CredentialDead, AccountBlocked)
"""Outcomes after which the platform has shown nothing, and charges nothing."""

_REMEMBERED = 100_000
"""Prices that are remembered: some twenty megabytes."""


@dataclass(frozen=True, slots=True)
class Payment:
    """What was booked for a batch, by the platforms' ids, and what may not be read, with the reason."""

    account_id: int = 0
    booked: frozenset[str] = frozenset()
    refused: frozenset[str] = frozenset()
    why: str = ""
    at: datetime | None = None


NOTHING = Payment()


class _Priced(Channel, Budgeted, Protocol):
    """A channel that knows what posting and reading take."""


@dataclass(frozen=True, slots=True)
class _Room:
    """How much more may be spent (millionths of a dollar), and which cap says so."""

    micros: int
    why: str


@dataclass
class Purse:
    """The money for one round of readings. ``message`` makes of a stored post what goes out, to know its price;
    ``prices``, by content hash, outlive the round: a month's approved posts are not composed anew for each.
    """

    database: Database
    clock: Clock
    message: Callable[[PostFacts], Message]
    prices: dict[str, int] = field(default_factory=dict)
    _kept: dict[tuple[str, int | None], int] = field(default_factory=dict)

    def pay(self, channel: Channel, account_id: int, wanted: Mapping[str, int]) -> Payment:
        """Book what a batch costs that is not paid for today: ``wanted`` are posts by the platform's ids."""
        if not isinstance(channel, Budgeted):
            return NOTHING
        cost = channel.cost_of_reading()
        if cost is None or not cost.micros:
            return NOTHING
        kept = self._keep_back(channel, channel.name, account_id)
        now = self.clock.now()
        with self.database.write() as session:
            bookings.lock_budget(session, channel.name)
            paid = bookings.paid_today(session, account_id, wanted, now)
            fresh = [number for number in wanted if number not in paid]
            room = _room(session, channel, channel.name, account_id, kept, now)
            count = len(fresh) if room is None else max(0, min(len(fresh), room.micros // cost.micros))
            uses = {number: _use(wanted[number], account_id, channel.name, cost) for number in fresh[:count]}
            bookings.book_readings(session, uses, now)
        return Payment(account_id, frozenset(uses), frozenset(fresh[count:]), room.why if room else "", now)

    def give_back(
        self,
        channel: Channel,
        payment: Payment,
        asked: Iterable[str],
        answer: Mapping[str, Figures | Outcome] | Outcome,
    ) -> None:
        """Give back what was booked for posts of which the platform has shown nothing."""
        unread = [number for number in asked if number in payment.booked and not _was_shown(number, answer)]
        if not unread or payment.at is None or not isinstance(channel, Budgeted):
            return
        now = self.clock.now()
        with self.database.write() as session, giving_back(session, channel, channel.name, now):
            bookings.release_readings(session, payment.account_id, unread, payment.at, now)

    def _keep_back(self, channel: _Priced, name: str, account_id: int) -> tuple[int, int]:
        """Return what the posts that are approved for this month still need: of the channel, and of the account."""
        budget = channel.budget
        whole = 0 if budget.monthly_cap is None else self._needed(channel, name, None, budget.monthly_cap)
        cap = budget.account_monthly_cap
        return whole, 0 if cap is None else self._needed(channel, name, account_id, cap)

    def _needed(self, channel: _Priced, name: str, account_id: int | None, cap: int) -> int:
        """Return what such posts cost, as far as it matters: what passes the cap leaves nothing for readings anyway."""
        key = (name, account_id)
        if key not in self._kept:
            total = 0
            until = next_month(self.clock.now())
            with (
                self.database.at_one_instant() as session,
                closing(bookings.approved_until(session, name, until, account_id)) as posts,
            ):
                for ident, digest in posts:
                    total += self._price(session, channel, ident, digest)
                    if total > cap:
                        break
            self._kept[key] = total
        return self._kept[key]

    def _price(self, session: Session, channel: _Priced, post_id: int, digest: str) -> int:
        """Return what a post costs. One that cannot be composed now must end nobody's readings: it may be mended, and
        costs the most until then.
        """
        if digest in self.prices:
            return self.prices[digest]
        try:
            micros = price(channel.costs(self.message(session.get_one(Post, post_id))))
        except Exception as error:  # noqa: BLE001 - whatever a template, a detail or a picture brings up
            log.warning("the price of a post is not known", post=post_id, error=type(error).__name__)
            return price(channel.costs(_dearest(channel)))
        if len(self.prices) >= _REMEMBERED:
            self.prices.clear()
        self.prices[digest] = micros
        return micros


def _dearest(channel: _Priced) -> Message:
    """Return a post that is charged for all that platforms charge for: a link, and pictures with words."""
    picture = Media("", "image/png", "in words", Path("picture.png"))
    return Message(channel.name, "https://www.gov.uk", media=(picture,) * channel.limits.media_max)


def _room(
    session: Session, channel: Budgeted, name: str, account_id: int, kept: tuple[int, int], now: datetime
) -> _Room | None:
    """Return the narrower of the two rooms under the caps, None where there is no cap."""
    budget, month, whose = channel.budget, month_of(now), f"the month's {channel.title} budget"
    rooms = []
    if budget.monthly_cap is not None:
        left = budget.monthly_cap - bookings.spent(session, name, month) - kept[0]
        rooms.append(_Room(left, f"{whose} is reached"))
    if budget.account_monthly_cap is not None:
        left = budget.account_monthly_cap - bookings.spent(session, name, month, account_id) - kept[1]
        rooms.append(_Room(left, f"{whose} of this account is reached"))
    return min(rooms, key=lambda room: room.micros, default=None)


def _use(post_id: int, account_id: int, channel: str, cost: Cost) -> Use:
    return Use(post_id, 0, account_id, channel, (cost,))


def _was_shown(number: str, answer: Mapping[str, Figures | Outcome] | Outcome) -> bool:
    """Say whether the platform has shown the post, or may have."""
    told = answer if isinstance(answer, Outcome) else answer.get(number)
    return told is not None and not isinstance(told, _NOT_READ)
