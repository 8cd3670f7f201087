"""What an account may use up: the pace of its lane, its posts of a day, the money of a month.

A budget is looked at and booked in the transaction that claims the post, so that it holds with any number of workers.
"""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from campaign import tell
from campaign.clock import iso, next_day, next_month, today
from campaign.config.money import dollars
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Decision
from campaign.errors import NeverSent, Outcome, Pace, Unknown, Withheld
from campaign.models import bookings, caps, lanes
from campaign.models.bookings import Use, month_of
from campaign.models.caps import CapReached
from campaign.models.claims import Due
from campaign.models.posts import Post
from campaign.models.status import Move
from campaign.notices.kinds import Kind
from campaign.ports import Message, Receipt
from campaign.ports.costs import LINKED, LOOK_UP, POST, Budgeted, Cap, Cost
from campaign.tell import News

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a post is not claimed now. ``cap`` is the monthly cap that stops it, None where a day's posts are used up."""

    pace: Pace
    cap: Cap | None = None


# --- before the wire --------------------------------------------------------------------------------------------------


def admitted(
    session: Session, means: Means, wanted: Sequence[tuple[Due, Message]], now: datetime
) -> list[tuple[Due, Message]]:
    """Return the posts whose budgets have room, with what they take booked, in the transaction that claims them.

    The lanes of the others are let go and wait until there is room; people are told once. At most one post of an
    account is wanted at a time.
    """
    stopped: set[int] = set()
    # In one order, or two workers could each hold the budget that the other waits for.
    for name in sorted({due.channel for due, _ in wanted}):
        channel = means.channel(name)
        if not isinstance(channel, Budgeted):
            continue
        uses = [_use(due, due.tries + 1, channel.costs(message)) for due, message in wanted if due.channel == name]
        stops = _stops(session, channel, name, uses, now)
        for use, stop in stops:
            _wait(session, means, use, stop, now)
        stopped |= {use.post_id for use, _ in stops}
        bookings.book(session, [use for use in uses if use.post_id not in stopped], now)
    return [(due, message) for due, message in wanted if due.ident not in stopped]


def _use(due: Due, number: int, costs: tuple[Cost, ...]) -> Use:
    return Use(due.ident, number, due.account.ident, due.channel, costs)


def _stops(
    session: Session, channel: Budgeted, name: str, uses: Sequence[Use], now: datetime
) -> list[tuple[Use, Stop]]:
    """Return the posts for which there is no room, and why."""
    most = channel.budget.daily_posts
    found = [] if most is None else _day_stops(session, channel, most, uses, now)
    stopped = {use.post_id for use, _ in found}
    return found + _month_stops(session, channel, name, [use for use in uses if use.post_id not in stopped], now)


def _month_stops(
    session: Session, channel: Budgeted, name: str, uses: Sequence[Use], now: datetime
) -> list[tuple[Use, Stop]]:
    budget = channel.budget
    if not _lock(session, channel, name):
        return []
    month, found = month_of(now), []
    total = bookings.spent(session, name, month) if budget.monthly_cap is not None else 0
    of_accounts = [use.account_id for use in uses] if budget.account_monthly_cap is not None else []
    singles = bookings.spent_by(session, name, month, of_accounts) if of_accounts else {}
    for use in uses:
        single = singles.get(use.account_id, 0)
        stop = _over(channel, total + use.micros, single + use.micros, now) if use.micros else None
        if stop is not None:
            found.append((use, stop))
        else:
            total += use.micros
    return found


def _lock(session: Session, channel: Budgeted, name: str) -> bool:
    """Keep every other worker from the channel's money until the transaction ends; False where no cap bounds it."""
    if channel.budget.capped:
        bookings.lock_budget(session, name)
    return channel.budget.capped


def _day_stops(
    session: Session, channel: Budgeted, most: int, uses: Sequence[Use], now: datetime
) -> list[tuple[Use, Stop]]:
    made = bookings.posts_since(session, [use.account_id for use in uses], today(now))
    pace = Pace(next_day(now), _used_up(channel, str(most), now))
    return [(use, Stop(pace)) for use in uses if made.get(use.account_id, 0) >= most]


def _used_up(channel: Budgeted, most: str, now: datetime) -> str:
    return f"the {most} posts of a day on {channel.title} are used up until {iso(next_day(now))}"


def _over(channel: Budgeted, total: int, single: int, now: datetime) -> Stop | None:
    """Return what a spending of so much passes: the cap of the channel, that of the account, or none."""
    cap = channel.budget.passed(total, single)
    if cap is None:
        return None
    whose, until = "of this account " if cap.single else "", next_month(now)
    why = f"the monthly cap {whose}on {channel.title} ({dollars(cap.micros)}) is reached until {iso(until)}"
    return Stop(Pace(until, why), cap)


def _wait(session: Session, means: Means, use: Use, stop: Stop, now: datetime) -> None:
    lanes.pace_lane(session, use.account_id, stop.pace.ready_at, stop.pace.why)
    lanes.free_lane(session, use.account_id, means.owner)
    log.warning("budget used up", channel=use.channel, account=use.account_id, why=stop.pace.why)
    if stop.cap is None:
        return
    scope = f"{use.channel}:{use.account_id}" if stop.cap.single else use.channel
    news = CapReached(
        channel=use.channel, scope=scope, month=month_of(now), cap=stop.cap.micros, why=stop.pace.why, reached_at=now
    )
    if caps.note_cap(session, news):
        _tell(session, use, stop.pace.why, stop.cap, now)


