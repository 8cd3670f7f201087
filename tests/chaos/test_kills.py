"""``kill -9`` of the daemon at random, with answers lost meanwhile; then the posts are counted.

These run with all tests on both databases; ``test_proof`` does more, for longer. Each writes one line of figures
(``pytest -rP`` shows it).
"""

import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import storm
from killing import Kills, kill_at_random
from trial import CONNECTIONS, Size, Trial
from verdict import Verdict, judge

SHORT = Size(4, 6, 2, 20, span=timedelta(seconds=30), kills=14, mean=1.2, window=10)


@pytest.mark.timeout(400)
def test_kills_lose_and_double_nothing_on_sqlite(tmp_path: Path) -> None:
    endure(Trial(tmp_path / "t", SHORT, seed=1201))


@pytest.mark.timeout(400)
def test_kills_of_a_daemon_that_has_senders_lose_and_double_nothing(tmp_path: Path) -> None:
    endure(Trial(tmp_path / "t", SHORT, seed=1203, senders=2))


@pytest.mark.timeout(400)
def test_kills_lose_and_double_nothing_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    endure(Trial(tmp_path / "t", SHORT, seed=1202, database_url=postgres_url))


def endure(trial: Trial) -> None:
    """Kill through the whole timetable, let the daemon finish, and judge."""
    began = time.monotonic()
    with trial.sandbox:
        desk = trial.open()
        log = trial.folder / "daemon.log"
        trial.await_start()
        kills = kill_at_random(
            desk,
            kills=trial.size.kills,
            mean=trial.size.mean,
            dice=Random(trial.seed),  # noqa: S311 - chance, no secret
            shown=trial.shown,
            log=log,
        )
        desk.run("run", "--until-idle", timeout=300)
        verdict = judge(desk, trial.sandbox.world.ledger())
        applied = storm.applied(trial.sandbox.world.faults)
    summary = f"{verdict}; {kills}; faults {dict(applied)}; {time.monotonic() - began:.0f} s"
    sys.stdout.write(f"chaos, seed {trial.seed}: {summary}\n")
    check(trial, verdict, kills, applied)
    assert "Traceback" not in log.read_text("utf-8")


def check(trial: Trial, verdict: Verdict, kills: Kills, applied: Counter[str]) -> None:
    assert verdict.faults == []
    copies = trial.size.issues * trial.size.readers * len(trial.mailing_keys)
    assert verdict.posts == trial.expected() - trial.size.issues * len(trial.mailing_keys)
    assert copies - len(verdict.unknown) <= verdict.mails <= copies
    assert len(verdict.unknown) <= trial.size.kills * CONNECTIONS + applied["drop-after-dot"]
    assert verdict.in_flight > 0, "no kill struck a post in flight: this trial has shown nothing"
    assert {fault.kind for fault in trial.sandbox.world.faults.plan} == {kind for kind in applied if applied[kind]}
    assert kills.stalls(trial.size.window, verdict.posts) == []
