"""Sets the demo going: brings the timetable forward, queues each partner's posts and approves them as the reviewer.

Everything goes through the same functions as `campaign queue` and `campaign review approve`: each officer queues the
posts of one partner, and the reviewer approves each by the content hash that is shown.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from campaign.app import App
from campaign.config import Settings
from campaign.demo import cast
from campaign.demo.timetable import derived
from campaign.errors import WrongUse
from campaign.models import listing
from campaign.models.listing import PostFilter
from campaign.people import acting
from campaign.plan.gather import gather
from campaign.plan.planner import plan
from campaign.plan.rows import PlanRow
from campaign.review import decisions, queue
from campaign.review.decisions import Desk

_LEADS = tuple(timedelta(seconds=seconds) for seconds in (6, 12, 24, 48, 96))
"""How far ahead launch is put; the next one counts when a slow machine has too little of it left."""

_TIMES_PLANNING = 4
"""To queue and approve the opening takes twice as long as to plan; what is not approved at its time is missed."""

_SOON = timedelta(minutes=10)


def queue_and_approve(workspace: Path, environ: Mapping[str, str]) -> None:
    """Write the timetable with its launch a few seconds ahead, and bring its posts to approval; of two partners only
    the opening ones.

    Raises:
        WrongUse: the machine cannot plan within half a minute, or its clock stands in the hour that comes twice.

    """
    shipped: str | None = None
    for lead in _LEADS:
        app = App.open(workspace, environ)
        try:
            path = app.settings.campaign.timetable
            shipped = shipped if shipped is not None else path.read_text(encoding="utf-8")
            began = app.clock.now()
            launch_at = began.replace(microsecond=0) + lead
            path.write_text(derived(shipped, _wall(app.settings, launch_at)), encoding="utf-8")
            rows = _planned(app)
            if not any(row.action == "past" for row in rows) and leaves_time(began, app.clock.now(), launch_at):
                _bring_in(app, rows, launch_at + _SOON)
                return
        finally:
            app.close()
    raise WrongUse(problem="The demo could not be planned in time", mend="Try again when the machine is less busy.")


def _wall(settings: Settings, instant: datetime) -> datetime:
    return instant.astimezone(ZoneInfo(settings.campaign.timezone)).replace(tzinfo=None)


def _planned(app: App) -> list[PlanRow]:
    with app.database.read() as session:
        return plan(gather(session, app.source(placeholders=False), app.clock.now()))


def leaves_time(began: datetime, now: datetime, launch_at: datetime) -> bool:
    """Say whether the opening can be approved before its launch, by how long planning has taken."""
    took = now - began
    return launch_at - now > max(took * _TIMES_PLANNING, (launch_at - began) / 2)


def _bring_in(app: App, rows: Sequence[PlanRow], soon: datetime) -> None:
    """Queue and approve the opening first: an approval that comes after its post's time is too late."""
    opening = [row for row in rows if row.due_at < soon]
    later = [row for row in rows if row.due_at >= soon]
    for part, left in ((opening, frozenset[str]()), (later, cast.LEFT_TO_REVIEW)):
        _queue(app, part)
        _approve(app, left)


def _queue(app: App, rows: Sequence[PlanRow]) -> None:
    by_partner: defaultdict[str, list[PlanRow]] = defaultdict(list)
    for row in rows:
        by_partner[row.partner].append(row)
    with app.database.write() as session:
        for key, own in by_partner.items():
            desk = Desk(session, app.contents, acting(session, cast.officer(key)), app.clock.now())
            queue.apply(desk, own)


def _approve(app: App, left: frozenset[str]) -> None:
    """Approve in one transaction: the daemon is not there yet, so nobody waits for it."""
    with app.database.write() as session:
        desk = Desk(session, app.contents, acting(session, cast.REVIEWER), app.clock.now())
        for row in listing.posts(session, PostFilter(statuses=("in_review",))):
            if row.partner.key not in left:
                decisions.approve(desk, row, row.post.content_hash)
