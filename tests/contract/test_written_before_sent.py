"""The attempt is on disk before the first byte leaves: seen from outside, in the calls that the kernel gets."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from dispatch_room import Room, opened_room, serve
from relay import Relay
from sqlalchemy import Connection, event

from campaign.models import Database, lanes
from campaign.models.status import Status
from campaign.sandbox.server import Sandbox

CALLS = "trace=fsync,fdatasync,pwrite64,write,connect,sendto,sendmsg"
TESTS = Path(__file__).parents[1]


def test_on_sqlite_the_log_is_synced_between_the_attempt_and_the_first_byte(sandbox: Sandbox, tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace is not there; scripts/test-needs installs it")
    for room in opened_room("facebook", sandbox, tmp_path):
        post_id, url = room.post("Have your say"), sandbox.urls["facebook"]
        calls = traced(tmp_path, url, room.accounts["oak"])
        assert room.seen(post_id).status == Status.PUBLISHED
    contact = first(calls, rf"connect\(.*htons\({urlsplit(url).port}\)")
    written = last(calls[:contact], r"(pwrite64|write)\(\d+<[^>]*room\.db-wal>")
    synced = last(calls[:contact], r"f(data)?sync\(\d+<[^>]*room\.db-wal>.* = 0")
    assert written < synced < contact, "\n".join(calls[max(0, written - 3) : contact + 1])


def traced(folder: Path, url: str, account_id: int) -> list[str]:
    """Let a process of its own serve the account, and return its calls in order."""
    out = folder / "calls"
    command = ["strace", "-f", "-y", "-s", "64", "-e", CALLS, "-o", str(out), sys.executable]
    command += [str(TESTS / "one_sender.py"), str(folder), url, str(account_id)]
    paths = os.pathsep.join([str(TESTS), str(TESTS.parent)])
    subprocess.run(command, check=True, timeout=100, env=os.environ | {"PYTHONPATH": paths})  # noqa: S603 - our own words
    return out.read_text("utf-8", "replace").splitlines()


def first(calls: list[str], pattern: str) -> int:
    return next(place for place, call in enumerate(calls) if re.search(pattern, call))


def last(calls: list[str], pattern: str) -> int:
    return max(place for place, call in enumerate(calls) if re.search(pattern, call))


def test_the_attempt_is_committed_and_on_postgresql_flushed_when_the_first_byte_arrives(
    database_url: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    flushed: list[bool] = []
    with Relay(urlsplit(sandbox.urls["facebook"])) as relay:
        for room in opened_room("facebook", sandbox, tmp_path, url=database_url, address=relay.url):
            with_mark(room, relay, flushed)
    assert flushed == [True]


def with_mark(room: Room, relay: Relay, flushed: list[bool]) -> None:
    """Send a post, and note at its first byte whether its attempt was durable."""
    post_id, mark = room.post("Have your say"), Mark(room.means.database)
    relay.ask = lambda: flushed.append(mark.is_flushed(post_id))
    serve(room.means, room.accounts["oak"])
    assert room.seen(post_id).status == Status.PUBLISHED
    mark.database.close()


class Mark:
    """Where the server's log stood right before the last commit, and whether it is on disk beyond that."""

    def __init__(self, database: Database) -> None:
        self.database = Database(database.url.render_as_string(hide_password=False), connections=1)
        self._before: str | None = None
        if not database.is_sqlite:
            event.listen(database.engine, "commit", self._note)

    def _note(self, connection: Connection) -> None:
        self._before = connection.exec_driver_sql("SELECT pg_current_wal_insert_lsn()").scalar_one()

    def is_flushed(self, post_id: int) -> bool:
        """Say whether another connection sees the open attempt, and the server's log is flushed beyond its commit."""
        with self.database.read() as session:
            (attempt,) = lanes.attempts(session, post_id)
            if self._before is None:
                return attempt.closed_at is None
            question = f"SELECT pg_current_wal_flush_lsn() > '{self._before}'::pg_lsn"
            beyond: bool = session.connection().exec_driver_sql(question).scalar_one()
            return beyond and attempt.closed_at is None
