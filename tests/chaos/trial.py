"""A campaign to be tormented: its workspace, its timetable and the faults of the platforms that it meets."""

import json
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from PIL import Image
from workshop import LONDON, Workshop, credentials

from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

PLATFORMS = ("x", "facebook", "linkedin")
MAILERS = 2
"""So many of the partners send issues."""
CONNECTIONS = 2
"""Connections to the mail server: so many mails at most may a kill leave unknown."""

_WORDS = """---
title: Word {number}
version: 1
fields:
  line: {{type: text, max: 80, required: true}}
{head}---
{{{{ partner.name }}}} has word {number}, & more <soon>: {{{{ line }}}} [{{{{ partner.key }}}}] *{number}*
{link}"""
_CARD = 'link: "{{ campaign.views_url }}"\nlink_title: Share your views\n'
_PICTURE = "media:\n  - {file: dot.png, alt: A dot}\n"
_ISSUE = """---
title: Issue {number}
version: 1
subject: "Issue {number} of {{{{ partner.name }}}}"
preheader: What we heard
---
# Issue {number}

We want to hear **your** views at [our page]({{{{ campaign.views_url }}}}).
"""


@dataclass(frozen=True)
class Size:
    """How large a trial is. Every round is a post of every partner on every platform, spread over ``span``."""

    partners: int
    rounds: int
    issues: int
    readers: int
    span: timedelta
    kills: int
    mean: float
    """Seconds between the start of the daemon and its death, on average, its start-up not counted; in a torment the
    pause between two acts, which take some time themselves."""
    window: int
    """Within so many kills something new must have been published."""


def fault_plan(seed: int) -> list[Fault]:
    """Return faults under which answers are lost, posts too, look-ups fail now and then, and answers come late.

    A late answer leaves the post standing while nobody has been told: the place where a kill hurts most.
    """
    lost = [
        Fault(kind, endpoint="create", rate=0.1, seed=seed)
        for kind in ("store-then-drop", "store-then-5xx", "drop-before-store")
    ]
    slow = Fault("store-then-delay", endpoint="create", rate=0.4, seed=seed, seconds=0.7)
    blind = Fault("5xx-before-store", endpoint="list", rate=0.1, seed=seed)
    mail = [
        Fault(kind, channel="email", endpoint="data", rate=rate, seed=seed, seconds=0.3)
        for kind, rate in (("drop-after-dot", 0.04), ("tempfail", 0.05), ("store-then-delay", 0.2))
    ]
    return [*lost, slow, blind, *mail]


