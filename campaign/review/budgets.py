"""What the budgets of channels and accounts still have room for, as posts go one after the other. Nothing is booked:
``dispatch.budget`` asks the same when it claims.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from sqlmodel import Session

from campaign.clock import next_day, next_month, today
from campaign.models import bookings
from campaign.models.bookings import month_of
from campaign.models.listing import PostRow
from campaign.models.portions import some_at_a_time
from campaign.ports import Message
from campaign.ports.costs import Budgeted, price


class Budgets:
    """The budgets of some posts' channels, from an instant on. What is used up is read once for all of them."""

    def __init__(
        self, session: Session, channels: Mapping[str, Budgeted], rows: Iterable[PostRow], now: datetime
    ) -> None:
        self._session, self._channels = session, channels
        self._accounts: dict[str, set[int]] = {}
        for row in rows:
            if row.post.channel in channels:
                self._accounts.setdefault(row.post.channel, set()).add(row.account.ident)
        self._now = now
        self._days: dict[str, Counter[tuple[int, datetime]]] = {}
        self._months: dict[tuple[str, str], Counter[int | None]] = {}

    def room_from(self, row: PostRow, message: Message, at: datetime, until: datetime) -> datetime:
        """Return when there is room for the post, from ``at`` on; an instant after ``until`` where not by then."""
        channel = self._channels.get(row.post.channel)
        while channel is not None and at <= until and (later := self._stop(channel, row, message, at)) is not None:
            at = later
        return at

    def take(self, row: PostRow, message: Message, at: datetime) -> None:
        """Reckon with a post that goes at ``at``."""
        name, account = row.post.channel, row.account.ident
        if (channel := self._channels.get(name)) is None:
            return
        if channel.budget.daily_posts is not None:
            self._made(name)[account, today(at)] += 1
        if channel.budget.capped:
            spent, micros = self._spent(name, month_of(at)), price(channel.costs(message))
            spent[None] += micros
            spent[account] += micros

    def _stop(self, channel: Budgeted, row: PostRow, message: Message, at: datetime) -> datetime | None:
        """Return until when there is no room for the post, None where there is."""
        name, account, budget = row.post.channel, row.account.ident, channel.budget
        if budget.daily_posts is not None and self._made(name)[account, today(at)] >= budget.daily_posts:
            return next_day(at)
        micros = price(channel.costs(message)) if budget.capped else 0
        if not micros:
            return None
        spent = self._spent(name, month_of(at))
        return next_month(at) if budget.passed(spent[None] + micros, spent[account] + micros) else None

    def _made(self, name: str) -> Counter[tuple[int, datetime]]:
        """Return how many posts each account has made on a day (UTC)."""
        if name not in self._days:
            found = self._days[name] = Counter()
            for some in some_at_a_time(self._accounts[name]):
                made = bookings.posts_since(self._session, some, today(self._now))
                found.update({(account, today(self._now)): count for account, count in made.items()})
        return self._days[name]

    def _spent(self, name: str, month: str) -> Counter[int | None]:
        """Return what each account has spent in a month, and under None what the whole channel has."""
        if (name, month) not in self._months:
            found = self._months[name, month] = Counter({None: bookings.spent(self._session, name, month)})
            for some in some_at_a_time(self._of(name)):
                found.update(bookings.spent_by(self._session, name, month, some))
        return self._months[name, month]

    def _of(self, name: str) -> Collection[int]:
        """Return the accounts whose own spending counts."""
        return self._accounts[name] if self._channels[name].budget.account_monthly_cap is not None else ()
