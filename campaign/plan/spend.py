"""What the posts still to come will cost, and what was spent, by month. Pure: rows and facts in, sums out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from campaign.config.money import dollars, in_dollars
from campaign.models.bookings import Spent, month_of
from campaign.plan.audience import AccountFacts
from campaign.plan.planner import PLANNABLE
from campaign.plan.rows import PlanFacts, PlanRow
from campaign.ports import Channel, Draft
from campaign.ports.costs import LINKED, Budget, Budgeted

_TOKEN = "forecast"  # noqa: S105 - stands where a post's own token will; no price depends on it


@dataclass(frozen=True, slots=True)
class Coming:
    """One post that is to go out: what it will cost, in millionths of a dollar, and when."""

    account_id: int
    channel: str
    due_at: datetime
    micros: int
    with_link: bool


@dataclass(slots=True)
class Line:
    """What a channel, or one account of it, costs in a month (UTC). Amounts in millionths of a dollar."""

    month: str
    channel: str
    account: AccountFacts | None
    cap: int | None
    posts: int = 0
    with_link: int = 0
    spent: int = 0
    forecast: int = 0

    @property
    def over_cap(self) -> bool:
        """Say whether the cap will not last for what is to come."""
        return self.cap is not None and self.forecast > 0 and self.spent + self.forecast > self.cap

    @property
    def order(self) -> tuple[str, str, str, str]:
        """Return what lines are sorted by."""
        owner = (self.account.partner, self.account.handle) if self.account else ("", "")
        return (self.month, self.channel, *owner)

    def words(self) -> dict[str, object]:
        """Return the line as people read it."""
        amounts = {"spent": dollars(self.spent), "forecast": dollars(self.forecast)}
        cap = "none" if self.cap is None else dollars(self.cap) + (", too low" if self.over_cap else "")
        return {**self.document(), **amounts, "cap": cap}

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
            "spent": float(in_dollars(self.spent)),
            "forecast": float(in_dollars(self.forecast)),
            "cap": None if self.cap is None else float(in_dollars(self.cap)),
            "over_cap": self.over_cap,
        }


def with_prices(channels: Mapping[str, Channel]) -> dict[str, Budgeted]:
    """Return the channels that know what posting takes."""
    return {name: channel for name, channel in channels.items() if isinstance(channel, Budgeted)}


def forecast(facts: PlanFacts, rows: Iterable[PlanRow], priced: Mapping[str, Budgeted]) -> list[Coming]:
    """Return what each post to come will cost: stored ones as the plan would change them, and those it would add.

    What has no words yet (blocked) is not counted, nor are posts that a person publishes by hand.
    """
    accounts = {account.id: account for account in facts.accounts if account.mode == "api"}
    found = []
    for account_id, due_at, draft in _going(facts, rows):
        account = accounts.get(account_id)
        if account is None or account.channel not in priced or facts.compose is None:
            continue
        costs = priced[account.channel].costs(facts.compose(account.channel, draft, _TOKEN))
        micros, linked = sum(cost.micros for cost in costs), any(cost.what == LINKED for cost in costs)
        if micros:
            found.append(Coming(account_id, account.channel, due_at, micros, linked))
    return found


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
        into = line(month_of(one.due_at.astimezone(UTC)), one.channel, one.account_id)
        into.posts += 1
        into.with_link += one.with_link
        into.forecast += one.micros
    for past in spent:
        line(past.month, past.channel, past.account_id).spent += past.micros
    return sorted(lines.values(), key=lambda one: one.order)


def _cap(priced: Mapping[str, Budgeted], name: str, *, single: bool) -> int | None:
    budget = priced[name].budget if name in priced else Budget()
    return budget.account_monthly_cap if single else budget.monthly_cap
