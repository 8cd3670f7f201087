"""`campaign demo`, as a newcomer sees it: posts and mail at once, a log that grows, Ctrl-C, and on where it was."""

import csv
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from campaign import demo

PROGRAM = Path(sys.executable).with_name("campaign")
DATA = Path(demo.__file__).parent / "data"
PORTS = ["--port", "0", "--smtp-port", "0", "--web-port", "0"]
PATIENCE = 150.0  # seconds, on a machine that runs other tests as well; alone it takes a tenth of that


class Running:
    """A demo in a process of its own."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        self.screen = folder.with_suffix(".screen")
        environ = {name: value for name, value in os.environ.items() if not name.startswith("CAMPAIGN")}
        with self.screen.open("w") as out:
            command = [str(PROGRAM), "demo", "--folder", str(folder), *options]
            self.process = subprocess.Popen(command, stdout=out, stderr=out, env=environ)  # noqa: S603 - ours

    def address(self, title: str) -> str:
        shown = until(lambda: re.search(rf"{title} +(\S+)", self.screen.read_text()), self)
        return str(shown[1])

    def ledger(self) -> list[dict[str, Any]]:
        return json.loads(fetched(f"{self.address('Every account')}ledger"))  # type: ignore[no-any-return]

    def told(self, *command: str) -> Any:
        done = subprocess.run(  # noqa: S603 - ours
            [PROGRAM, "-w", self.folder, *command, "--json"], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    def new_links(self) -> list[str]:
        """New links to sign in, as a second terminal gets them."""
        command = [PROGRAM, "demo", "--folder", self.folder, "--links"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
        return re.findall(r"http\S+", done.stdout)


def fetched(address: str) -> str:
    with urlopen(address, timeout=60) as answer:  # noqa: S310 - an address on this machine that the demo printed
        return str(answer.read().decode())


def until(found: Any, running: Running) -> Any:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if value := found():
            return value
        assert running.process.poll() is None, running.screen.read_text()
        time.sleep(0.3)
    raise AssertionError(running.screen.read_text())


@contextmanager
def started(folder: Path, *options: str) -> Iterator[Running]:
    """Start a demo and end it as Ctrl-C does."""
    running = Running(folder, *options)
    try:
        yield running
        running.process.send_signal(signal.SIGINT)
        assert running.process.wait(PATIENCE) == 0, running.screen.read_text()
    finally:
        running.process.kill()
        running.process.wait()


def partners() -> dict[str, dict[str, str]]:
    with (DATA / "partners.csv").open(encoding="utf-8", newline="") as file:
        return {row["partner"]: row for row in csv.DictReader(file)}


def partner_of() -> dict[tuple[str, str], str]:
    with (DATA / "accounts.csv").open(encoding="utf-8", newline="") as file:
        return {(row["channel"], row["external_id"]): row["partner"] for row in csv.DictReader(file)}


def opened(ledger: list[dict[str, Any]]) -> bool:
    """Say whether the opening posts of every API account and all newsletters have arrived."""
    own = Counter(line["channel"] for line in ledger if line["channel"] != "email" and not line["share_of"])
    issues = [line for line in ledger if line["channel"] == "email" and "news." in line["account"]]
    return own["x"] >= 7 and own["facebook"] >= 9 and own["linkedin"] >= 6 and len(issues) == subscribers()


def subscribers() -> int:
    return sum(len(file.read_text().splitlines()) - 1 for file in (DATA / "lists").glob("*.csv"))


def check_words(ledger: list[dict[str, Any]]) -> None:
    """Read every message as a reviewer would."""
    known, owners = partners(), partner_of()
    for line in ledger:
        text = line["text"].replace("\r\n", "\n")
        assert not re.search(r"\{\{|\{%|\}\}|⟦|\bNone\b|\n\n\n", text), text
        if line["share_of"] or (line["channel"] == "email" and "news." not in line["account"]):
            continue
        key = line["account"].split("@")[0].removeprefix("news.")
        partner = known[owners.get((line["channel"], line["account"]), key)]
        assert (partner["x_line"] if line["channel"] == "x" else partner["own_words"]) in text.replace("\n ", " ")
        if line["channel"] in {"facebook", "linkedin"}:
            assert partner["contact"] in text
            assert f"{partner['name']}, {partner['region']}".removesuffix(", ") in text
        if line["channel"] != "email":
            assert [item["alt"] for item in line["media"]] == ([partner["image_alt"]] if partner["image"] else [])


def test_posts_and_mail_stand_at_once_and_a_second_start_goes_on(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    with started(folder, *PORTS) as running:
        until(lambda: opened(running.ledger()), running)
        check_words(running.ledger())
        assert json.loads(fetched(running.address("Health")))["well"] is True
        for role in ("an officer", "a reviewer", "an admin"):
            assert "Sign in to the demo" in fetched(running.address(f"Sign in as {role}"))
        assert ["Sign in to the demo" in fetched(address) for address in running.new_links()] == [True] * 3
        feed = fetched(running.address("A feed on Facebook"))
        assert partners()["beechwood-grange"]["image_alt"] in feed
        until(lambda: any(line["share_of"] for line in running.ledger()), running)
        until(lambda: grown(running.told("log")), running)
        shared = until(lambda: to_share(running.ledger()), running)
        assert "Share this post of Department for Education: https://x.com/educationgovuk/status/" in shared[0]
        assert running.told("hand", "list")
        place = running.address("Every account")
    before = settled(running)
    assert "failed" not in running.screen.read_text()

    with closing(sqlite3.connect(folder / "campaign.db")) as database, database:  # as an older program left it
        database.execute("ALTER TABLE post DROP COLUMN slot_at")
        database.execute("ALTER TABLE post DROP COLUMN writers")
        database.execute("ALTER TABLE account DROP COLUMN added_at")
        for column in ("importing_at", "importing_file", "importing_digest"):
            database.execute(f"ALTER TABLE mailinglist DROP COLUMN {column}")
        database.execute("DROP TABLE takedown")
        database.execute("UPDATE alembic_version SET version_num = '0034'")
    with started(folder) as again:
        assert again.address("Every account") == place
        until(lambda: "published" in again.screen.read_text(), again)
        ledger = again.ledger()
        after = settled(again)
    assert before.keys() == after.keys()
    assert all(after[post] == status for post, status in before.items() if status == "published")
    assert "approved" in after.values()
    check_words(ledger)
    posted = Counter((line["channel"], line["account"], line["text"], line["share_of"]) for line in ledger)
    assert {line for line, count in posted.items() if count > 1 and line[0] != "email"} == set()
    letters = Counter(line["message_id"] for line in ledger if line["channel"] == "email")
    assert max(letters.values()) == 1


def to_share(ledger: list[dict[str, Any]]) -> list[str]:
    """Return the letters that ask an officer to share a post by hand."""
    return [line["text"] for line in ledger if line["channel"] == "email" and "Share this post" in line["text"]]


def grown(log: list[dict[str, Any]]) -> bool:
    """Say whether some post's impressions have grown from one reading to the next."""
    seen: dict[str, list[int]] = {}
    for row in log:
        if row["impressions"] is not None:
            seen.setdefault(row["id"], []).append(row["impressions"])
    return any(len(counts) > 1 and counts[-1] > counts[0] for counts in seen.values())


def settled(running: Running) -> dict[str, str]:
    return {row["id"]: row["status"] for row in running.told("posts", "list")}


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")
    done = subprocess.run(  # noqa: S603 - ours
        [PROGRAM, "demo", "--folder", tmp_path, "--fresh"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "holds something that is no demo" in done.stderr
    assert (tmp_path / "thesis.txt").read_text() == "years of work"
