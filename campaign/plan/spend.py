"""What the posts still to come will cost, and what was spent, by month. Pure: rows and facts in, sums out."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from campaign.config.money import dollars, in_dollars
from campaign.models.bookings import Spent, month_of
from campaign.models.partners import AccountMode
from campaign.models.readings import Watched
from campaign.models.status import PLANNABLE
from campaign.plan.audience import AccountFacts
from campaign.plan.rows import PlanFacts, PlanRow
from campaign.ports import Channel, Draft
from campaign.ports.costs import LINKED, Budget, Budgeted, price

_TOKEN = "forecast"  # noqa: S105 - stands where a post's own token will; no price depends on it


Days = Callable[[datetime, int], Sequence[date]]
"""Gives the UTC days on which a post published at an instant is still to be read, from reading number n on."""


@dataclass(frozen=True, slots=True)
class Coming:
    """What posts and readings to come will cost an account in a month (UTC), in millionths of a dollar."""

    account_id: int
    channel: str
    month: str
    micros: int
    posts: int = 0
    with_link: int = 0
    readings: int = 0


@dataclass(slots=True)
class Line:
    """What a channel, or one account of it, costs in a month (UTC). Amounts in millionths of a dollar; ``reading`` is
    the part of the forecast that ``readings`` cost.
    """

    month: str
    channel: str
    account: AccountFacts | None
    cap: int | None
    posts: int = 0
    with_link: int = 0
    readings: int = 0
    spent: int = 0
    forecast: int = 0
    reading: int = 0

    @property
    def over_cap(self) -> bool:
        """Say whether the cap will not last for what is to come."""
        return self._passes(self.forecast)

    def _passes(self, forecast: int) -> bool:
        return self.cap is not None and forecast > 0 and self.spent + forecast > self.cap

    @property
    def order(self) -> tuple[str, str, str, str]:
        """Return what lines are sorted by."""
        owner = (self.account.partner, self.account.handle) if self.account else ("", "")
        return (self.month, self.channel, *owner)

    def words(self) -> dict[str, object]:
        """Return the line as people read it."""
        amounts = {"spent": dollars(self.spent), "forecast": dollars(self.forecast)}
        return {
            **self.document(),
            **amounts,
            "cap": "none" if self.cap is None else dollars(self.cap) + self._verdict(),
        }

    def _verdict(self) -> str:
        """Say what a cap is too low for; posts go before readings."""
        if self._passes(self.forecast - self.reading):
            return ", too low"
        return ", too low for all readings" if self.over_cap else ""

    def document(self) -> dict[str, object]:
        """Return the line as a document; amounts in dollars."""
        return {
            "month": self.month,
            "channel": self.channel,
            "partner": self.account.partner if self.account else None,
            "account": self.account.handle if self.account else None,
            "currency": "USD",
            "posts": self.posts,
            "with_link": self.with_link,
            "readings": self.readings,
            "spent": float(in_dollars(self.spent)),
            "forecast": float(in_dollars(self.forecast)),
            "forecast_readings": float(in_dollars(self.reading)),
            "cap": None if self.cap is None else float(in_dollars(self.cap)),
            "over_cap": self.over_cap,
        }


def with_prices(channels: Mapping[str, Channel]) -> dict[str, Budgeted]:
    """Return the channels that know what posting takes."""
    return {name: channel for name, channel in channels.items() if isinstance(channel, Budgeted)}


def forecast(facts: PlanFacts, rows: Iterable[PlanRow], priced: Mapping[str, Budgeted], days: Days) -> list[Coming]:
    """Return what each post to come will cost: stored ones as the plan would change them, and those it would add; with
    it the readings of its figures.

    What has no words yet (blocked) is not counted, nor are posts that a person publishes by hand.
    """
    accounts = {account.id: account for account in facts.accounts if account.mode == AccountMode.API}
    found = []
    for account_id, due_at, draft in _going(facts, rows):
        account = accounts.get(account_id)
        if account is None or account.channel not in priced or facts.compose is None:
            continue
        costs = priced[account.channel].costs(facts.compose(account.channel, draft, _TOKEN))
        micros, linked = price(costs), any(cost.what == LINKED for cost in costs)
        if micros:
            month = month_of(due_at.astimezone(UTC))
            found.append(Coming(account_id, account.channel, month, micros, posts=1, with_link=int(linked)))
        if draft.share_of is None or facts.channels[account.channel].shares_have_figures:
            found += _readings(priced[account.channel], account_id, account.channel, days(due_at, 0))
    return found


def still_read(watched: Iterable[Watched], priced: Mapping[str, Budgeted], days: Days) -> list[Coming]:
    """Return what the readings of posts that are published already will cost."""
    return [
        coming
        for post in watched
        if post.channel in priced
        for coming in _readings(
            priced[post.channel], post.account_id, post.channel, days(post.published_at, post.readings)
        )
    ]


def _readings(channel: Budgeted, account_id: int, name: str, days: Iterable[date]) -> Iterator[Coming]:
    cost = channel.cost_of_reading()
    if cost is None or not cost.micros:
        return
    for month, count in Counter(f"{day:%Y-%m}" for day in days).items():
        yield Coming(account_id, name, month, count * cost.micros, readings=count)


def _going(facts: PlanFacts, rows: Iterable[PlanRow]) -> Iterator[tuple[int, datetime, Draft]]:
    """Yield account, time and words of every post to come."""
    stored = {post.id: post for post in facts.existing if post.status in PLANNABLE}
    for row in rows:
        post = stored.pop(row.post_id, None) if row.post_id is not None else None
        if row.action in {"add", "change"} and row.draft is not None:
            yield row.account_id, row.due_at, row.draft
        elif post is not None and row.action in {"keep", "blocked"}:
            yield post.account_id, post.due_at, post.draft
    for post in stored.values():
        yield post.account_id, post.due_at, post.draft


def summed(
    facts: PlanFacts,
    coming: Iterable[Coming],
    spent: Iterable[Spent],
    priced: Mapping[str, Budgeted],
    *,
    single: bool,
) -> Sequence[Line]:
    """Return a line for each month and channel, with ``single`` for each account of it, in their order."""
    accounts = {account.id: account for account in facts.accounts}
    lines: dict[tuple[str, str, int], Line] = {}

    def line(month: str, channel: str, account_id: int) -> Line:
        key = (month, channel, account_id if single else 0)
        if key not in lines:
            lines[key] = Line(month, channel, accounts.get(key[2]), _cap(priced, channel, single=single))
        return lines[key]

    for one in coming:
        into = line(one.month, one.channel, one.account_id)
        into.posts += one.posts
        into.with_link += one.with_link
        into.readings += one.readings
        into.forecast += one.micros
        into.reading += one.micros if one.readings else 0
    for past in spent:
        line(past.month, past.channel, past.account_id).spent += past.micros
    return sorted(lines.values(), key=lambda one: one.order)


def _cap(priced: Mapping[str, Budgeted], name: str, *, single: bool) -> int | None:
    budget = priced[name].budget if name in priced else Budget()
    return budget.account_monthly_cap if single else budget.monthly_cap