@dataclass
class Trial:
    """A workspace under ``folder`` with a sandbox beside it. The sandbox lives on while the daemon dies."""

    folder: Path
    size: Size
    seed: int
    database_url: str = "sqlite:///campaign.db"
    engine: str = "local"
    faults: Sequence[Fault] | None = None
    host: str = "127.0.0.1"
    """Where the local platforms listen."""
    room: float = 4.0
    """Seconds, at the least, from the plan to the first post."""
    senders: int = 0
    """So many processes make the calls of each daemon; with 0 it makes them itself."""

    def __post_init__(self) -> None:
        self.start = datetime.now(LONDON)
        (self.folder / "desk").mkdir(parents=True)
        (self.folder / "data").mkdir()
        self.keys = [f"p{number}" for number in range(self.size.partners)]
        self.mailing_keys = self.keys[:MAILERS]
        accounts = self._write_accounts()
        faults = fault_plan(self.seed) if self.faults is None else self.faults
        door = f"{self.host}:0"
        self.sandbox = Sandbox(accounts=accounts, data=self.folder / "data", faults=faults, listen=door, smtp=door)
        # Nothing but the program itself may prevent a second post: the platforms refuse no duplicate here.
        doors = {f"{name}.duplicate_window": 0 for name in PLATFORMS}
        self.sandbox.world.switches.update({"x.rate_factor": 1000, "linkedin.processing": 0, **doors})

    def _write_accounts(self) -> Path:
        desk = self.folder / "desk"
        rows = ["partner,channel,handle,external_id,mode,credentials"]
        for number, key in enumerate(self.keys):
            for channel in PLATFORMS:
                secret = desk / f"{key}-{channel}.json"
                secret.write_text(json.dumps(credentials(channel, number)), "utf-8")
                rows.append(f"{key},{channel},@{key},{1000 + number},api,file:{secret.name}")
        rows += [f"{key},email,news-{key},readers-{key},api," for key in self.mailing_keys]
        path = desk / "accounts.csv"
        path.write_text("\n".join(rows) + "\n", "utf-8")
        return path

    @contextmanager
    def world(self) -> Iterator[None]:
        """Let the local platforms serve."""
        with self.sandbox:
            yield

    def addresses(self) -> Mapping[str, str]:
        """Return where the program finds the local platforms, by channel."""
        return self.sandbox.urls

    def open(self, kind: type[Workshop] = Workshop) -> Workshop:
        """Fill the workspace and approve all posts; the first of them falls due some seconds after."""
        desk = kind(self.folder / "desk", self.addresses(), self.database_url, environ=dict(self._environ()))
        desk.write_config()
        self._write_copy(desk)
        self._write_people(desk)
        desk.write_timetable(self._slots(self.start + timedelta(hours=1)))
        desk.run("init", str(desk.folder))
        desk.run("partners", "import", str(desk.folder / "partners.csv"))
        desk.run("accounts", "import", str(desk.folder / "accounts.csv"))
        for key in self.mailing_keys:
            desk.run("lists", "import", f"readers-{key}", str(desk.folder / "readers.csv"))
        desk.run("users", "add", "rita", "--role", "reviewer")
        self._queue(desk)
        return desk

    def _queue(self, desk: Workshop) -> None:
        """Queue and approve. Doing so for an hour later first shows how long that takes here and now; the second time
        takes longer, and a busy machine may become busier."""
        began = time.monotonic()
        self._approve(desk, datetime.now(LONDON) + timedelta(hours=1))
        room = self.room + 4 * (time.monotonic() - began)
        self.start = datetime.now(LONDON).replace(microsecond=0) + timedelta(seconds=room)
        self._approve(desk, self.start)
        assert self._is_ahead(), "the machine was too slow for this trial; its start lies too near"
        assert len(desk.posts("--status", "approved")) == self.expected()

    def _approve(self, desk: Workshop, start: datetime) -> None:
        desk.write_timetable(self._slots(start))
        desk.run("queue")
        desk.run("review", "approve", "--all", "--as", "rita")

    def _is_ahead(self) -> bool:
        return datetime.now(LONDON) < self.start

    def await_start(self) -> None:
        """Return when the first post is due."""
        time.sleep(max(0.0, (self.start - datetime.now(LONDON)).total_seconds()))

    def expected(self) -> int:
        """Return how many posts the timetable makes."""
        size = self.size
        return size.partners * size.rounds * len(PLATFORMS) + size.issues * len(self.mailing_keys)

    def _slots(self, start: datetime) -> list[tuple[str, str, list[str], datetime]]:
        size = self.size
        places = [(number, channel) for number in range(size.rounds) for channel in PLATFORMS]
        step = size.span / len(places)
        slots = [
            (f"word {number} {channel}", f"word-{number}", [channel], start + place * step)
            for place, (number, channel) in enumerate(places)
        ]
        gap = size.span / max(1, size.issues)
        slots += [
            (f"issue {number}", f"issue-{number}", ["email"], start + number * gap) for number in range(size.issues)
        ]
        return slots

    def _write_copy(self, desk: Workshop) -> None:
        heads = (("", ""), (_CARD, "\n{{ campaign.views_url }}\n"), (_PICTURE, ""))
        for number in range(self.size.rounds):
            head, link = heads[number % len(heads)]
            desk.write(f"templates/own/word-{number}.md", _WORDS.format(number=number, head=head, link=link))
        for number in range(self.size.issues):
            desk.write(f"templates/own/issue-{number}.md", _ISSUE.format(number=number))
        Image.new("RGB", (40, 30), "green").save(desk.folder / "templates/own/dot.png")

    def _write_people(self, desk: Workshop) -> None:
        rows = [f"{key},School {key},school,London,Line of {key}\n" for key in self.keys]
        desk.write("partners.csv", "partner,name,kind,region,line\n" + "".join(rows))
        readers = [f"r{n}@example.org,Reader {n},form,2025-01-01T10:00:00Z\n" for n in range(self.size.readers)]
        desk.write("readers.csv", "email,name,consent_source,consent_at\n" + "".join(readers))

    def _compiled(self) -> Mapping[str, str]:
        # The daemon starts over and over: where the tests were told to leave no compiled modules, it has a place.
        if not os.environ.get("PYTHONDONTWRITEBYTECODE"):
            return {}
        return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(self.folder / "compiled")}

    def _environ(self) -> Mapping[str, str]:
        return {
            **self._compiled(),
            "CHAOS_PASSPHRASE": "four good words for a backup",
            "CAMPAIGN__ENGINE__KIND": self.engine,
            "CAMPAIGN__DISPATCH__SENDERS": str(self.senders),
            "CAMPAIGN__CHANNELS__EMAIL__RETRIES": json.dumps(["1s"] * 10),
            "CAMPAIGN__CHANNELS__EMAIL__RELAY_PAUSE": "0.2s",
            "CAMPAIGN__CHANNELS__EMAIL__RELAY_WAIT": "1s",
            "CAMPAIGN__NEWSLETTER__CONNECTIONS": str(CONNECTIONS),
            "CAMPAIGN__NEWSLETTER__BATCH": "10",
            "CAMPAIGN__ENGAGEMENT__READINGS": '["1h"]',
        }

    def shown(self) -> int:
        """Return how many posts, mails left aside, the world has got."""
        return self.sandbox.world.post_count()


def chosen_seed() -> int:
    """Return the seed that CHAOS_SEED names, else one of the moment."""
    return int(os.environ.get("CHAOS_SEED") or time.time())
