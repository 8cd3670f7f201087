"""Figures over local days and hours: how each channel's total grew, and at what hour its posts did best.

Channels are never added up: each platform counts in its own way. What nobody knows is None, never 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign.models import totals
from campaign.models.snapshots import LogFilter
from campaign.models.summed import Growth
from campaign.reports.log import LogRow

MOST_DAYS = 400
"""Days that a chart shows at most: the newest."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Each channel's total, or what it gained from a first day on, at the end of each day; None before its first
    reading, and on a day whose readings failed.
    """

    days: tuple[date, ...]
    channels: dict[str, tuple[int | None, ...]]

    def rows(self) -> list[LogRow]:
        """Return a row a day, as tables and files have it."""
        return [
            {"day": day.isoformat(), **{name: values[index] for name, values in self.channels.items()}}
            for index, day in enumerate(self.days)
        ]


def over_time(session: Session, wanted: LogFilter, figure: str, zone: ZoneInfo) -> Trend:
    """Return how a figure grew by local day, from the first reading on; or what was gained from ``wanted.since`` on."""
    found = totals.growth(session, wanted, figure, zone)
    if not found:
        return Trend((), {})
    local = [one.day for one in found]
    first = wanted.since.astimezone(zone).date() if wanted.since else min(local)
    last = max(local)
    first = max(first, last - timedelta(days=MOST_DAYS - 1))
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    names = sorted({one.channel for one in found})
    return Trend(days, {name: _totals([one for one in found if one.channel == name], days) for name in names})


def _totals(found: Sequence[Growth], days: Sequence[date]) -> tuple[int | None, ...]:
    grown, read, failed = dict[date, int](), set[date](), set[date]()
    for one in found:
        grown[one.day] = one.grown
        if one.was_read:
            read.add(one.day)
        if one.gaps:
            failed.add(one.day)
    started = min(read, default=None)
    total = sum(more for day, more in grown.items() if day < days[0])
    values: list[int | None] = []
    for day in days:
        total += grown.get(day, 0)
        unknown = started is None or day < started or (day in failed and day not in read)
        values.append(None if unknown else total)
    return tuple(values)


HOUR_COLUMNS = ("channel", "hour", "posts", "average")


def best_hours(session: Session, wanted: LogFilter, figure: str, zone: ZoneInfo) -> list[LogRow]:
    """Return, per channel and local hour of publishing, how many posts have the figure and their average."""
    return [
        {"channel": one.channel, "hour": one.hour, "posts": one.posts, "average": round(one.total / one.posts)}
        for one in totals.by_publishing(session, wanted, figure, zone)
    ]
