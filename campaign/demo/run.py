"""Runs the demo: lays out its workspace once, starts local platforms, pages and daemon, and says where to look."""

import contextlib
import fcntl
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from campaign import daemon
from campaign.app import App
from campaign.collector import spare_what_stays
from campaign.config import load_settings
from campaign.demo import cast, settings
from campaign.demo.progress import Progress
from campaign.demo.queueing import queue_and_approve
from campaign.demo.settings import Ports
from campaign.errors import AlreadyRunning, WrongUse
from campaign.logs import set_up_logs
from campaign.opening import open_workspace, upgraded
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.server import Sandbox
from campaign.web.doors import doors

SPEED = 600.0
"""How much faster engagement grows than in life: half of what a post will ever get comes within a minute."""

FOLDER = ".demo"
"""Where a demo lives unless a person names another folder."""

_STAMP = ".demo"
_READY = "ready\n"
_LOOK_AT = {"x": "harbourside", "facebook": "beechwood-grange", "linkedin": "little-acorns"}


@dataclass(frozen=True, slots=True)
class Demo:
    """One demo in a folder of its own. ``program`` is how a person calls it; ``say`` gets the lines for people.

    ``ports`` None: those of the last start. ``seconds``: end by itself so long after the start.
    """

    folder: Path
    say: Callable[[str], None]
    ports: Ports | None = None
    fresh: bool = False
    seconds: float | None = None
    program: str = "campaign"
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self) -> int:
        """Run until Ctrl-C. Returns the exit code.

        Raises:
            WrongUse: the folder holds something else.
            AlreadyRunning: this demo runs already.

        """
        with self._alone() as stamp:
            begins = self.fresh or stamp.read_text(encoding="utf-8") != _READY
            if begins:
                self._clear()
                self._lay_out()
            else:
                upgraded(load_settings(self.folder, self.environ)).close()  # an older program may have begun it
            ports = self._choose_ports()
            with self._sandbox(ports) as box, _logs_in(self.folder / "campaign.log"):
                if begins:
                    self.say("Queueing the campaign of nine organisations, and approving it as the reviewer ...")
                    self._queue(stamp)
                return self._go(box)

    def links(self) -> None:
        """Say new links to sign in, in the place of those that were not used; the demo may be running.

        Raises:
            WrongUse: there is no demo here.

        """
        stamp = self.folder / _STAMP
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != _READY:
            raise WrongUse(problem=f"There is no demo in {self._shown}", mend=f"Start it with `{self._again}`.")
        with closing(App.open(self.folder, self.environ)) as app:
            for title, address in self._sign_in_links(app):
                self.say(f"  {title:<22} {address}")

    def _sign_in_links(self, app: App) -> list[tuple[str, str]]:
        pages = app.settings.web.public_url
        return [(f"Sign in as {role}", f"{pages}{path}") for role, path in cast.sign_in_paths(app).items()]

    @contextmanager
    def _alone(self) -> Iterator[Path]:
        """Hold the folder; its stamp marks it as a demo's, which `--fresh` may empty, and says whether it is ready."""
        stamp = self.folder / _STAMP
        if self.folder.exists() and any(self.folder.iterdir()) and not stamp.exists():
            mend = "Name another folder with --folder."
            raise WrongUse(problem=f"{self.folder} holds something that is no demo", mend=mend)
        self.folder.mkdir(parents=True, exist_ok=True)
        with stamp.open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyRunning(database=self.folder / "campaign.db") from error
            yield stamp

    def _clear(self) -> None:
        for child in self.folder.iterdir():
            if child.is_dir():
                shutil.rmtree(child)
            elif child.name != _STAMP:
                child.unlink()
        (self.folder / _STAMP).write_text("", encoding="utf-8")

    def _lay_out(self) -> None:
        self.say(f"Laying out a workspace in {self._shown} ...")
        open_workspace(self.folder, self.environ, launch=None, salt=secrets.token_hex(16))
        settings.write(
            self.folder, settings.QUICK, settings.APP, settings.ABOUT, settings.pointed(self.ports or Ports())
        )
        cast.lay_out(self.folder)

    def _choose_ports(self) -> Ports:
        wanted = self.ports or settings.remembered(load_settings(self.folder, {}))
        free = wanted.free()
        settings.write(self.folder, settings.pointed(free))
        return free

    def _sandbox(self, ports: Ports) -> Sandbox:
        return Sandbox(
            accounts=cast.on_platforms(self.folder),
            data=self.folder / "sandbox",
            listen=f"127.0.0.1:{ports.platforms}",
            smtp=f"127.0.0.1:{ports.mail}",
            speed=SPEED,
        )

    def _queue(self, stamp: Path) -> None:
        with closing(App.open(self.folder, self.environ)) as app:
            cast.store(app, self.folder)
        queue_and_approve(self.folder, self.environ)
        stamp.write_text(_READY, encoding="utf-8")

    def _go(self, box: Sandbox) -> int:
        with closing(App.open(self.folder, self.environ)) as app:
            progress = Progress(app, box.world, self.say, f"`{self._typed} posts list`")
            until = app.clock.now() + timedelta(seconds=self.seconds) if self.seconds is not None else None
            with doors(app, pages=True), progress.shown():
                spare_what_stays()
                code = daemon.run(app, until=until, ready=lambda: self._welcome(box, app))
        self.say(f"Stopped. `{self._again}` goes on where it was.")
        return code

    def _welcome(self, box: Sandbox, app: App) -> None:
        feeds = {account.channel: account for account in box.world.accounts.values() if _shown_first(account)}
        pages = app.settings.web.public_url
        lines = [
            *self._sign_in_links(app),
            ("Every account", f"{box.base_url}/"),
            *((f"A feed on {app.channels[name].title}", _feed(box, feeds[name])) for name in _LOOK_AT),
            ("Mailbox", f"{box.base_url}/mailbox"),
            ("Health", f"{pages}/healthz"),
        ]
        self.say("")
        for title, address in lines:
            self.say(f"  {title:<22} {address}")
        self.say(f"\nEach link signs in once; `{self._again} --links` prints new ones.")
        self.say("Type in a second terminal:")
        for command in ("log", "posts list --day TODAY", "hand list", "hold --reason 'just trying'", "release"):
            day = f"{app.clock.now():%Y-%m-%d}"
            self.say(f"  {self._typed} {command.replace('TODAY', day)}")
        self.say("\nCtrl-C ends it; the same command goes on where it was, with --fresh it starts anew.\n")

    @property
    def _typed(self) -> str:
        """How a person types any command for this demo's workspace."""
        return f"{self.program} -w {self._shown}"

    @property
    def _again(self) -> str:
        """How a person starts this demo once more."""
        return f"{self.program} demo" + (f" --folder {self._shown}" if self._shown != FOLDER else "")

    @property
    def _shown(self) -> str:
        return os.path.relpath(self.folder)


def _shown_first(account: SandboxAccount) -> bool:
    return _LOOK_AT.get(account.channel) == account.partner


def _feed(box: Sandbox, account: SandboxAccount) -> str:
    return f"{box.base_url}/feed/{account.channel}/{account.external_id}?watch=1"


@contextmanager
def _logs_in(path: Path) -> Iterator[None]:
    """Send the logs to a file while the block runs: the screen belongs to the progress."""
    with path.open("a", encoding="utf-8", buffering=1) as file, contextlib.redirect_stderr(file):
        set_up_logs("info", as_json=False)
        yield
        sys.stderr.flush()
