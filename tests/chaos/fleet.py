"""A fleet to be tormented: workers as processes of their own, each with a folder as a machine of its own has it."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest.mock import patch

from killing import beaten
from sqlmodel import col, select
from terminal import Terminal
from trial import Trial
from verdict import Verdict, judge
from workshop import CAMPAIGN, Workshop

from campaign.app import App
from campaign.models import lanes, upkeep, vitals
from campaign.models.partners import Lane
from campaign.models.posts import Attempt
from campaign.models.status import Status

PATIENCE = 90.0


class QuickWorkshop(Workshop):
    """Calls the command line in this process: filling a workspace then takes a second and not twenty."""

    def run(self, *arguments: str, code: int = 0, timeout: float = 120) -> str:  # noqa: ARG002 - as its parent's
        with patch.dict(os.environ, self.environ):
            return Terminal(self.folder).run(*arguments, code=code)


@dataclass
class Machine:
    """A dispatching process. ``prefix`` is put before its command, to run it elsewhere."""

    folder: Path
    environ: Mapping[str, str]
    prefix: Sequence[str] = ()
    command: str = "worker"

    def start(self) -> None:
        with self.log.open("ab") as words:
            self.process = subprocess.Popen(  # noqa: S603 - our own program
                [*self.prefix, str(CAMPAIGN), "-w", str(self.folder), self.command],
                stdout=words,
                stderr=words,
                env=os.environ | self.environ,
            )

    @property
    def log(self) -> Path:
        return self.folder.with_suffix(".log")

    def is_owner(self, name: str) -> bool:
        """Say whether this is the name under which it dispatches."""
        assert self.alive, self.log.read_text()[-3000:]
        return f":{self.process.pid}:" in name

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it softly, as an upgrade does."""
        self.process.terminate()
        assert self.process.wait(60) == 0, self.log.read_text()[-3000:]


@dataclass
class Fleet:
    """Workers on one PostgreSQL, or the one daemon on SQLite. ``app`` looks into the database from outside."""

    trial: Trial
    desk: Workshop
    app: App
    machines: list[Machine] = field(default_factory=list)
    _made: int = 0

    def add(self, *, prefix: Sequence[str] = (), environ: Mapping[str, str] | None = None) -> Machine:
        """Start one more machine, with a folder of its own."""
        self._made += 1
        folder = self.trial.folder / f"machine-{self._made}"
        shutil.copytree(self.desk.folder, folder)
        machine = Machine(folder, {**self.desk.environ, **(environ or {})}, prefix)
        machine.start()
        self.machines.append(machine)
        return machine

    def add_daemon(self) -> Machine:
        """Start the one daemon of a SQLite database, in the workspace itself."""
        machine = Machine(self.desk.folder, self.desk.environ, command="run")
        machine.start()
        self.machines.append(machine)
        return machine

    def reopen(self) -> None:
        """Look at the database anew, when it was another one's for a while."""
        self.app.close()
        self.app = App.open(self.desk.folder, os.environ | self.desk.environ)

    def beating(self, *machines: Machine) -> list[str]:
        """Wait until these machines dispatch; return who they are, in their order."""
        since = datetime.now(UTC)

        def owners() -> list[str]:
            return [name for machine in machines for name in beaten(self.app, since) if machine.is_owner(name)]

        eventually(lambda: len(owners()) == len(machines), lambda: f"{owners()} beat")
        return owners()

    def in_flight(self, owner: str) -> list[int]:
        """Return the posts that this process is sending now."""
        with self.app.database.read() as session:
            found = select(Attempt).where(col(Attempt.owner) == owner, col(Attempt.closed_at).is_(None))
            return [attempt.post_id for attempt in session.exec(found)]

    def owned(self) -> list[str]:
        """Return who owns lanes."""
        with self.app.database.read() as session:
            return [lane.owner for lane in session.exec(select(Lane)) if lane.owner]

    def catch_in_mid_send(self, owner: str, act: Callable[[], None], among: Container[int] | None = None) -> None:
        """Act at an instant at which this process has posts in flight, or one ``among`` these."""

        def caught() -> bool:
            if not any(among is None or post_id in among for post_id in self.in_flight(owner)):
                return False
            act()
            return True

        eventually(caught, every=0.01)

    def finish(self, *, shaken: bool = False) -> Verdict:
        """Wait until nothing is to come, then judge. Only where the database was ``shaken`` may a log hold a trace."""
        self.settle()
        for machine in self.machines:
            assert shaken or "Traceback" not in machine.log.read_text("utf-8"), machine.log.read_text("utf-8")
        return judge(self.desk, self.trial.sandbox.world.ledger())

    def settle(self) -> None:
        """Wait until nothing is to come."""

        def idle() -> bool:
            with self.app.database.read() as session:
                return not upkeep.still_to_come(session, self.app.clock.now())

        eventually(idle, lambda: str(self.standing()))

    def standing(self) -> dict[str, Any]:
        with self.app.database.read() as session:
            unclear = sorted(upkeep.ids_in(session, [Status.APPROVED, Status.PUBLISHING, Status.UNCONFIRMED]))
            return {
                "counts": vitals.count_by_status(session),
                "attempts": {ident: [a.outcome for a in lanes.attempts(session, ident)] for ident in unclear[:5]},
            }


def eventually(
    holds: Callable[[], bool], words: Callable[[], str] = str, *, every: float = 0.1, patience: float = PATIENCE
) -> None:
    """Wait until it holds; the machine may be slow."""
    end = time.monotonic() + patience
    while not holds():
        assert time.monotonic() < end, f"it never came: {words()}"
        time.sleep(every)


@contextmanager
def opened_fleet(trial: Trial) -> Iterator[Fleet]:
    """A filled workspace with its posts approved, and no worker yet; in the end every worker is ended."""
    with trial.world():
        desk = trial.open(QuickWorkshop)
        app = App.open(desk.folder, os.environ | desk.environ)
        fleet = Fleet(trial, desk, app)
        try:
            yield fleet
        finally:
            for machine in fleet.machines:
                machine.thaw() if machine.alive else None
                machine.kill()
            fleet.app.close()
