"""What a person sees while the demo runs: one line whenever something has moved, instead of the logs."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Event, Thread
from zoneinfo import ZoneInfo

from campaign.app import App
from campaign.models import listing, snapshots
from campaign.models import totals as sums
from campaign.models.listing import PostFilter, PostRow
from campaign.models.summed import ChannelTotal
from campaign.sandbox.world import World
from campaign.wording import counted

PAUSE = 3.0
"""Seconds between two looks."""

_SOON = timedelta(minutes=10)
_TROUBLE = ("failed", "missed", "unconfirmed")
_IMPRESSIONS = snapshots.FIGURES.index("impressions")


class Progress:
    """Reads the tables and the mail catcher, and says where things stand."""

    def __init__(self, app: App, world: World, say: Callable[[str], None], listing: str) -> None:
        """``listing`` is the command that lists every post."""
        self._app = app
        self._world = world
        self._say = say
        self._listing = listing
        self._zone = ZoneInfo(app.settings.campaign.timezone)
        self._end = Event()
        self._said = ""
        self._opening_is_out = self._explained = False

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Say where things stand, in a thread, while the block runs; and once more at its end."""
        thread = Thread(target=self._watch, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._end.set()
            thread.join()
            self._tell()

    def _watch(self) -> None:
        while not self._end.wait(PAUSE):
            self._tell()

    def _tell(self) -> None:
        line = self.line()
        if line != self._said:
            self._say(f"{self._app.clock.now().astimezone(self._zone):%H:%M:%S}  {line}")
            self._said = line
        if self._opening_is_out and not self._explained:
            self._say(f"The opening is out. The rest of the timetable lies ahead: {self._listing} shows it.")
            self._explained = True

    def line(self) -> str:
        """Return how much is published, what comes next, how many mails there are, and what the platforms count."""
        with self._app.database.read() as session:
            rows = listing.posts(session, PostFilter())
            totals = sums.totals(session, snapshots.LogFilter())
        counts = Counter(str(row.post.status) for row in rows)
        parts = [f"{counts['published']} of {len(rows)} published", counted(self._world.mail_count(), "mail")]
        parts += [f"{counts['by_hand']} to publish by hand"] if counts["by_hand"] else []
        parts += [f"{counts[status]} {status}" for status in _TROUBLE if counts[status]]
        parts += [self._next(rows)]
        views = [f"{total.channel} {total.figures[_IMPRESSIONS]:,}" for total in totals if _seen(total)]
        return ", ".join(parts) + (f"; views: {', '.join(views)}" if views else "")

    def _next(self, rows: list[PostRow]) -> str:
        """Return what comes next; what is due already is on its way."""
        waiting = next((row.post for row in rows if row.post.status == "approved"), None)
        if waiting is None:
            return "nothing more is planned"
        ahead = waiting.due_at - self._app.clock.now()
        if ahead <= timedelta():
            return f"due now ({waiting.slot})"
        self._opening_is_out = ahead > _SOON
        return f"next {self._told(waiting.due_at)} ({waiting.slot})"

    def _told(self, instant: datetime) -> str:
        local, today = instant.astimezone(self._zone), self._app.clock.now().astimezone(self._zone).date()
        return f"{local:%H:%M:%S}" if local.date() == today else f"{local:%a} {local.day} {local:%b %H:%M}"


def _seen(total: ChannelTotal) -> bool:
    return total.figures[_IMPRESSIONS] is not None
