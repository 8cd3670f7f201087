"""What people decide, carried out: held, released, published by hand, taken down."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from daemons import comes_true, free_port
from terminal import Terminal
from workshop import CAMPAIGN, Workshop, seconds_ahead

from campaign.sandbox.server import Sandbox


def by_channel(desk: Workshop) -> dict[str, dict[str, Any]]:
    return {post["channel"]: post for post in desk.posts("--partner", "oak")}


def on_platforms(sandbox: Sandbox) -> set[str]:
    return {str(entry["channel"]) for entry in sandbox.world.ledger() if entry["channel"] != "email"}


def test_hold_release_by_hand_and_take_down(sqlite_desk: Workshop, sandbox: Sandbox) -> None:
    desk = sqlite_desk
    accounts = desk.folder / "accounts.csv"
    kept = [line for line in accounts.read_text().splitlines() if not line.startswith("elm") and "email" not in line]
    accounts.write_text("\n".join(kept).replace("oak,x,@oak,1000,api", "oak,x,@oak,1000,by-hand") + "\n")
    desk.write_config()
    desk.write_copy()
    desk.write("partners.csv", "partner,name,contact_email,line\noak,Oak School,comms@oak.example.org,Our own line\n")
    desk.write_timetable([("first", "hello", ["x", "facebook", "linkedin"], seconds_ahead(0))])
    desk.run("init", str(desk.folder))
    desk.run("partners", "import", str(desk.folder / "partners.csv"))
    desk.run("accounts", "import", str(accounts))
    desk.run("users", "add", "rita", "--role", "reviewer")
    desk.write_timetable([("first", "hello", ["x", "facebook", "linkedin"], desk.soon(8, 20))])
    desk.run("queue")
    desk.approve_all()
    desk.run("hold", "channel:facebook", "--reason", "a wrong figure", "--as", "rita")

    desk.run("run", "--until-idle")
    found = by_channel(desk)
    assert {name: post["status"] for name, post in found.items()} == {
        "x": "by_hand",
        "facebook": "approved",
        "linkedin": "published",
    }
    assert on_platforms(sandbox) == {"linkedin"}

    assert "sent at once" in desk.run("release", "channel:facebook", "--dry-run", "--as", "rita")
    desk.run("release", "channel:facebook", "--as", "rita")
    desk.run("run", "--until-idle")
    assert on_platforms(sandbox) == {"linkedin", "facebook"}

    waiting = desk.json("hand", "list")[0]
    ready = desk.json("hand", "show", waiting["id"])
    assert "Our own line" in ready["text"]
    assert ready["compose_url"].startswith("https://x.com/intent/")
    desk.run("hand", "done", waiting["id"], "--url", "https://x.com/oak/status/1")
    assert by_channel(desk)["x"]["status"] == "published"
    asked = [mail for mail in sandbox.world.ledger() if mail["channel"] == "email"]
    assert any("comms@oak.example.org" in str(mail["to"]) for mail in asked)

    desk.run("retract", "channel:facebook", "--reason", "asked by DfE", "--as", "rita")
    desk.run("run", "--until-idle")
    assert on_platforms(sandbox) == {"linkedin"}
    assert by_channel(desk)["facebook"]["status"] == "retracted"
    assert desk.json("audit", "--verify")["whole"] is True


@contextmanager
def daemon(desk: Workshop, port: int) -> Iterator[subprocess.Popen[str]]:
    """A daemon with its pages, in a process of its own; it beats once a minute, so that only nudges are quick."""
    desk.environ |= {"CAMPAIGN__DISPATCH__BEAT": "60s", "CAMPAIGN__WEB__LISTEN": f"127.0.0.1:{port}"}
    command = [str(CAMPAIGN), "-w", str(desk.folder), "run", "--web"]
    with subprocess.Popen(command, env=os.environ | desk.environ, stderr=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process
        finally:
            process.kill()


def is_well(port: int) -> bool:
    try:
        return requests.get(f"http://127.0.0.1:{port}/healthz", timeout=2).status_code == 200
    except requests.ConnectionError:
        return False


def test_a_running_daemon_hears_of_decisions_at_once_and_lets_no_second_one_in(
    sqlite_desk: Workshop, sandbox: Sandbox
) -> None:
    desk, port = sqlite_desk, free_port()
    desk.write_config()
    desk.write_copy()
    desk.write_people()
    desk.write_timetable([("first", "hello", ["x"], seconds_ahead(0))])
    desk.open()
    here = Terminal(desk.folder)  # quick commands: what is timed here is the daemon, not the start of a process
    with daemon(desk, port) as process:
        assert comes_true(60, lambda: is_well(port))
        assert "Another process already dispatches" in desk.run("run", code=2)
        desk.write_timetable([("first", "hello", ["x"], seconds_ahead(8))])
        here.run("queue")
        oak, elm = (here.posts("--partner", name)[0]["id"] for name in ("oak", "elm"))
        here.run("hold", "partner:elm", "--reason", "a wrong figure", "--as", "rita")
        here.approve(oak, elm)
        assert comes_true(30, lambda: on_platforms(sandbox) == {"x"}), "the approval was not heard of before the beat"
        assert comes_true(5, lambda: here.json("posts", "show", oak)["status"] == "published")
        assert here.json("posts", "show", elm)["status"] == "approved"
        here.run("release", "partner:elm", "--as", "rita")
        assert comes_true(15, lambda: len(sandbox.world.ledger()) == 2), "the release was not heard of before the beat"
        process.terminate()
        assert process.wait(20) == 0
        assert "Traceback" not in (process.stderr.read() if process.stderr else "")
    assert not is_well(port)
    assert not (desk.folder / ".campaign.sock").exists()
