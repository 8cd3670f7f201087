"""Figures over local days and hours: how each channel's total grew, and at what hour its posts did best.

Channels are never added up: each platform counts in its own way. What nobody knows is None, never 0.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta, tzinfo

from sqlmodel import Session

from campaign.models import figures
from campaign.models.figures import Growth, Published
from campaign.models.snapshots import LogFilter
from campaign.reports.log import LogRow

MOST_DAYS = 400
"""Days that a chart shows at most: the newest."""


@dataclass(frozen=True, slots=True)
class Trend:
    """Each channel's total at the end of each day; None before its first reading and on a day whose readings failed."""

    days: tuple[date, ...]
    channels: dict[str, tuple[int | None, ...]]

    def rows(self) -> list[LogRow]:
        """Return a row a day, as tables and files have it."""
        return [
            {"day": day.isoformat(), **{name: values[index] for name, values in self.channels.items()}}
            for index, day in enumerate(self.days)
        ]


def over_time(session: Session, wanted: LogFilter, figure: str, zone: tzinfo) -> Trend:
    """Return how a figure grew, by local day from ``wanted.since`` (else from the first reading) on."""
    found = figures.growth(session, wanted, figure)
    if not found:
        return Trend((), {})
    local = [one.hour.astimezone(zone).date() for one in found]
    first = wanted.since.astimezone(zone).date() if wanted.since else min(local)
    last = max(local)
    first = min(max(first, last - timedelta(days=MOST_DAYS - 1)), last)
    days = tuple(first + timedelta(days=number) for number in range((last - first).days + 1))
    names = sorted({one.channel for one in found})
    return Trend(days, {name: _totals([one for one in found if one.channel == name], days, zone) for name in names})


def _totals(found: Sequence[Growth], days: Sequence[date], zone: tzinfo) -> tuple[int | None, ...]:
    grown, read, failed = dict[date, int](), set[date](), set[date]()
    for one in found:
        day = one.hour.astimezone(zone).date()
        grown[day] = grown.get(day, 0) + one.grown
        if one.readings:
            read.add(day)
        if one.gaps:
            failed.add(day)
    started = min(read, default=None)
    total = sum(more for day, more in grown.items() if day < days[0])
    values: list[int | None] = []
    for day in days:
        total += grown.get(day, 0)
        unknown = started is None or day < started or (day in failed and day not in read)
        values.append(None if unknown else total)
    return tuple(values)


HOUR_COLUMNS = ("channel", "hour", "posts", "average")


def best_hours(session: Session, wanted: LogFilter, figure: str, zone: tzinfo) -> list[LogRow]:
    """Return, per channel and local hour of publishing, how many posts have the figure and their average."""
    return [
        {"channel": channel, "hour": hour, "posts": posts, "average": round(total / posts)}
        for (channel, hour), (posts, total) in sorted(_hours(figures.by_publishing(session, wanted, figure), zone))
    ]


def _hours(found: Iterable[Published], zone: tzinfo) -> Iterable[tuple[tuple[str, int], tuple[int, int]]]:
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for one in found:
        key = one.channel, one.hour.astimezone(zone).hour
        posts, total = sums.get(key, (0, 0))
        sums[key] = posts + one.posts, total + one.total
    return sums.items()
