"""LinkedIn's throttles: they carry no header that tells a time.

Source: LinkedIn developer documentation, Rate limits: counters of a day start again at midnight UTC, their figures are
not published.
"""

from datetime import datetime, timedelta

from campaign.clock import next_day
from campaign.errors import Wait

DAILY_POSTS = 150
"""Posts of one member in a day under LinkedIn's self-serve product *Share on LinkedIn*; other figures are not told."""


def throttled(detail: str, words: str, now: datetime, back_off: timedelta) -> Wait:
    """Return the wait behind a 429: one that names the DAY limit ends at midnight UTC, any other is not told."""
    if "DAY" in words:
        return Wait(detail, until=next_day(now))
    return Wait(detail, after=back_off, stated=False)
