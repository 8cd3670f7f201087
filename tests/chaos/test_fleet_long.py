"""Three workers for minutes: killed, stopped and resumed, and replaced at random, their database restarted once.

Takes its seed from CHAOS_SEED and writes one line of figures (``pytest -rP`` shows it).
"""

import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from fleet import Fleet, opened_fleet
from own_server import OwnServer, own_server
from trial import Size, Trial, chosen_seed

LONG = Size(6, 24, 2, 40, span=timedelta(seconds=150), kills=0, mean=5.0, window=0)
WORKERS = 3


@dataclass
class Torment:
    """What is done to a fleet; counted, for a torment that did not happen proves nothing."""

    fleet: Fleet
    server: OwnServer
    dice: Random
    done: Counter[str] = field(default_factory=Counter)

    def go_on(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(self.dice.expovariate(1 / LONG.mean))
            if self.done["restart"] == 0 and time.monotonic() > end - seconds / 2:
                self.restart()
            else:
                self.dice.choice((self.kill, self.kill, self.freeze, self.replace))()

    def kill(self) -> None:
        self.fleet.machines.remove(machine := self.dice.choice(self.fleet.machines))
        machine.kill()
        self.fleet.add()
        self.done["kill"] += 1

    def freeze(self) -> None:
        machine = self.dice.choice(self.fleet.machines)
        machine.freeze()
        time.sleep(self.dice.uniform(1, 14))
        machine.thaw()
        self.done["freeze"] += 1

    def replace(self) -> None:
        self.fleet.machines.remove(machine := self.dice.choice(self.fleet.machines))
        self.fleet.beating(machine)
        machine.stop()
        self.fleet.add()
        self.done["replace"] += 1

    def restart(self) -> None:
        self.server.restart()
        self.done["restart"] += 1


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_fleet_tormented_for_minutes_loses_and_doubles_nothing(tmp_path: Path) -> None:
    seed = chosen_seed()
    with own_server() as server:
        trial = Trial(tmp_path / "t", LONG, seed, server.url, "pgqueuer", room=15)
        with opened_fleet(trial) as fleet:
            fleet.beating(*[fleet.add() for _ in range(WORKERS)])
            torment = Torment(fleet, server, Random(seed))  # noqa: S311 - chance, no secret
            trial.await_start()
            torment.go_on(LONG.span.total_seconds())
            verdict = fleet.finish(shaken=True)
    sys.stdout.write(f"fleet, seed {seed}: {verdict}; {dict(torment.done)}\n")
    assert verdict.faults == []
    assert verdict.posts == trial.expected() - LONG.issues * len(trial.mailing_keys)
    assert verdict.in_flight > 0
    assert set(torment.done) == {"kill", "freeze", "replace", "restart"}
