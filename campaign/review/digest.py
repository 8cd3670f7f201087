"""What awaits review, mailed on the morning of each working day on which something does: to the reviewers, and to a
partner's people what awaits the partner's own yes.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

import structlog

from campaign import tell
from campaign.models import Database, listing, partners
from campaign.models.listing import Waiting
from campaign.notices.kinds import Kind
from campaign.plan.days import instant, on_working, spoken_day
from campaign.tell import News
from campaign.wording import counted

log = structlog.get_logger(__name__)

_DAY = timedelta(days=1)
_DAYS = 10
_PARTNERS = 8


class Digest:
    """Tells those who approve. Any number of processes may: each day's notice has a key, so it is written once."""

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
            waiting, own = (listing.awaiting_review(session, side) for side in ("dfe", "partner"))
        if waiting:
            with self._database.write() as session:
                tell.reviewers(session, news_of(waiting, self._zone, today), now, "reviewer")
        for key, some in groupby(sorted(own, key=_key), _key):
            self._tell_partner(key, list(some), now, today)
        log.info("review digest", posts=_posts(waiting), of_partners=_posts(own))

    def _tell_partner(self, key: str, waiting: Sequence[Waiting], now: datetime, today: date) -> None:
        with self._database.write() as session:  # one each: they may be a thousand, and others want to write
            partner = partners.partner_by_key(session, key)
            if partner is not None:
                tell.of_partner(session, partner, own_news_of(waiting, self._zone, today), now)


def next_after(day: date, at: time, zone: ZoneInfo) -> datetime:
    """Return the instant of the digest of the first working day after ``day``."""
    return instant(datetime.combine(on_working(day + _DAY), at), zone)


def news_of(waiting: Sequence[Waiting], zone: ZoneInfo, today: date) -> News:
    """Return what reviewers are told of what waits: counts by day and partner."""
    said, lines = _said(waiting), (_line(day, own) for day, own in _by_day(waiting, zone))
    return News(Kind.DIGEST, said, f"{said}.\n\n{_cut(lines)}", "/review", key=f"digest:{today.isoformat()}")


def own_news_of(waiting: Sequence[Waiting], zone: ZoneInfo, today: date) -> News:
    """Return what the people of one partner are told of what waits for them: counts by day."""
    key, name, posts = waiting[0].key, waiting[0].name, _posts(waiting)
    lines = (f"{spoken_day(day)}: {counted(_posts(own), 'post')}\n" for day, own in _by_day(waiting, zone))
    first = f"{name}: {counted(posts, 'post')} {'waits' if posts == 1 else 'wait'} for the partner's own yes"
    about = f"{name}: {_said(waiting)}"
    return News(Kind.DIGEST, about, f"{first}.\n\n{_cut(lines)}", "/review", key=f"digest:{today.isoformat()}:{key}")


def _key(waiting: Waiting) -> str:
    return waiting.key


def _posts(waiting: Iterable[Waiting]) -> int:
    return sum(one.posts for one in waiting)


def _said(waiting: Sequence[Waiting]) -> str:
    return f"{counted(_posts(waiting), 'post')} to review"


def _by_day(waiting: Sequence[Waiting], zone: ZoneInfo) -> list[tuple[date, list[Waiting]]]:
    days: dict[date, list[Waiting]] = {}
    for one in waiting:
        days.setdefault(one.hour.astimezone(zone).date(), []).append(one)
    return sorted(days.items())


def _cut(found: Iterable[str]) -> str:
    lines = list(found)
    more = [f"and {counted(len(lines) - _DAYS, 'later day')}\n"] if len(lines) > _DAYS else []
    return "\n".join(lines[:_DAYS] + more)


def _line(day: date, waiting: Sequence[Waiting]) -> str:
    counts = Counter[tuple[str, str]]()
    for one in waiting:
        counts[one.name, one.key] += one.posts
    listed = sorted(counts.items(), key=lambda found: (-found[1], found[0]))
    some = ", ".join(f"{name} {count:,}" for (name, _), count in listed[:_PARTNERS])
    more = f" and {counted(len(listed) - _PARTNERS, 'more partner')}" if len(listed) > _PARTNERS else ""
    return f"{spoken_day(day)}: {counted(_posts(waiting), 'post')}\n  {some}{more}\n"
