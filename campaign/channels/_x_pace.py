"""When X lets an account go on, by the headers of its answers.

Sources: X API documentation, Rate limits (``x-rate-limit-*``, seconds of the epoch); the ``*-limit-24hour-*`` headers
of creates are known from captures of many clients.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from campaign.clock import iso
from campaign.errors import Pace

WINDOWS: Mapping[str, str] = {
    "x-rate-limit": "this account's limit of 15 minutes",
    "x-user-limit-24hour": "this account's limit of 24 hours",
    "x-app-limit-24hour": "the app's limit of 24 hours",
}
"""Families of headers and what each counts."""

_LONGEST = timedelta(hours=25)
_SECONDS = re.compile(r"[0-9]{1,11}")


def pace(headers: Mapping[str, str], now: datetime) -> Pace | None:
    """Return until when the account must wait because a limit has nothing left; None while every one has."""
    used_up = [family for family in WINDOWS if _left(headers, family) == 0]
    resets = [(at, family) for family in used_up if (at := _reset(headers, family, now))]
    if not resets:
        return None
    ready_at, family = max(resets)
    return Pace(ready_at, f"{WINDOWS[family]} on X is used up until {iso(ready_at)}")


def lifted_at(headers: Mapping[str, str], now: datetime) -> datetime | None:
    """Return when the limit behind a 429 is lifted: of those used up the last, else that of the 15 minutes."""
    told = pace(headers, now)
    return told.ready_at if told else _reset(headers, "x-rate-limit", now)


def _left(headers: Mapping[str, str], family: str) -> int | None:
    text = headers.get(f"{family}-remaining", "").strip()
    return int(text) if _SECONDS.fullmatch(text) else None


def _reset(headers: Mapping[str, str], family: str, now: datetime) -> datetime | None:
    """Return the reset, None where it is past, or later than any window of X can end."""
    text = headers.get(f"{family}-reset", "").strip()
    if not _SECONDS.fullmatch(text):
        return None
    seconds = int(text) - now.timestamp()
    if not 0 < seconds <= _LONGEST.total_seconds():
        return None
    return datetime.fromtimestamp(int(text), UTC)
