"""The doctor on engagement: readings that come to no end, neither as figures nor as a gap."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.engagement.collect import CLAIM
from campaign.engagement.timetable import Cooling
from campaign.health.finding import Finding, Rule, Severity, order
from campaign.models import readings
from campaign.wording import counted

_ENDED = timedelta(minutes=90)
"""A failed reading is tried again for an hour at most: so long after it was due it has ended."""


def overdue(session: Session, cooling: Cooling, now: datetime) -> Iterator[Finding]:
    """Find readings that nobody brings to an end. When each was due the timetable says: every try puts its post off."""
    taken = readings.watched(session, until=now + CLAIM)
    dues = [cooling.reading_at(post.published_at, post.readings) for post in taken]
    late = [now - due.due_at for due in dues if due is not None and now - due.due_at > _ENDED]
    if late:
        hours = counted(max(late) // timedelta(hours=1), "hour")
        what = f"The figures of {counted(len(late), 'post')} are not read, the oldest reading was due {hours} ago"
        mend = 'See the log of `campaign run` for "a reading broke" and "readings broke".'
        yield Finding(Rule.READINGS_OVERDUE, Severity.WARNING, "readings", what, mend, order(len(late)))