def _tell(session: Session, use: Use, why: str, cap: Cap, now: datetime) -> None:
    key = "account_monthly_cap" if cap.single else "monthly_cap"
    said = f"No post that would pass the cap is sent: {why}"
    more = f"What is later than the grace is missed. To go on earlier, an admin raises {key} under "
    more += (
        f"[channels.{use.channel}] in config.toml and starts the daemon again; `campaign spend` shows the figures.\n"
    )
    named = f"the monthly cap on {use.channel} is reached"
    if cap.single:
        tell.of_post(session, session.get_one(Post, use.post_id), Kind.CAP, said, now, more=more, named=named)
    else:
        tell.reviewers(session, News(Kind.CAP, named, f"{said}.\n{more}", ""), now)


# --- after the wire --------------------------------------------------------------------------------------------------


def pace_after(now: datetime, least: timedelta, receipt: Receipt) -> Pace:
    """Return when a lane that has just posted goes on: after the channel's own pace, or later if the answer says so."""
    told = receipt.pace
    return told if told is not None and told.ready_at > now + least else Pace(now + least, "")


def paced(decision: Decision, outcome: Outcome, now: datetime, least: timedelta) -> Decision:
    """Return the decision with the lane kept back as long as the answer behind the outcome says, and by the channel's
    own pace where the post may be there.
    """
    told = [decision.lane_ready_at, outcome.pace.ready_at if outcome.pace else None]
    told.append(now + least if decision.move is Move.LOSE else None)
    return replace(decision, lane_ready_at=max((at for at in told if at is not None), default=None))


def ended(session: Session, means: Means, due: Due, number: int, outcome: Outcome, now: datetime) -> None:
    """Give back what an attempt did not use. What nobody knows counts as used until it is proven absent."""
    channel = means.channel(due.channel)
    if outcome.name != Unknown.name and isinstance(channel, Budgeted):
        with giving_back(session, channel, due.channel, now):
            bookings.release(session, due.ident, number, now, never_called=isinstance(outcome, NeverSent | Withheld))


@contextmanager
def giving_back(session: Session, channel: Budgeted, name: str, now: datetime) -> Iterator[None]:
    """Around what gives money back: the lanes that wait for a cap look again. Nobody stops meanwhile for want of it."""
    capped = _lock(session, channel, name)
    yield
    if capped:
        caps.reopen(session, caps.stopped(session, name, month_of(now)))


def found(session: Session, due: Due, number: int) -> None:
    """Count again what an attempt took whose receipt came after its post was declared absent."""
    bookings.keep(session, due.ident, number)


def adopted(session: Session, means: Means, post: Post, at: datetime) -> None:
    """Book a post made at ``at`` that was found and stands in no booking: a duplicate or a restore led to it."""
    channel = means.channel(post.channel)
    if not isinstance(channel, Budgeted):
        return
    paid = bookings.paid_for(session, post.ident)
    if paid.isdisjoint({POST, LINKED}):
        costs = channel.costs(means.contents.message(post))
        missing = tuple(cost for cost in costs if cost.what not in paid)
        bookings.book(session, [Use(post.ident, max(post.tries, 1), post.account_id, post.channel, missing)], at)


def absent(session: Session, means: Means, post: Post, now: datetime) -> None:
    """Give back what was booked for a post that is not there."""
    channel = means.channel(post.channel)
    if isinstance(channel, Budgeted):
        with giving_back(session, channel, post.channel, now):
            bookings.release_absent(session, post.ident, now)


def retracted(session: Session, means: Means, post: Post, now: datetime) -> None:
    """Book what a deletion costs. No cap keeps a post from being taken down."""
    channel = means.channel(post.channel)
    cost = channel.cost_of_retraction() if isinstance(channel, Budgeted) else None
    if cost is not None:
        bookings.book(session, [Use(post.ident, 0, post.account_id, post.channel, (cost,))], now)


def looked_up(means: Means, post_id: int, shown: Collection[str]) -> None:
    """Book what a look-up was shown, each post once a UTC day. No cap keeps us from finding out what became of a post.

    After the wire: only the answer says how much it was. A look-up that a kill cuts off is made anew.
    """
    if not shown:
        return
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        channel = means.channel(post.channel)
        cost = channel.cost_of_reading() if isinstance(channel, Budgeted) else None
        if cost is not None:
            bookings.lock_budget(session, post.channel)
            fresh = set(shown) - bookings.paid_today(session, post.account_id, shown, now)
            use = Use(post.ident, 0, post.account_id, post.channel, (replace(cost, what=LOOK_UP, sunk=True),))
            bookings.book_readings(session, dict.fromkeys(sorted(fresh), use), now)


# --- when a person raises a cap or a limit ---------------------------------------------------------------------------


def reopen(means: Means, now: datetime) -> None:
    """Let lanes go on that wait for a cap, or a limit of a day, which config.toml has raised since."""
    for name, channel in means.channels.items():
        if not isinstance(channel, Budgeted):
            continue
        present = (channel.budget.monthly_cap, channel.budget.account_monthly_cap)
        with means.database.read() as session:
            waiting = caps.raised(session, name, month_of(now), present) + _with_room(session, channel, name, now)
        if waiting:
            with means.database.write() as session:
                caps.reopen(session, waiting)
            log.info("a limit was raised", channel=name, lanes=len(waiting))


def _with_room(session: Session, channel: Budgeted, name: str, now: datetime) -> list[int]:
    """Return the lanes that wait for the day to end though they have made fewer posts in it than they may by now."""
    waiting, most = caps.waiting_for(session, name, _used_up(channel, "%", now)), channel.budget.daily_posts
    if most is None or not waiting:
        return waiting
    made = bookings.posts_since(session, waiting, today(now))
    return [account_id for account_id in waiting if made.get(account_id, 0) < most]
