"""What is done to a fleet for minutes: kills at random, and now and then something worse. All of it is counted."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from fleet import Fleet, Machine, eventually
from killing import Kills
from person import Person
from sqlmodel import col, func, select
from trial import PLATFORMS, Trial
from wire import Wire

from campaign.models import listing, upkeep
from campaign.models.posts import Event
from campaign.models.status import Move, Status

PASSPHRASE = ("--passphrase", "env:CHAOS_PASSPHRASE")
_CUT = 6.0
"""Seconds that the network stays cut: longer than a call may take."""
_QUESTIONS = 10.0
"""Seconds between two times that the person looks what is asked."""
_PATIENCE = 150.0


class WiredTrial(Trial):
    """A trial whose daemons reach the platforms and the mail server over a network that may be cut."""

    @contextmanager
    def world(self) -> Iterator[None]:
        with super().world():
            host, port = self.sandbox.base_url.rpartition("/")[2].split(":")
            mail_host, mail_port = self.sandbox.smtp_url.rpartition("/")[2].split(":")
            with Wire(host, int(port)) as web, Wire(mail_host, int(mail_port)) as mail:
                self.wires = (web, mail)
                yield

    def _environ(self) -> dict[str, str]:
        pauses = {
            f"CAMPAIGN__CHANNELS__{name.upper()}__{key}": value
            for name in PLATFORMS
            for key, value in (("BACK_OFF", "2s"), ("TOKEN_PAUSE", "0.5s"))
        }
        return {**super()._environ(), **pauses, "CAMPAIGN__DISPATCH__GRACE": "30m"}

    def addresses(self) -> dict[str, str]:
        web, mail = self.wires
        found = {
            name: url.replace(self.sandbox.base_url, f"http://{web.address}")
            for name, url in super().addresses().items()
        }
        return found | {"smtp": f"smtp://{mail.address}"}


@dataclass
class Torment:
    """``shake`` breaks the database for a moment. ``mean``: seconds between two acts."""

    fleet: Fleet
    wires: Sequence[Wire]
    shake: Callable[[], None]
    person: Person
    dice: Random
    mean: float
    done: Counter[str] = field(default_factory=Counter)
    kills: Kills = field(default_factory=Kills)
    adopted: int = 0
    """Posts that the look-ups after the restore found on the platforms."""
    _frozen: list[tuple[float, Machine]] = field(default_factory=list)
    _asked_at: float = 0.0

    def go_on(self, seconds: float, kills: int) -> None:
        """Torment for so long, and until so many kills and each of the rarer strikes were made; each act comes at its
        share of the time.
        """
        began = time.monotonic()
        acts = [(0.12, self.cut), (0.25, self.break_database), (0.38, self.back_up), (0.5, self.restore)]
        while time.monotonic() < began + seconds or self.done["kill"] < kills or not self._struck_in_every_way():
            time.sleep(self.dice.expovariate(1 / self.mean))
            self._thaw(time.monotonic())
            if acts and time.monotonic() > began + acts[0][0] * seconds:
                acts.pop(0)[1]()
            else:
                self._strike()
            self._let_person_answer()
        self._thaw(float("inf"))

    def _struck_in_every_way(self) -> bool:
        return all(self.done[act] for act in ("kill", "freeze", "replace"))

    def _strike(self) -> None:
        machine = self.dice.choice(self.fleet.machines)
        act = self.dice.choices((self.kill, self.freeze, self.replace), (90, 5, 5))[0]
        act(machine)

    def _let_person_answer(self) -> None:
        if time.monotonic() > self._asked_at + _QUESTIONS:
            self.person.answer()
            self._asked_at = time.monotonic()

    def kill(self, machine: Machine) -> None:
        """Kill it wherever it is, and start it again at once."""
        assert machine.alive, machine.log.read_text()[-3000:]
        self._frozen = [(at, frozen) for at, frozen in self._frozen if frozen is not machine]
        machine.kill()
        machine.start()
        self.done["kill"] += 1
        self.kills.shown.append(self.fleet.trial.shown())

    def freeze(self, machine: Machine) -> None:
        """Stop it, as a host does that swaps or is moved; it goes on some time later, with its lease ended or not."""
        machine.freeze()
        self._frozen.append((time.monotonic() + self.dice.uniform(1, 14), machine))
        self.done["freeze"] += 1

    def _thaw(self, now: float) -> None:
        for at, machine in self._frozen:
            if at <= now:
                machine.thaw()
        self._frozen = [(at, machine) for at, machine in self._frozen if at > now]

    def replace(self, machine: Machine) -> None:
        """End it softly and start it anew, as an upgrade does."""
        self._thaw(float("inf"))
        self.fleet.beating(machine)
        machine.stop()
        machine.start()
        self.done["replace"] += 1

    def cut(self) -> None:
        """Cut the network in mid-send; nothing comes through until it is mended."""
        eventually(lambda: self.wires[0].busy and self.wires[0].cut() > 0, every=0.002)
        self.wires[1].cut()
        time.sleep(_CUT)
        for wire in self.wires:
            wire.mend()
        self.done["network cut"] += 1

    def break_database(self) -> None:
        """Break it while all processes dispatch: one that only starts up would end, as it does without a database."""
        self._thaw(float("inf"))
        self.fleet.beating(*self.fleet.machines)
        self.shake()
        self.done["database broken"] += 1

    # --- the restore -------------------------------------------------------------------------------------------------

    def back_up(self) -> None:
        """Take the backup that will be stale, while all goes on."""
        self.fleet.desk.run("db", "backup", str(self._backup), *PASSPHRASE)
        self.done["backup"] += 1

    @property
    def _backup(self) -> str:
        return str(self.fleet.trial.folder / "stale.backup")

    def restore(self) -> None:
        """Put the stale backup back: it starts under hold, the look-ups adopt what stands there, then it goes on."""
        self._thaw(float("inf"))
        eventually(lambda: not self._issues_under_way(), patience=_PATIENCE)
        self.fleet.beating(*self.fleet.machines)
        for machine in self.fleet.machines:
            machine.stop()
        before = self._received()
        eventually(self._restored, every=2, patience=_PATIENCE)
        self.fleet.reopen()
        for machine in self.fleet.machines:
            machine.start()
        self.fleet.beating(*self.fleet.machines)
        self.adopted = self._look_all_up()
        assert self._received() == before, "something went out under the hold"
        self.fleet.desk.run("release", "everything", "--as", "rita")
        self.done["restore"] += 1

    def _restored(self) -> bool:
        try:
            self.fleet.desk.run("db", "restore", self._backup, *PASSPHRASE, "--force", "--as", "operator")
        except AssertionError as refused:
            if "A daemon runs on this database" not in str(refused):
                raise
            return False  # one that was killed: its beat is old after a minute
        return True

    def _look_all_up(self) -> int:
        """Wait until no post is in doubt; return how many were found on the platforms."""
        with self.fleet.app.database.read() as session:
            before = session.exec(select(func.max(col(Event.id)))).one() or 0

        def settled() -> bool:
            self.person.answer()
            return not self._ids(Status.UNCONFIRMED)

        eventually(settled, lambda: f"{len(self._ids(Status.UNCONFIRMED))} in doubt", every=1, patience=_PATIENCE)
        with self.fleet.app.database.read() as session:
            found = select(func.count()).where(col(Event.id) > before, col(Event.move) == Move.FOUND.value)
            return int(session.exec(found).one())

    def _ids(self, status: Status) -> set[int]:
        with self.fleet.app.database.read() as session:
            return upkeep.ids_in(session, [status])

    def _issues_under_way(self) -> bool:
        """Say whether an issue has begun and not ended: which of its copies went out a restored copy could not tell."""
        with self.fleet.app.database.read() as session:
            rows = listing.posts(session, listing.PostFilter(channels=("email",)))
            now = self.fleet.app.clock.now()
            return any(row.post.due_at <= now and row.post.status != Status.PUBLISHED for row in rows)

    def _received(self) -> int:
        return self.fleet.trial.shown() + self.fleet.trial.sandbox.world.mail_count()
