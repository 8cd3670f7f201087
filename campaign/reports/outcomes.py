"""Outcomes as rows: one for each day and name, and side by side for the days of a chart."""

from collections.abc import Iterable, Sequence
from datetime import date

from campaign.models.outcomes import Outcome
from campaign.reports.log import LogRow

COLUMNS = ("day", "name", "number", "source")


def outcome_row(one: Outcome) -> LogRow:
    """Return an outcome as its file has it."""
    return {"day": one.day.isoformat(), "name": one.name, "number": one.number, "source": one.source}


def by_day(found: Iterable[Outcome], days: Sequence[date]) -> tuple[list[str], dict[date, list[int | None]]]:
    """Return the names, and for each of the days a number under each name; None where none was imported."""
    known = {(one.day, one.name): one.number for one in found}
    names = sorted({name for _, name in known})
    return names, {day: [known.get((day, name)) for name in names] for day in days}
