"""A press on *hold everything* stops the next request within a second, whatever is in flight; a release goes on exactly
where it stopped, and does what it foretold.

The short trial runs with all tests; the long ones hold 500 posts back, on SQLite and in three processes on PostgreSQL
(``RUN`` is what each dispatching process is started with). Each writes its figures (``pytest -rP`` shows it).
"""

import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from daemons import comes_true
from pressing import Crowd, Press, dispatching, foretold, press, standing
from trial import Size
from verdict import judge

SHORT = Size(14, 5, 1, 150, span=timedelta(), kills=0, mean=1, window=1)
LONG = Size(17, 10, 1, 300, span=timedelta(), kills=0, mean=1, window=1)
"""51 accounts with ten posts each, and an issue to 300 people from each of two partners, all due at one instant."""
RUN = (("run",),)


@pytest.mark.timeout(300)
def test_hold_everything_stops_posts_and_an_issue_within_a_second(tmp_path: Path) -> None:
    hold_and_release(Crowd(tmp_path / "t", SHORT, seed=1), RUN)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hold_everything_stops_500_posts_and_an_issue_on_sqlite(tmp_path: Path) -> None:
    hold_and_release(Crowd(tmp_path / "t", LONG, seed=1), RUN)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_hold_everything_stops_500_posts_in_three_processes_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    hold_and_release(Crowd(tmp_path / "t", LONG, seed=1, database_url=postgres_url), RUN * 3)


def hold_and_release(crowd: Crowd, commands: Sequence[Sequence[str]]) -> None:
    """Press while the crowd is being served, and let go again; ``commands`` are those of the dispatching processes."""
    with crowd.sandbox:
        desk = crowd.open()
        log = desk.folder / "daemon.log"
        with dispatching(desk, commands, log) as processes:
            crowd.await_start()
            assert comes_true(60, lambda: crowd.received() >= crowd.expected() // 12), log.read_text()[-3000:]
            assert_stopped(crowd, press(crowd, desk, quiet=3))
            assert set(foretold(desk).values()) <= {"sent", "goes on"}
            crowd.hurry()
            desk.run("release", "everything", "--as", "rita")
            assert comes_true(200, lambda: standing(desk)[0].keys() == {"published"}), log.read_text()[-3000:]
            assert [process.poll() for process in processes] == [None] * len(processes)
        verdict = judge(desk, crowd.sandbox.world.ledger())
        sys.stdout.write(f"{verdict}\n")
    assert not verdict.faults
    assert not verdict.unknown
    assert verdict.mails == len(crowd.mailing_keys) * crowd.size.readers


def assert_stopped(crowd: Crowd, pressed: Press) -> None:
    sys.stdout.write(f"{pressed}\n")
    assert pressed.seconds < 1
    assert pressed.open_attempts == 0
    assert pressed.posts.keys() == {"published", "approved"}, "what was claimed and not sent goes back"
    assert pressed.posts["approved"] > crowd.expected() / 5, "the crowd was served before the press; it shows nothing"
    assert pressed.copies.keys() == {"sent", "waiting"}, "no copy may be left in doubt"
