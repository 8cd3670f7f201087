"""The engine of one process: its loop looks at every due instant, its threads do the work."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from campaign.dispatch.dispatcher import Dispatcher
from campaign.dispatch.means import Means
from campaign.dispatch.senders import Senders
from campaign.engine.chores import Chore
from campaign.engine.loop import Loop


class LocalEngine:
    """Looks at the tables at every due instant, at every nudge and at every beat."""

    def __init__(
        self,
        means: Means,
        *,
        threads: int,
        beat: timedelta,
        chores: Sequence[Chore] = (),
        senders: Senders | None = None,
    ) -> None:
        self._means = means
        self._dispatcher = Dispatcher(means, threads=threads, changed=self._changed, senders=senders)
        self._loop = Loop(means, self._look, beat=beat, chores=chores)

    def start(self) -> None:
        """Begin to work; returns at once."""
        self._loop.start()

    def wake(self) -> None:
        """Look at the tables now."""
        self._loop.wake()

    @property
    def busy(self) -> bool:
        """Say whether any thread is at work."""
        return self._dispatcher.busy or self._loop.awake

    def stop(self) -> None:
        """Finish what is under way and end. No post is begun from now on, however long the chores are waited for."""
        self._dispatcher.hush()
        self._loop.stop()
        self._dispatcher.stop()

    def _changed(self) -> None:
        self.wake()

    def _look(self) -> datetime | None:
        return self._dispatcher.look()
