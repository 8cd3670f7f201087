"""Engagement read for people: the log in any order page by page, and what became of an issue's copies.

A page is found by its place in the order and never by counting rows, so that the last page of a million is as quick as
the first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import mailing, snapshots
from campaign.models.mailing import Delivery, Subscriber
from campaign.models.snapshots import FIGURES, LogFilter, LogLine, Snapshot
from campaign.models.types import UtcDateTime

ORDERS = ("taken_at", *FIGURES)
"""What the log can be sorted by."""

Place = tuple[datetime | int, int]
"""Where a reading stands in an order: what it is sorted by, and its id."""


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


@dataclass(frozen=True, slots=True)
class LogPage:
    """Some readings in an order, and whether there are more before and after them."""

    lines: list[LogLine]
    has_before: bool
    has_after: bool


def log_page(
    session: Session, wanted: LogFilter, order: Order, size: int, *, after: Place | None, before: Place | None
) -> LogPage:
    """Return ``size`` readings after a place, or right before one; one row more is read to see whether there are more.

    Raises:
        ValueError: the log cannot be sorted so.

    """
    if order.column not in ORDERS:
        raise ValueError(order.column)
    column = getattr(Snapshot, order.column)
    forward = before is None
    falls = order.descending is forward
    statement = snapshots.lines(wanted).where(column.is_not(None))
    place = after if forward else before
    if place is not None:
        kinds: Sequence[Any] = [UtcDateTime if order.column == "taken_at" else sa.Integer, sa.Integer]
        here, there = sa.tuple_(column, col(Snapshot.id), types=kinds), sa.tuple_(*place, types=kinds)
        statement = statement.where(here < there if falls else here > there)
    keys = (column, col(Snapshot.id))
    sorted_so = statement.order_by(*(key.desc() if falls else key.asc() for key in keys)).limit(size + 1)
    found = [snapshots.line(row) for row in session.execute(sorted_so)]
    more, lines = len(found) > size, found[:size]
    return LogPage(lines, after is not None, more) if forward else LogPage(lines[::-1], more, has_after=True)


def readings(session: Session, post_id: int) -> list[LogLine]:
    """Return every reading of a post, oldest first."""
    statement = snapshots.lines(LogFilter(post_id=post_id)).order_by(col(Snapshot.due_at), col(Snapshot.id))
    return [snapshots.line(row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class Funnel:
    """What became of an issue's copies. ``clicked`` is None: no clicks of mail are counted yet.

    ``delivered``: the reader's mail server took it, which is all that mail tells. ``left``: readers who got it and have
    left the list since. ``asides``: how many copies went other ways, by their status.
    """

    listed: int
    sent: int
    delivered: int
    left: int
    asides: Mapping[str, int]
    clicked: int | None = None


def funnel(session: Session, post_id: int) -> Funnel:
    """Return what became of an issue's copies."""
    counts = mailing.count_deliveries(session, post_id)
    delivered = counts.get("sent", 0)
    went = delivered + counts.get("bounced", 0) + counts.get("unknown", 0)
    asides = {status: count for status, count in sorted(counts.items()) if status != "sent"}
    return Funnel(sum(counts.values()), went, delivered, _left(session, post_id), asides)


def _left(session: Session, post_id: int) -> int:
    statement = (
        sa.select(sa.func.count())
        .select_from(Delivery)
        .join(Subscriber, col(Subscriber.id) == col(Delivery.subscriber_id))
        .where(
            col(Delivery.post_id) == post_id,
            col(Delivery.status) == "sent",
            col(Subscriber.unsubscribed_at) >= col(Delivery.settled_at),
        )
    )
    return int(session.execute(statement).scalar_one())
