"""What awaits review, mailed to the reviewers on the morning of each working day on which something does."""

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from campaign import tell
from campaign.models import Database, listing
from campaign.notices.kinds import Kind
from campaign.plan.days import instant, on_working, spoken_day
from campaign.tell import News
from campaign.wording import counted

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)
_DAYS = 10
_PARTNERS = 8

Waiting = tuple[datetime, str, int]
"""An hour in which posts are due, their partner's name, and how many they are."""


class Digest:
    """Tells the reviewers. Any number of processes may: each day's notice has a key, so it is written once."""

    def __init__(self, database: Database, at: time | None, timezone: str) -> None:
        self._database = database
        self._at = at
        self._zone = ZoneInfo(timezone)
        self._done: date | None = None

    def chore(self, now: datetime) -> datetime | None:
        """Tell them if it is time, also late in the day; returns when it is again."""
        if self._at is None:
            return None
        today = now.astimezone(self._zone).date()
        due = next_after(today - _DAY, self._at, self._zone)
        if now < due:
            return due
        if self._done != today:
            self._tell(now, today)
            self._done = today
        return next_after(today, self._at, self._zone)

    def _tell(self, now: datetime, today: date) -> None:
        with self._database.read() as session:
            waiting = listing.awaiting_review(session)
        if waiting:
            with self._database.write() as session:
                tell.reviewers(session, news_of(waiting, self._zone, today), now, "reviewer")
        log.info("review digest", posts=_posts(waiting))


def next_after(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of the digest of the first working day after ``day``."""
    return instant(datetime.combine(on_working(day + _DAY), at), zone)


def news_of(waiting: Sequence[Waiting], zone: ZoneInfo, today: date) -> News:
    """Return what reviewers are told of what waits: counts by day and partner."""
    said = f"{counted(_posts(waiting), 'post')} to review"
    return News(Kind.DIGEST, said, f"{said}.\n\n{_by_day(waiting, zone)}", "/review", key=f"digest:{today.isoformat()}")


def _posts(waiting: Sequence[Waiting]) -> int:
    return sum(posts for _, _, posts in waiting)


def _by_day(waiting: Sequence[Waiting], zone: ZoneInfo) -> str:
    days: dict[date, Counter[str]] = {}
    for hour, partner, posts in waiting:
        days.setdefault(hour.astimezone(zone).date(), Counter())[partner] += posts
    lines = [_line(day, names) for day, names in sorted(days.items())]
    more = [f"and {counted(len(lines) - _DAYS, 'later day')}\n"] if len(lines) > _DAYS else []
    return "\n".join(lines[:_DAYS] + more)


def _line(day: date, names: Mapping[str, int]) -> str:
    listed = sorted(names.items(), key=lambda one: (-one[1], one[0]))
    some = ", ".join(f"{name} {count:,}" for name, count in listed[:_PARTNERS])
    more = f" and {counted(len(listed) - _PARTNERS, 'more partner')}" if len(listed) > _PARTNERS else ""
    return f"{spoken_day(day)}: {counted(sum(names.values()), 'post')}\n  {some}{more}\n"
