"""Kills the daemon at random instants with SIGKILL, and starts it again at once."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

from daemons import comes_true
from sqlmodel import col, select
from workshop import CAMPAIGN, Workshop

from campaign.app import App
from campaign.models import listing, upkeep
from campaign.models.posts import Attempt
from campaign.models.status import Status

_SPREAD_OVER_START_UP = 0.2
"""This share of the kills may strike while the daemon still starts."""
_START_UP = timedelta(seconds=2)
"""So long a daemon takes to start on a machine that is not busy."""
_STARTS = 60.0
"""Seconds within which a daemon shows that it dispatches, however busy the machine is."""
_MOMENT = 3.0
"""Seconds that a kill waits for a post in flight: longer than from one slot of a short trial to the next."""


@dataclass
class Kills:
    """What a row of kills let through: how many posts the world had got after each."""

    shown: list[int] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{len(self.shown)} kills (posts shown after each: {self.shown})"

    def stalls(self, window: int, total: int) -> list[int]:
        """Return the kills after which nothing new was published for ``window`` kills, though more was to come."""
        pairs = zip(self.shown, self.shown[window:], strict=False)
        return [number for number, (before, after) in enumerate(pairs) if after == before and after < total]


def kill_at_random(
    desk: Workshop, *, kills: int, mean: float, dice: Random, shown: Callable[[], int], log: Path
) -> Kills:
    """Start the daemon and kill it, ``kills`` times or until nothing is left to send.

    Death comes at random, on average ``mean`` seconds after the daemon dispatches or, for a share of the kills, after
    it was started. A daemon that took long to start lives up to twice as long: on a slow machine lives of so few
    seconds all end before anything is done. Death waits for the next instant at which a post is in flight, if there is
    one within a moment: chance alone may strike none.
    """
    done = Kills()
    app = App.open(desk.folder, os.environ | desk.environ)
    while len(done.shown) < kills and _has_more(app):
        life, starts = dice.expovariate(1 / mean), dice.random() >= _SPREAD_OVER_START_UP
        _live_and_die(desk, life, log, app, starts=starts)
        done.shown.append(shown())
    app.close()
    return done


def _live_and_die(desk: Workshop, life: float, log: Path, app: App, *, starts: bool) -> None:
    since = datetime.now(UTC)
    daemon = _started(desk, log)
    try:
        if starts:
            comes_true(_STARTS, lambda: bool(beaten(app, since)) or daemon.poll() is not None, every=0.02)
            life *= min(max(1.0, (datetime.now(UTC) - since) / _START_UP), 2.0)
        ended = _ended_within(daemon, life)
        comes_true(_MOMENT, lambda: _sends(app), every=0.01)
        assert not ended, f"the daemon ended by itself with {daemon.returncode}:\n{log.read_text()[-3000:]}"
    finally:
        daemon.kill()
        daemon.wait()


def _has_more(app: App) -> bool:
    with app.database.read() as session:
        return any(row.post.status != Status.PUBLISHED for row in listing.posts(session, listing.PostFilter()))


def _sends(app: App) -> bool:
    with app.database.read() as session:
        return (
            session.exec(select(Attempt.post_id).where(col(Attempt.closed_at).is_(None)).limit(1)).first() is not None
        )


def _ended_within(daemon: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        daemon.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _started(desk: Workshop, log: Path) -> subprocess.Popen[bytes]:
    with log.open("ab") as words:
        return subprocess.Popen(  # noqa: S603 - our own program
            [str(CAMPAIGN), "-w", str(desk.folder), "run"], stdout=words, stderr=words, env=os.environ | desk.environ
        )


def beaten(app: App, since: datetime) -> list[str]:
    """Return the processes that have shown since then that they dispatch."""
    with app.database.read() as session:
        return [beat.owner for beat in upkeep.beats(session) if beat.tick_at >= since]
