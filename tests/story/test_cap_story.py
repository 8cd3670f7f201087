"""Money on the command line: what the plan will cost, a cap that stops it, and a person who raises the cap."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic, sleep
from typing import Any

from terminal import Terminal
from workshop import CAMPAIGN, Workshop, seconds_ahead

from campaign.sandbox.server import Sandbox


@contextmanager
def daemon(desk: Workshop) -> Iterator[None]:
    """The daemon, in a process of its own, ended as an operator ends it."""
    command = [str(CAMPAIGN), "-w", str(desk.folder), "run"]
    with subprocess.Popen(command, env=os.environ | desk.environ, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            yield
            process.terminate()
            assert process.wait(30) == 0
        finally:
            process.kill()


def comes_true(look: Any, seconds: float = 60) -> bool:
    end = monotonic() + seconds
    while monotonic() < end:
        if look():
            return True
        sleep(0.2)
    return False


def published(here: Terminal) -> int:
    return len(here.posts("--status", "published"))


def mails(sandbox: Sandbox) -> list[str]:
    return [str(entry["subject"]) for entry in sandbox.world.ledger() if entry["channel"] == "email"]


def test_a_cap_is_forecast_stops_what_would_pass_it_and_lets_it_go_when_raised(
    sqlite_desk: Workshop, sandbox: Sandbox
) -> None:
    desk = sqlite_desk
    desk.write_config()
    config = desk.folder / "config.toml"
    config.write_text(config.read_text().replace("[channels.x]\n", "[channels.x]\nmonthly_cap = 0.23\n"))
    desk.write_copy()

    def timetable(ahead: float) -> None:
        first, second = seconds_ahead(ahead), seconds_ahead(ahead + 1)
        desk.write_timetable([("plain", "second", ["x"], first), ("linked", "hello", ["x"], second)])

    timetable(600)
    desk.write_people()
    here = Terminal(desk.folder)
    here.run("init", str(desk.folder))
    for what in ("partners", "accounts"):
        here.run(what, "import", str(desk.folder / f"{what}.csv"))
    here.run("users", "add", "rita", "--role", "reviewer")
    here.run("users", "add", "ron", "--role", "reviewer", "--email", "ron@dfe.example.org")

    shown = here.run("plan")
    assert "What posting costs by month" in shown
    assert "$0.45" in shown
    assert "$0.23, too low" in shown
    (month,) = here.json("spend", code=1)
    del month["month"], month["partner"], month["account"], month["currency"]
    assert month == {
        "channel": "x",
        "posts": 4,
        "with_link": 2,
        "readings": 4,
        "spent": 0,
        "forecast": 0.45,
        "forecast_readings": 0.02,
        "cap": 0.23,
        "over_cap": True,
    }
    by_account = here.json("spend", "--by-account")
    assert [(row["partner"], row["forecast"], row["cap"]) for row in by_account] == [
        ("elm", 0.225, None),
        ("oak", 0.225, None),
    ]
    assert all("forecast" not in row for row in here.json("plan")), "the plan's own document stays as it was"

    timetable(8)
    here.run("queue")
    here.approve(*(post["id"] for post in here.posts()))
    with daemon(desk):
        assert comes_true(lambda: published(here) == 3)
        assert comes_true(lambda: "the monthly cap on x is reached" in mails(sandbox))
        sleep(1)
        assert published(here) == 3, "the cap did not hold"
    assert mails(sandbox).count("the monthly cap on x is reached") == 1
    (month,) = here.json("spend", code=1)
    assert month["spent"] == 0.23, "the readings were left out: the posts go first"
    assert round(month["forecast"] - month["forecast_readings"], 6) == 0.2

    desk.environ["CAMPAIGN__CHANNELS__X__MONTHLY_CAP"] = "0.5"
    with daemon(desk):
        assert comes_true(lambda: published(here) == 4)
    assert sum(entry["channel"] == "x" for entry in sandbox.world.ledger()) == 4
    assert "none" not in desk.run("spend")
