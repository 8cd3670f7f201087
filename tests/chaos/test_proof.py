"""The proof, once for each database: thousands of posts on four channels under everything that can go wrong at once.

A fifth of all calls go wrong, in every way that the local platforms know. Processes are killed, stopped and resumed,
and replaced at random, the network is cut in mid-send, the database breaks, a stale backup is put back. Then the
world's ledger is compared with the plan. ``make chaos`` runs it, with the seed that CHAOS_SEED names; from its first
post on each proof takes a quarter of an hour at most. It writes its figures (``pytest -rP`` shows them).
"""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
import storm
from fleet import Fleet, Machine, eventually, opened_fleet
from own_server import own_server
from person import Person
from recovery import Recovery, recovery
from torment import Torment, WiredTrial
from trial import CONNECTIONS, PLATFORMS, Size, chosen_seed
from verdict import Verdict, judge

from campaign.models import upkeep
from campaign.sandbox.faults import KINDS

LONG = Size(48, 35, 12, 40, span=timedelta(seconds=600), kills=100, mean=4.0, window=20)
"""5,040 posts of 144 accounts and 24 issues to 40 people each."""
WORKERS = 3
BOUND = 900
"""Seconds that a proof may take from its first post on. Queueing thousands of posts takes the longer, the busier the
machine is; ``_STUCK`` ends what hangs."""
_STUCK = 1800


@pytest.mark.slow
@pytest.mark.timeout(_STUCK)
def test_nothing_is_lost_or_doubled_by_one_daemon_on_sqlite(tmp_path: Path) -> None:
    trial = WiredTrial(tmp_path / "t", LONG, chosen_seed(), faults=())
    database = tmp_path / "t" / "desk" / "campaign.db"
    prove(trial, lambda fleet: [fleet.add_daemon()], lambda: locked(database))


@pytest.mark.slow
@pytest.mark.timeout(_STUCK)
def test_nothing_is_lost_or_doubled_by_three_workers_on_postgresql(tmp_path: Path) -> None:
    with own_server() as server:
        trial = WiredTrial(tmp_path / "t", LONG, chosen_seed(), server.url, "pgqueuer", faults=(), room=15)
        prove(trial, lambda fleet: [fleet.add() for _ in range(WORKERS)], server.restart)


LOCKS = """
import sqlite3, sys, time
with sqlite3.connect(sys.argv[1], isolation_level=None, timeout=60) as connection:
    connection.execute("BEGIN EXCLUSIVE")
    print("locked", flush=True)
    time.sleep(float(sys.argv[2]))
"""


def locked(database: Path, seconds: float = 12.0) -> None:
    """Lock the file by another process, for longer than a lease."""
    command = [sys.executable, "-c", LOCKS, str(database), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:  # noqa: S603 - our own program
        assert other.stdout is not None
        assert other.stdout.readline() == "locked\n"
        with sqlite3.connect(database, timeout=0) as connection, pytest.raises(sqlite3.OperationalError):
            connection.execute("BEGIN IMMEDIATE")
    assert other.returncode == 0


def prove(trial: WiredTrial, begin: Callable[[Fleet], Sequence[Machine]], shake: Callable[[], None]) -> None:
    """Let the world torment a campaign from its first post to its last, then count what came of it."""
    size = trial.size
    with opened_fleet(trial) as fleet:
        trial.sandbox.world.faults.replace(storm.every_kind(trial.seed, size.partners * size.rounds))
        fleet.beating(*begin(fleet))
        dice = Random(trial.seed)  # noqa: S311 - chance, no secret
        torment = Torment(fleet, trial.wires, shake, Person(fleet), dice, size.mean)
        trial.await_start()
        began = time.monotonic()
        torment.go_on(size.span.total_seconds(), size.kills)
        finish(torment)
        with fleet.app.database.read() as session:
            doubt = recovery(session)
        faults = trial.sandbox.world.faults
        verdict = judge(fleet.desk, trial.sandbox.world.ledger(), refusals=storm.refusals(faults))
        took = time.monotonic() - began
    report(trial, torment, verdict, doubt, took)
    check(trial, torment, verdict, doubt)
    assert took < BOUND


def finish(torment: Torment) -> None:
    """Let everything end, with a person to ask."""
    fleet = torment.fleet

    def idle() -> bool:
        with fleet.app.database.read() as session:
            ahead = upkeep.still_to_come(session, fleet.app.clock.now())
        return not torment.person.answer() and not ahead

    eventually(idle, lambda: str(fleet.standing()), every=1, patience=200)


def report(trial: WiredTrial, torment: Torment, verdict: Verdict, doubt: Recovery, seconds: float) -> None:
    faults = trial.sandbox.world.faults
    cut = sum(wire.dropped for wire in torment.wires)
    lines = [
        f"proof, seed {trial.seed}, {seconds:.0f} s: {verdict}",
        f"published: {published_share(trial, verdict):.3%} of {possible(trial, verdict)} possible posts and issues",
        f"done: {dict(torment.done)}; {cut} connections cut; {torment.adopted} posts adopted after the restore",
        f"faults: {storm.share(faults):.1%} of all calls; {dict(sorted(storm.applied(faults).items()))}",
        str(doubt),
        f"asked a person: {dict(torment.person.asked)}",
        f"unforeseen in the logs: {dict(unforeseen(torment.fleet))}",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def possible(trial: WiredTrial, verdict: Verdict) -> int:
    """Return how many posts and issues could be published: what a platform refused for good could not."""
    return trial.expected() - len([line for line in verdict.refused if line.startswith("post ")])


def published_share(trial: WiredTrial, verdict: Verdict) -> float:
    return 1 - len(verdict.stuck + verdict.lost) / possible(trial, verdict)


def unforeseen(fleet: Fleet) -> Counter[str]:
    """Count the exceptions in the logs by their last lines."""
    found: Counter[str] = Counter()
    for machine in fleet.machines:
        traced = False
        for line in machine.log.read_text("utf-8").splitlines():
            if line.startswith("Traceback"):
                traced = True
            elif traced and line and not line[0].isspace():
                found[line[:100]] += 1
                traced = False
    return found


def check(trial: WiredTrial, torment: Torment, verdict: Verdict, doubt: Recovery) -> None:
    size, faults = trial.size, trial.sandbox.world.faults
    applied = storm.applied(faults)
    assert verdict.faults == []
    assert verdict.posts == size.partners * size.rounds * len(PLATFORMS) - len(verdict.refused) + refused_copies(
        verdict
    )
    assert len(verdict.unknown) <= torment.done["kill"] * CONNECTIONS + applied["drop-after-dot"]
    assert doubt.in_time, str(doubt)
    assert set(applied) == set(KINDS), f"not applied: {set(KINDS) - set(applied)}"
    assert storm.share(faults) >= 0.2
    assert set(torment.done) == {
        "kill", "freeze", "replace", "network cut", "database broken", "backup", "restore"
    }  # fmt: skip
    assert torment.done["kill"] >= size.kills
    assert verdict.in_flight > 0, "no kill struck a post in flight: this has shown nothing"
    assert torment.adopted > 0, "the backup was not stale: this has shown nothing"
    assert torment.wires[0].dropped > 0, "no cut struck a call in flight: this has shown nothing"
    assert torment.kills.stalls(size.window, verdict.posts) == []


def refused_copies(verdict: Verdict) -> int:
    return len([line for line in verdict.refused if not line.startswith("post ")])
