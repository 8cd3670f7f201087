"""Engagement read for people: the log in any order page by page, and what became of an issue's copies.

A page is found by its place in the order and never by counting rows, so that the last page of a million is as quick as
the first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import clicks, deliveries, snapshots, tallies
from campaign.models.database import unindexed
from campaign.models.deliveries import Delivery, DeliveryStatus
from campaign.models.mailing import Subscriber
from campaign.models.paging import Page, Place, Stretch, page
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, LogFilter, LogLine, Snapshot
from campaign.models.tallies import EVER, Tally

_FEW = 2000
"""Posts whose readings, ten or thirty for each, are sorted in an instant."""

ORDERS = ("taken_at", *FIGURES)
"""What the log can be sorted by."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the log. Sorted by a figure, readings without it are left out: they have no place in it."""

    column: str = "taken_at"
    descending: bool = True

    def place(self, line: LogLine) -> Place:
        """Return where a line stands."""
        if self.column == "taken_at":
            return line.taken_at, line.ident
        return line.figures[FIGURES.index(self.column)] or 0, line.ident


def log_page(
    session: Session,
    wanted: LogFilter,
    order: Order,
    size: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
) -> Page[LogLine]:
    """Return ``size`` readings after a place, or right before one.

    Raises:
        ValueError: the log cannot be sorted so.

    """
    if order.column not in ORDERS:
        raise ValueError(order.column)
    where = spread(session, wanted, order.column)
    if where is None:
        return Page([], has_before=False, has_after=False)

    def read(stretch: Stretch) -> list[LogLine]:
        within = _within(where.wanted, order, stretch)
        found = _gone_through(within, order, stretch) if where.many else _sorted(within, order, stretch)
        return [snapshots.line(row) for row in session.execute(found)]

    return page(read, size, after=after, before=before)


