"""Both clock changes of Europe/London, from the timetable to the platform: planned, queued, approved, sent by a running
daemon at the instant that ruling 13 names, in the gap and in the fold.
"""

import json
import signal
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from terminal import CONFIG, Terminal, slot
from workshop import TEMPLATES, credentials

from campaign.sandbox.server import Sandbox

SECOND = timedelta(seconds=1)
HEAD = '[details]\nviews_url = "https://www.gov.uk/dfe/SEND-conversation"\n\n[days]\nlaunch = {day}\n\n'
SETTINGS = """
[dispatch]
grace = "10m"
beat = "1s"
[engagement]
readings = ["100d"]
[channels.x]
api_url = "{x}"
[channels.email]
smtp_url = "smtp://127.0.0.1:9"
"""


@pytest.fixture
def accounts(tmp_path: Path) -> Path:
    """One account of oak on X."""
    (tmp_path / "oak.json").write_text(json.dumps(credentials("x", 0)))
    path = tmp_path / "accounts.csv"
    path.write_text("partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1000,api,file:oak.json\n")
    return path


@pytest.fixture
def world(accounts: Path) -> Iterator[Sandbox]:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    with Sandbox(accounts=accounts) as box:
        yield box
    for number, handler in before.items():  # the daemon takes the process's signals
        signal.signal(number, handler)


@pytest.fixture
def terminal(tmp_path: Path, accounts: Path, world: Sandbox) -> Terminal:
    opened = Terminal(tmp_path)
    opened.write("config.toml", CONFIG + SETTINGS.format(x=world.x_url))
    opened.write("templates/own/hello.md", TEMPLATES["second.md"])
    opened.timetable(slot("launch"), head=HEAD.format(day="2030-01-01"))
    opened.run("init", str(tmp_path))
    partners = opened.write("partners.csv", "partner,name,kind,region,line\noak,Oak School,school,London,Ours\n")
    opened.run("partners", "import", str(partners))
    opened.run("accounts", "import", str(accounts))
    opened.run("users", "add", "rita", "--role", "reviewer")
    return opened


def planned(terminal: Terminal, day: str, *slots: str) -> dict[str, str]:
    """Plan and approve; returns the due time of each slot."""
    terminal.timetable(*slots, head=HEAD.format(day=day))
    terminal.run("queue")
    posts = terminal.posts()
    terminal.approve(*(post["id"] for post in posts))
    return {post["slot"]: post["due_at"] for post in posts}


def published(terminal: Terminal, world: Sandbox, start: datetime, seconds: float) -> list[datetime]:
    """Run the daemon from ``start`` on for so long; returns when the platform got the posts."""
    until = (start + seconds * SECOND).isoformat()
    with time_machine.travel(start, tick=True):
        terminal.run("run", "--until", until)
    return sorted(datetime.fromisoformat(str(entry["at"])) for entry in world.world.ledger())


@pytest.mark.parametrize(
    ("day", "wall", "due"),
    [
        ("2026-03-29", "01:30:00", "2026-03-29T01:00:00Z"),  # the gap: the first instant after it
        ("2026-03-29", "02:00:00", "2026-03-29T01:00:00Z"),
        ("2026-10-25", "01:30:00", "2026-10-25T00:30:00Z"),  # the fold: the first of the two
        ("2026-10-25", "02:00:00", "2026-10-25T02:00:00Z"),
    ],
)
def test_a_post_goes_at_the_instant_that_its_wall_time_means(
    terminal: Terminal, world: Sandbox, day: str, wall: str, due: str
) -> None:
    instant = datetime.fromisoformat(due)
    with time_machine.travel(instant - timedelta(days=1), tick=True):
        assert planned(terminal, day, slot("night", f"launch {wall}")) == {"night": due}
    (at,) = published(terminal, world, instant - 2 * SECOND, 5)
    assert instant <= at <= instant + 3 * SECOND


def test_what_falls_into_the_fold_goes_once_though_its_hour_comes_twice(terminal: Terminal, world: Sandbox) -> None:
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    with time_machine.travel(first - timedelta(days=1), tick=True):
        due = planned(terminal, "2026-10-25", slot("night", "launch 01:30"))
        assert due == {"night": "2026-10-25T00:30:00Z"}
    assert len(published(terminal, world, first - SECOND, 4)) == 1
    with time_machine.travel(second - 2 * SECOND, tick=True):
        assert "0 add" in terminal.run("queue")
    assert len(published(terminal, world, second - SECOND, 4)) == 1
