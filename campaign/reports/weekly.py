"""The report of one week, Monday to Sunday of the campaign's wall: what went out, what it brought, who was silent.

Figures stand by channel and are never added up over channels: each platform counts in its own way. Outcomes, which are
counted elsewhere, stand beside them by day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from sqlmodel import Session

from campaign.errors import WrongUse
from campaign.models import outcomes, weeks
from campaign.models import totals as sums
from campaign.models.outcomes import Outcome
from campaign.models.partners import Partner
from campaign.models.snapshots import FIGURES
from campaign.models.summed import ChannelTotal
from campaign.models.weeks import Best, Span
from campaign.plan.days import YEARS, day_start
from campaign.reports.log import LogRow

BEST = 3
"""Posts named as best on each channel."""

COLUMNS = ("week", "section", "channel", "name", "value", "note")
_DAYS = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Week:
    """A week. ``figures`` are those of the posts that it published, as last read; ``best`` names by channel the figure
    that they are best by. ``waits`` is as it stands now. ``outcomes`` is empty for whoever may not see them, and in the
    report of one partner.
    """

    first: date
    counts: dict[str, dict[str, int]]
    figures: tuple[ChannelTotal, ...]
    best: dict[str, tuple[str, tuple[Best, ...]]]
    silent: tuple[Partner, ...]
    waits: dict[str, int]
    outcomes: tuple[Outcome, ...]

    @property
    def last(self) -> date:
        """The Sunday."""
        return self.first + timedelta(days=6)

    def total(self, what: str) -> int:
        """Return how many posts were published, missed or failed on all channels: posts can be added up."""
        return sum(counts.get(what, 0) for counts in self.counts.values())


def monday(day: date) -> date:
    """Return the day on which the week of ``day`` begins."""
    return day - timedelta(days=day.weekday())


def weekly(session: Session, day: date, zone: ZoneInfo, *, partner: str | None, with_outcomes: bool) -> Week:
    """Return the report of the week of ``day``, of all partners or of one by its key. Outcomes are the campaign's, so
    there are none beside one partner's.

    Raises WrongUse for a day of another age.
    """
    if day.year not in YEARS:
        raise WrongUse(problem=f"{day} is of another age", mend="Choose another day.")
    first = monday(day)
    span = Span(day_start(first, zone), day_start(first + _DAYS, zone), partner)
    totals = tuple(sums.totals(session, span.published))
    by = {total.channel: _first_figure(total) for total in totals}
    return Week(
        first,
        weeks.outcome_counts(session, span),
        totals,
        {channel: (by[channel], posts) for channel, posts in weeks.best(session, span, by, BEST).items()},
        tuple(weeks.silent(session, span)),
        weeks.waiting_counts(session, partner),
        tuple(outcomes.between(session, first, first + timedelta(days=6))) if with_outcomes and partner is None else (),
    )


def _first_figure(total: ChannelTotal) -> str:
    """Return the first figure that the channel gives."""
    return next((name for name, value in zip(FIGURES, total.figures, strict=True) if value is not None), FIGURES[0])


def rows(week: Week) -> Iterator[LogRow]:
    """Yield the report as rows of one table, for files and the terminal. An unknown figure has no value."""
    for row in _rows(week):
        yield {"week": week.first.isoformat(), **dict.fromkeys(COLUMNS[1:]), **row}


def _rows(week: Week) -> Iterator[LogRow]:
    yield from _rows_by_channel(week)
    for one in week.outcomes:
        note = f"{one.day.isoformat()}, {one.source}"
        yield {"section": "outcomes", "name": one.name, "value": one.number, "note": note}
    for partner in week.silent:
        yield {"section": "silent", "name": partner.name, "note": partner.key}
    for status, count in week.waits.items():
        yield {"section": "waits", "name": status, "value": count}


def _rows_by_channel(week: Week) -> Iterator[LogRow]:
    for channel, counts in week.counts.items():
        for what in ("published", "missed", "failed"):
            yield {"section": "posts", "channel": channel, "name": what, "value": counts.get(what, 0)}
    for total in week.figures:
        for name, value in zip(FIGURES, total.figures, strict=True):
            yield {"section": "engagement", "channel": total.channel, "name": name, "value": value}
    for channel, (figure, posts) in week.best.items():
        for post in posts:
            name = f"{post.partner_name}: {post.slot}"
            yield {"section": "best", "channel": channel, "name": name, "value": post.value, "note": figure}
