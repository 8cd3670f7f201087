"""The machinery of the kill runs: many posts, a daemon that is killed at random, and the count at the end."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from workshop import CAMPAIGN, TEMPLATES, Workshop, credentials, seconds_ahead

from campaign.sandbox.faults import parse_faults
from campaign.sandbox.server import Sandbox

Key = tuple[str, str, str]
"""Channel, account and words: what makes a post of a run unlike every other."""

PLATFORMS = ("x", "facebook", "linkedin")
KINDS = ("store-then-drop", "store-then-5xx", "drop-before-store")
READERS = 12


@dataclass(frozen=True)
class Plan:
    """How large and how rough a run is. ``mean`` is the mean time between a start and its kill, in seconds."""

    kills: int
    partners: int
    slots: int
    spread: float
    mean: float
    seed: int
    limit: float


@dataclass
class Tally:
    """What a run ended with."""

    posts: int = 0
    mails: int = 0
    kills: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    lost: list[str] = field(default_factory=list)
    doubled: list[str] = field(default_factory=list)
    early: list[str] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    unknown_mails: int = 0
    seconds: float = 0.0


def lay_out(folder: Path, plan: Plan) -> Path:
    """Write partners, accounts and readers; return the accounts file, whose tokens the sandbox takes."""
    folder.mkdir()
    accounts = ["partner,channel,handle,external_id,mode,credentials"]
    partners = ["partner,name,kind,region,line"]
    for number in range(plan.partners):
        partners.append(f"p{number},Partner {number},school,London,Line of partner {number}")
        for channel in PLATFORMS:
            secret = folder / f"p{number}-{channel}.json"
            secret.write_text(json.dumps(credentials(channel, number)))
            accounts.append(f"p{number},{channel},@p{number},{1000 + number},api,file:{secret.name}")
    accounts.append("p0,email,news-p0,readers,api,")
    (folder / "partners.csv").write_text("\n".join(partners) + "\n")
    readers = [f"r{n}@example.org,Reader {n},form,2025-01-01T10:00:00Z\n" for n in range(READERS)]
    (folder / "readers.csv").write_text("email,name,consent_source,consent_at\n" + "".join(readers))
    path = folder / "accounts.csv"
    path.write_text("\n".join(accounts) + "\n")
    return path


def queue_and_approve(desk: Workshop, plan: Plan) -> None:
    """Bring the desk to where everything is approved and due from a few seconds ahead on."""
    desk.write_config()
    desk.write_copy()
    desk.write_timetable([("first", "hello", PLATFORMS, seconds_ahead(0))])
    desk.run("init", str(desk.folder))
    desk.run("partners", "import", str(desk.folder / "partners.csv"))
    desk.run("accounts", "import", str(desk.folder / "accounts.csv"))
    desk.run("lists", "import", "readers", str(desk.folder / "readers.csv"))
    desk.run("users", "add", "rita", "--role", "reviewer")
    start = seconds_ahead(30)
    step = plan.spread / plan.slots
    slots = []
    for number in range(plan.slots):
        name = f"turn-{number}"
        words = TEMPLATES["second.md"].replace("A second word", f"Word number {number}")
        desk.write(f"templates/own/{name}.md", words)
        slots.append((name, name, PLATFORMS, start + timedelta(seconds=int(number * step))))
    slots.append(("news", "news", ("email",), start + timedelta(seconds=int(plan.spread / 2))))
    desk.write_timetable(slots)
    desk.run("queue")
    desk.run("review", "approve", "--all", "--as", "rita", timeout=300)


@contextmanager
def faulty(sandbox: Sandbox, seed: int) -> Iterator[None]:
    """Lose or spoil the answer of one creating call in ten, on every platform."""
    rows = [
        {"channel": channel, "endpoint": "create", "kind": kind, "rate": 0.1 / len(KINDS), "seed": seed + number}
        for channel in PLATFORMS
        for number, kind in enumerate(KINDS)
    ]
    sandbox.world.faults.replace(parse_faults(rows))
    yield


def kill_at_random(desk: Workshop, plan: Plan, tally: Tally) -> None:
    """Start the daemon and kill it, again and again, until the kills are done or the time is up."""
    dice, end = random.Random(plan.seed), time.monotonic() + plan.limit  # noqa: S311 - chance, not secrecy
    while tally.kills < plan.kills and time.monotonic() < end:
        with (desk.folder / "daemon.log").open("a") as log:
            daemon = subprocess.Popen(  # noqa: S603 - our own program
                [str(CAMPAIGN), "-w", str(desk.folder), "run"], stderr=log, stdout=log, env=os.environ | desk.environ
            )
            time.sleep(1.2 + dice.expovariate(1 / plan.mean))
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()
            tally.kills += 1


def count(desk: Workshop, sandbox: Sandbox, tally: Tally) -> None:
    """Compare what stands on the platforms with what was approved."""
    entries = sandbox.world.ledger()
    shown: dict[Key, list[datetime]] = {}
    for entry in entries:
        key = (str(entry["channel"]), str(entry["account"]), str(entry["text"]))
        shown.setdefault(key, []).append(datetime.fromisoformat(str(entry["at"])))
    mails = Counter(str(entry["to"]) for entry in entries if entry["channel"] == "email")
    for post in desk.posts():
        if post["channel"] == "email":
            _count_mails(desk, post, mails, tally)
        else:
            _count_post(post, shown, tally)


def _count_post(post: dict[str, Any], shown: dict[Key, list[datetime]], tally: Tally) -> None:
    turn, partner = post["slot"].partition("-")[2], post["partner"]
    words = f"Word number {turn} from Partner {partner[1:]} in London: #SEND [matters] *a lot*. {partner}"
    key = (post["channel"], str(1000 + int(partner[1:])), words)
    there = shown.get(key, [])
    tally.posts += 1
    if not there:
        tally.lost.append(f"{key} is {post['status']}")
    if len(there) > 1:
        tally.doubled.append(f"{key} x{len(there)}")
    if any(at < datetime.fromisoformat(post["due_at"]) for at in there):
        tally.early.append(str(key))
    if post["status"] != "published":
        tally.stuck.append(f"{post['id']} {post['status']} {post['needs_person']}")


def _count_mails(desk: Workshop, post: dict[str, Any], mails: Counter[str], tally: Tally) -> None:
    deliveries = desk.json("posts", "show", post["id"])["deliveries"]
    tally.mails = sum(mails.values())
    tally.unknown_mails = sum(item["status"] == "unknown" for item in deliveries)
    settled = {"sent", "unknown"}
    tally.stuck += [f"mail {item}" for item in deliveries if item["status"] not in settled]
    if len(deliveries) != READERS:
        tally.lost.append(f"{READERS - len(deliveries)} deliveries were never written")
    sent = sum(item["status"] == "sent" for item in deliveries)
    if tally.mails < sent:
        tally.lost.append(f"{sent - tally.mails} mails called sent are not there")
    tally.doubled += [f"{person} got {number} mails" for person, number in mails.items() if number > 1]


def run(folder: Path, plan: Plan, database_url: str = "sqlite:///campaign.db") -> Tally:
    """Do a whole run: set up, kill, let it finish, count."""
    accounts = lay_out(folder / "desk", plan)
    tally = Tally()
    with Sandbox(accounts=accounts, data=folder / "sandbox") as sandbox:
        sandbox.world.switches.update({"x.rate_factor": 1000, "linkedin.statistics_delay": 0})
        desk = Workshop(folder / "desk", sandbox.urls, database_url=database_url)
        queue_and_approve(desk, plan)
        begun = time.monotonic()
        with faulty(sandbox, plan.seed):
            kill_at_random(desk, plan, tally)
            desk.run("run", "--until-idle", timeout=240)
        tally.seconds = time.monotonic() - begun
        tally.faults = applied(sandbox)
        count(desk, sandbox, tally)
    return tally


def applied(sandbox: Sandbox) -> Counter[str]:
    """Return how often each kind of fault was really applied."""
    found: Counter[str] = Counter()
    counts = sandbox.world.faults.report()["applied"]
    assert isinstance(counts, dict)
    for name, number in counts.items():
        found[name.rpartition(".")[2]] += number
    return found
