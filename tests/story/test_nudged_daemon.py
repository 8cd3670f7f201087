"""What people change while the daemon sleeps is honoured at once: it beats once a minute here, so that only nudges are
quick. And what a stopped process slept through is late, not doubled.
"""

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest
import requests
from daemons import comes_true, daemon
from terminal import Terminal
from workshop import Workshop, credentials, seconds_ahead

from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

SLOW_BEAT = {"CAMPAIGN__DISPATCH__BEAT": "60s"}


@pytest.fixture
def here(sqlite_desk: Workshop) -> Terminal:
    """A workspace with accounts of oak and elm on X; quick commands, for what is timed is the daemon."""
    desk = sqlite_desk
    rows = desk.folder / "accounts.csv"
    kept = [line for line in rows.read_text().splitlines() if ",x," in line or line.startswith("partner,")]
    rows.write_text("\n".join(kept) + "\n")
    desk.write_config()
    desk.write_copy()
    desk.write_people()
    desk.write_timetable([("first", "hello", ["x"], seconds_ahead(3600))])
    terminal = Terminal(desk.folder)
    terminal.run("init", str(desk.folder))
    terminal.run("partners", "import", str(desk.folder / "partners.csv"))
    terminal.run("accounts", "import", str(rows))
    terminal.run("users", "add", "rita", "--role", "reviewer")
    return terminal


def wall(seconds: float) -> str:
    return seconds_ahead(seconds).strftime("%Y-%m-%dT%H:%M:%S")


def queued(desk: Workshop, here: Terminal, seconds: float) -> dict[str, str]:
    """Queue and approve a post of each partner, due so far ahead; returns their ids."""
    desk.write_timetable([("first", "hello", ["x"], seconds_ahead(seconds))])
    here.run("queue")
    found = {post["partner"]: post["id"] for post in here.posts()}
    here.approve(*found.values())
    return found


def status(here: Terminal, ident: str) -> str:
    return str(here.json("posts", "show", ident)["status"])


def test_a_post_that_is_moved_goes_at_its_new_time_and_not_at_the_old_one(
    here: Terminal, sqlite_desk: Workshop, sandbox: Sandbox
) -> None:
    with daemon(here.folder, SLOW_BEAT):
        old = seconds_ahead(12)
        found = queued(sqlite_desk, here, 12)
        here.run("posts", "move", found["oak"], "--at", wall(3600), "--as", "operator")
        assert comes_true(40, lambda: status(here, found["elm"]) == "published"), "elm waits for the beat"
        assert seconds_ahead(0) > old
        assert len(sandbox.world.ledger()) == 1
        here.run("posts", "move", found["oak"], "--at", wall(4), "--as", "operator")
        here.approve(found["oak"])
        assert comes_true(30, lambda: status(here, found["oak"]) == "published"), "the move was not heard of"
    assert_on_time(here, sandbox)


def assert_on_time(here: Terminal, sandbox: Sandbox) -> None:
    due = {post["external_id"]: post["due_at"] for post in here.posts()}
    for entry in sandbox.world.ledger():
        assert str(entry["at"]) >= due[entry["id"]][:19], "it went out before its time"


def test_new_credentials_set_a_stopped_account_going_at_once(
    here: Terminal, sqlite_desk: Workshop, sandbox: Sandbox
) -> None:
    requests.get(f"{sandbox.base_url}/ledger", timeout=10)  # the platform reads its accounts now, while they are good
    secret = here.folder / "oak-x.json"
    good, accounts = secret.read_text(), here.folder / "accounts.csv"
    secret.write_text(json.dumps(credentials("x", 0) | {"access_token": "1000-spoilt"}))
    here.run("accounts", "import", str(accounts))
    with daemon(here.folder, SLOW_BEAT):
        found = queued(sqlite_desk, here, 5)
        stopped = lambda: any(row["partner"] == "oak" and row["stopped"] for row in here.json("accounts", "list"))  # noqa: E731
        assert comes_true(40, stopped), "a token that is refused twice stops its account"
        assert status(here, found["oak"]) == "approved"
        secret.write_text(good)
        here.run("accounts", "import", str(accounts))
        assert comes_true(20, lambda: status(here, found["oak"]) == "published"), "the import was not heard of"
    assert len(sandbox.world.ledger()) == 2


def test_a_process_stopped_beyond_its_lease_sends_what_is_in_time_and_doubles_nothing(
    here: Terminal, sqlite_desk: Workshop, sandbox: Sandbox
) -> None:
    """SIGSTOP in mid-call, and a post that falls due meanwhile: on SIGCONT both are where they should be, once."""
    sandbox.world.switches["x.duplicate_window"] = 0
    sandbox.world.faults.replace([Fault("store-then-delay", "x", "create", seconds=1.5)])
    short = {"CAMPAIGN__DISPATCH__LEASE": "3s", "CAMPAIGN__DISPATCH__CALL_TIMEOUT": "1.5s"}
    desk = sqlite_desk
    with daemon(here.folder, SLOW_BEAT | short) as process:
        soon = seconds_ahead(6)
        desk.write_timetable([("first", "hello", ["x"], soon), ("second", "second", ["x"], seconds_ahead(10))])
        here.run("queue")
        here.approve(*(post["id"] for post in here.posts()))
        assert comes_true(40, lambda: bool(sandbox.world.stored("x")))
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(7)
        os.kill(process.pid, signal.SIGCONT)
        done = lambda: all(post["status"] == "published" for post in here.posts())  # noqa: E731
        assert comes_true(60, done), here.posts()
    shown = Counter((post.account, post.raw or post.text) for post in sandbox.world.stored("x"))
    assert len(shown) == 4
    assert set(shown.values()) == {1}


def test_beyond_the_grace_a_stopped_process_sends_nothing(
    here: Terminal, sqlite_desk: Workshop, sandbox: Sandbox, tmp_path: Path
) -> None:
    del tmp_path
    with daemon(here.folder, SLOW_BEAT | {"CAMPAIGN__DISPATCH__GRACE": "2s"}) as process:
        due = seconds_ahead(6)
        found = queued(sqlite_desk, here, 6)
        os.kill(process.pid, signal.SIGSTOP)
        time.sleep(max(0.0, (due - seconds_ahead(-1)).total_seconds()) + 5)
        os.kill(process.pid, signal.SIGCONT)
        here.run("users", "add", "eve", "--role", "reviewer")  # any nudge; the beat would find it too
        assert comes_true(30, lambda: {status(here, ident) for ident in found.values()} == {"missed"})
    assert sandbox.world.stored("x") == []