def _gone_through(wanted: LogFilter, order: Order, stretch: Stretch) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for a stretch of many, found by going through the log in its order."""
    column = getattr(Snapshot, order.column)
    statement = snapshots.lines(wanted, one_by_one=True).where(column.is_not(None))
    return stretch.of(statement, (column, col(Snapshot.id)), descending=order.descending)


def _sorted(wanted: LogFilter, order: Order, stretch: Stretch) -> sa.Select[*tuple[Any, ...]]:
    """Return the same of few: all of them are sorted, but what a line says is looked up of the stretch alone."""
    column = getattr(Snapshot, order.column)
    # A partner's readings lie in the order of their times.
    sorted_by = column if wanted.partner is not None and order.column == "taken_at" else unindexed(column)
    keys = snapshots.of(wanted, sorted_by.label("place"), col(Snapshot.id)).where(column.is_not(None))
    first = stretch.of(keys, (sorted_by, col(Snapshot.id)), descending=order.descending).subquery()
    statement = snapshots.lines(LogFilter()).join(first, first.c.id == col(Snapshot.id))
    return stretch.of(statement, (first.c.place, first.c.id), descending=order.descending)


def _within(wanted: LogFilter, order: Order, stretch: Stretch) -> LogFilter:
    """Let the days of a filter begin or end at the place of a stretch. Of two bounds on one side SQLite goes by one: by
    that of the days it would read all that lies between them and the place.
    """
    if order.column != "taken_at" or stretch.place is None:
        return wanted
    at: datetime = stretch.place[0]
    if order.descending is stretch.backward:
        return replace(wanted, since=max(at, wanted.since or at))
    until = at + timedelta(microseconds=1)
    return replace(wanted, until=min(until, wanted.until or until))


@dataclass(frozen=True, slots=True)
class Spread:
    """How the readings of a filter lie in the log: of ``many`` posts, so that going through the log in its order comes
    upon them, or of so few that they are read post by post. ``wanted`` is the filter within the days that have any.
    """

    wanted: LogFilter
    many: bool


def spread(session: Session, wanted: LogFilter, column: str) -> Spread | None:
    """Return how the readings of a filter lie, by the sums that are kept; None where there are none: in a log of ten
    million readings, what is rare or not there at all would be looked for to the end.
    """
    if wanted.post_id is not None or wanted.partner is not None:
        return Spread(wanted, many=False)
    part, name = ("slot", wanted.slot) if wanted.slot is not None else ("template", wanted.template)
    if name is None:
        part, name = "all", ""
    rows = [col(Tally.part) == part, col(Tally.partner_id) == 0, col(Tally.name) == name]
    if wanted.channel is not None:
        rows.append(col(Tally.channel) == wanted.channel)
    if column in FIGURES:
        rows.append(getattr(Tally, column).is_not(None))
    ever = sa.select(sa.func.sum(col(Tally.posts))).where(*rows, col(Tally.day) == EVER)
    posts = session.execute(ever).scalar()
    if posts is None:
        return None
    if column in FIGURES:
        return Spread(wanted, many=int(posts) > _FEW)
    zone = tallies.zone_of(session)
    days = _days(session, rows, wanted, zone)
    if days is None:
        return None
    since, until = (datetime.combine(day, time(), zone) for day in (days[0], days[1] + timedelta(days=1)))
    within = replace(wanted, since=max(since, wanted.since or since), until=min(until, wanted.until or until))
    return Spread(within, many=int(posts) > _FEW)


def _days(
    session: Session, rows: Sequence[sa.ColumnElement[bool]], wanted: LogFilter, zone: ZoneInfo
) -> tuple[date, date] | None:
    """Return the first and the last day of those wanted on which there are such readings; None where there is none."""
    within = [col(Tally.day) != EVER]
    if wanted.since is not None:
        within.append(col(Tally.day) >= wanted.since.astimezone(zone).date().isoformat())
    if wanted.until is not None:
        last = wanted.until - timedelta(microseconds=1)
        within.append(col(Tally.day) <= last.astimezone(zone).date().isoformat())
    days = sa.select(sa.func.min(col(Tally.day)), sa.func.max(col(Tally.day))).where(*rows, *within)
    first, last_day = session.execute(days).one()
    return (date.fromisoformat(first), date.fromisoformat(last_day)) if first else None


def readings(session: Session, post_id: int) -> list[LogLine]:
    """Return every reading of a post, oldest first."""
    statement = snapshots.lines(LogFilter(post_id=post_id)).order_by(col(Snapshot.due_at), col(Snapshot.id))
    return [snapshots.line(row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of an issue's copies. ``clicks`` counts how often people followed its links, None where it has none
    that is counted.

    ``delivered``: the reader's mail server took it, which is all that mail tells. ``left``: readers who got it and have
    left the list since. ``asides``: how many copies went other ways, by their status.
    """

    listed: int
    sent: int
    delivered: int
    left: int
    asides: Mapping[str, int]
    clicks: int | None = None


def funnel(session: Session, issue: Post) -> Funnel:
    """Return what became of an issue's copies."""
    return funnels(session, [issue])[issue.ident]


def funnels(session: Session, issues: Sequence[Post]) -> dict[int, Funnel]:
    """Return what became of the copies of issues, by their ids."""
    idents = [issue.ident for issue in issues]
    counts, left = deliveries.counts(session, idents), _left(session, idents)
    people = clicks.followed(session, [issue.ident for issue in issues if issue.counts_clicks])
    return {
        issue.ident: _funnel(
            counts[issue.ident], left.get(issue.ident, 0), people.get(issue.ident, 0) if issue.counts_clicks else None
        )
        for issue in issues
    }


def _funnel(counts: Mapping[str, int], left: int, followed: int | None) -> Funnel:
    delivered = counts.get(DeliveryStatus.SENT, 0)
    went = delivered + counts.get(DeliveryStatus.BOUNCED, 0) + counts.get(DeliveryStatus.UNKNOWN, 0)
    asides = {status: count for status, count in sorted(counts.items()) if status != DeliveryStatus.SENT}
    return Funnel(sum(counts.values()), went, delivered, left, asides, followed)


def _left(session: Session, post_ids: Collection[int]) -> dict[int, int]:
    statement = (
        sa.select(col(Delivery.post_id), sa.func.count())
        .join(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
        .where(
            col(Delivery.post_id).in_(post_ids),
            col(Delivery.status) == DeliveryStatus.SENT,
            col(Subscriber.unsubscribed_at) >= col(Delivery.settled_at),
        )
        .group_by(col(Delivery.post_id))
    )
    return {post_id: int(count) for post_id, count in session.execute(statement)}
