"""Holds placed at random while others dispatch: every post is published or held, never both, never neither."""

import os
import sys
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from daemons import comes_true
from pressing import Crowd, dispatching, standing
from trial import PLATFORMS, Size, chosen_seed
from workshop import Workshop

from campaign.app import App
from campaign.errors import WrongUse
from campaign.models import listing
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.people import acting
from campaign.review import holding

SHORT = Size(10, 4, 0, 0, span=timedelta(), kills=0, mean=1, window=1)
LONG = Size(17, 20, 0, 0, span=timedelta(), kills=0, mean=1, window=1)


@dataclass
class Holds:
    """What came of each hold: taken before the post was claimed, while it was on its way, or refused as too late."""

    early: set[int] = field(default_factory=set)
    close: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)

    def __str__(self) -> str:
        return f"{len(self.early)} holds in time, {len(self.close)} on the way, {len(self.late)} too late"


@pytest.mark.timeout(240)
def test_holds_at_random_on_sqlite(tmp_path: Path) -> None:
    race(Crowd(tmp_path / "t", SHORT, seed=1), ("run",), Random(7))  # noqa: S311 - dice


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_holds_at_random_against_three_processes_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    dice = Random(chosen_seed())  # noqa: S311 - dice
    race(Crowd(tmp_path / "t", LONG, seed=1, database_url=postgres_url), ("run", "run", "run"), dice)


def race(crowd: Crowd, commands: tuple[str, ...], dice: Random) -> None:
    with crowd.sandbox:
        desk = crowd.open()
        log = desk.folder / "daemon.log"
        with dispatching(desk, [[command] for command in commands], log):
            crowd.await_start()
            assert comes_true(60, lambda: crowd.shown() > 0), log.read_text()[-3000:]
            holds = hold_at_random(desk, dice)
            assert comes_true(150, lambda: settled(desk, holds)), log.read_text()[-3000:]
        judge_race(crowd, desk, holds)
        sys.stdout.write(f"{crowd.expected()} posts, {len(commands)} processes: {holds}\n")
    assert holds.early, "no hold came in time; the race shows nothing"


def hold_at_random(desk: Workshop, dice: Random) -> Holds:
    """Hold every third post, one after another, from this process."""
    app, holds = App.open(desk.folder, os.environ | desk.environ), Holds()
    try:
        idents = list(statuses(desk))
        for ident in dice.sample(idents, len(idents) // 3):
            _hold(app, ident, holds)
            time.sleep(dice.random() * 0.03)
    finally:
        app.close()
    return holds


def _hold(app: App, ident: int, holds: Holds) -> None:
    try:
        with app.database.write() as session:
            holding.hold(session, acting(session, "rita"), f"post:{ident}", "a wrong figure", app.clock.now())
    except WrongUse:
        holds.late.add(ident)
        return
    # Nobody heeds a hold before it is committed. Whoever claims later meets it; what is claimed by now may not have.
    with app.database.read() as session:
        waits = session.get_one(Post, ident).status == Status.APPROVED
    (holds.early if waits else holds.close).add(ident)


def statuses(desk: Workshop) -> dict[int, str]:
    app = App.open(desk.folder, os.environ | desk.environ)
    try:
        with app.database.read() as session:
            return {row.post.ident: str(row.post.status) for row in listing.posts(session, listing.PostFilter())}
    finally:
        app.close()


def settled(desk: Workshop, holds: Holds) -> bool:
    """Say whether what is left is held, and nothing is on its way."""
    approved = {ident for ident, status in statuses(desk).items() if status == Status.APPROVED}
    found, _, left = standing(desk)
    return found.keys() <= {"approved", "published"} and left == 0 and approved <= holds.early | holds.close


def judge_race(crowd: Crowd, desk: Workshop, holds: Holds) -> None:
    stands = statuses(desk)
    out = {ident for ident, status in stands.items() if status == Status.PUBLISHED}
    kept = {ident for ident, status in stands.items() if status == Status.APPROVED}
    assert not out & holds.early, "published although it was held before it was claimed"
    assert kept <= holds.early | holds.close, "neither published nor held"
    assert holds.early <= kept
    assert holds.late <= out
    assert sum(len(crowd.sandbox.world.stored(name)) for name in PLATFORMS) == len(out), "the world has another count"
