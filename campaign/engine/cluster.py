"""The engine of many machines: PgQueuer carries *go and look at this post* to whichever of them is free.

Every machine runs the same and none leads. Each feeds what falls due within two minutes, under a dedupe key, so that
all together feed it once; each takes jobs for as many lanes as it has threads; each sweeps for what a lost job left.
The tables stay the truth: a job that comes twice, late or for a post that is held finds nothing to do.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from campaign.dispatch.means import Means
from campaign.dispatch.senders import Senders
from campaign.engine.carrier import Carrier
from campaign.engine.chores import Chore
from campaign.engine.local import LocalEngine
from campaign.models import feed

SWEEP = timedelta(seconds=5)
"""How often each machine looks for what no job has told it."""

_HEAD_START = timedelta(seconds=1)  # a post's job comes first, the look of every machine after it
_AHEAD = timedelta(minutes=2)


class ClusterEngine(LocalEngine):
    """The engine of one process, which serves lanes on PgQueuer's word too, and sweeps for what no word has reached."""

    def __init__(
        self,
        means: Means,
        *,
        threads: int,
        beat: timedelta,
        chores: Sequence[Chore] = (),
        senders: Senders | None = None,
    ) -> None:
        super().__init__(means, threads=threads, beat=beat, chores=chores, senders=senders)
        self._carrier = Carrier(means.database, self._dispatcher, slots=threads)

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._carrier.start()
        super().start()

    def stop(self) -> None:
        """Finish what is under way and end; what was taken and not begun goes back to the fleet."""
        self._carrier.stop_taking()
        super().stop()
        self._carrier.stop()

    def _changed(self) -> None:
        self._loop.wake_within(_HEAD_START)

    def _look(self) -> datetime | None:
        wake_at = super()._look()
        self._feed()
        now = self._means.clock.now()
        after_jobs = max(wake_at or now + SWEEP, now) + _HEAD_START
        return min(after_jobs, now + SWEEP)

    def _feed(self) -> None:
        now = self._means.clock.now()
        with self._means.database.read() as session:
            coming = feed.coming(session, now, now + _AHEAD)
        self._carrier.feed(coming, now)
