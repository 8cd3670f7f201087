"""How Facebook's usage headers set a page's pace.

Source: Graph API documentation, Rate limits. ``X-App-Usage`` and ``X-Business-Use-Case-Usage`` give whole percents of
rolling budgets; ``estimated_time_to_regain_access`` is in minutes.
"""

import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from campaign.clock import iso
from campaign.errors import Pace

_FULL = 100
_COUNTS = ("call_count", "total_time", "total_cputime")
_REGAIN = "estimated_time_to_regain_access"
_LONGEST = 7 * 24 * 60


@dataclass(frozen=True, slots=True)
class Slowing:
    """From ``slow_from`` percent on there is a pause after each post: a share of ``slowest`` that grows by the same
    step with each percent and is the whole of it at 99. ``back_off`` is the stop at 100 where no time is told.
    """

    slow_from: int
    slowest: timedelta
    back_off: timedelta

    def pause(self, percent: int) -> timedelta:
        """Return the pause at a usage below 100 percent."""
        if percent < self.slow_from:
            return timedelta()
        return self.slowest * (percent - self.slow_from + 1) / (_FULL - self.slow_from)


def pace(headers: Mapping[str, str], page_id: str, now: datetime, rule: Slowing) -> Pace | None:
    """Return until when the page must wait: slowly from 75 percent on, not at all at 100; None while there is room."""
    percent, regain = percent_used(headers, page_id), regained(headers, page_id)
    if percent >= _FULL or regain:
        ready_at = now + (regain or rule.back_off)
        return Pace(ready_at, f"the page's budget of calls on Facebook is used up until {iso(ready_at)}")
    pause = rule.pause(percent)
    return Pace(now + pause, f"{percent} % of the budget of calls on Facebook is used") if pause else None


def percent_used(headers: Mapping[str, str], page_id: str) -> int:
    """Return the highest of all percents that the headers tell, 0 where they tell none."""
    rows = [*_rows(headers, page_id), _loaded(headers, "x-app-usage")]
    return max((_number(row, name) for row in rows if isinstance(row, dict) for name in _COUNTS), default=0)


def regained(headers: Mapping[str, str], page_id: str = "") -> timedelta | None:
    """Return how long until calls are taken again; None where it is not told. Without a page, of any in the header."""
    minutes = max((_number(row, _REGAIN) for row in _rows(headers, page_id)), default=0)
    return timedelta(minutes=min(minutes, _LONGEST)) if minutes > 0 else None


def _rows(headers: Mapping[str, str], page_id: str) -> Iterator[dict[str, Any]]:
    usage = _loaded(headers, "x-business-use-case-usage")
    if not isinstance(usage, dict):
        return
    for key, rows in usage.items():
        if (not page_id or key == page_id or page_id not in usage) and isinstance(rows, list):
            yield from (row for row in rows if isinstance(row, dict))


def _loaded(headers: Mapping[str, str], name: str) -> object:
    try:
        return json.loads(headers.get(name, ""))
    except (ValueError, RecursionError):
        return None


def _number(row: Mapping[str, Any], name: str) -> int:
    value = row.get(name)
    fit = isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
    return int(value) if fit and value is not None else 0
