"""Dispatch while its database is locked, gone, full, removed: nothing is sent unwritten, no receipt is lost."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from time import monotonic, sleep

import psycopg
import pytest
import structlog
from dispatch_room import POLICY, SECOND, Room, claim_next, opened_room
from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from campaign.dispatch import dispatcher, lane
from campaign.dispatch.retry import Policy
from campaign.engine.local import LocalEngine
from campaign.errors import NeverSent
from campaign.models import database, lanes
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.sandbox.server import Sandbox

QUICK = replace(POLICY, lookups=(timedelta(seconds=0.2),), lookup_spread=timedelta(seconds=0.4), call_timeout=SECOND)
PATIENCE = 30.0
HOLDER = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None, timeout=30)
connection.execute("BEGIN IMMEDIATE")
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a lock as long as a test can, not as long as a program should."""
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0.2)


@pytest.fixture
def room(database_url: str, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    # Nothing but the program itself may prevent a second post.
    sandbox.world.switches["facebook.duplicate_window"] = 0
    yield from opened_room("facebook", sandbox, tmp_path, url=database_url)


class Told(list[str]):
    """What the dispatcher says, with how the post ended."""

    def __call__(self, _logger: object, _level: str, event: dict[str, object]) -> dict[str, object]:
        self.append(": ".join(str(event[name]) for name in ("event", "end") if name in event))
        raise structlog.DropEvent


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    lines = Told()
    monkeypatch.setattr(dispatcher, "log", structlog.wrap_logger(None, processors=[lines]))
    return lines


@contextmanager
def running(room: Room, policy: Policy = QUICK) -> Iterator[LocalEngine]:
    engine = LocalEngine(replace(room.means, policy=policy, stopping=Event()), threads=4, beat=SECOND)
    engine.start()
    try:
        yield engine
    finally:
        engine.stop()


@contextmanager
def away(room: Room) -> Iterator[None]:
    """Let nobody write: another process holds the file's lock, or the server lets nobody in and throws all out."""
    outage = _locked if room.means.database.is_sqlite else _shut
    with outage(room):
        yield


@contextmanager
def _locked(room: Room) -> Iterator[None]:
    file = str(room.means.database.url.database)
    with subprocess.Popen(  # noqa: S603 - our own words
        [sys.executable, "-c", HOLDER, file], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


@contextmanager
def _shut(room: Room) -> Iterator[None]:
    name = room.means.database.url.database
    with _master(room) as master:
        master.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        _throw_out(room)
        yield
        master.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


@contextmanager
def _master(room: Room) -> Iterator[psycopg.Connection]:
    url = make_url(room.means.database.url).set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as master:
        yield master


def _throw_out(room: Room) -> None:
    with _master(room) as master:
        master.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
            [room.means.database.url.database],
        )


def until(true: Callable[[], bool], what: str) -> None:
    end = monotonic() + PATIENCE
    while not true():
        assert monotonic() < end, f"{what}: not within {PATIENCE:.0f} s"
        sleep(0.02)


def published(room: Room, *post_ids: int) -> Callable[[], bool]:
    return lambda: all(room.seen(ident).status == Status.PUBLISHED for ident in post_ids)


def test_a_receipt_that_cannot_be_written_is_kept_and_written_when_the_database_is_back(room: Room) -> None:
    room.goes_wrong("store-then-delay", seconds=0.5)
    post_id = room.post("Have your say")
    with running(room):
        until(lambda: len(room.shown()) == 1, "sent")
        with away(room):
            sleep(1.5)  # the answer has come, and could not be written
        until(published(room, post_id), "written")
    found = room.seen(post_id)
    assert [found.external_id] == room.shown()
    assert room.attempts(post_id) == ["posted"]
    assert found.looks == 0, "the receipt was lost, and the post had to be looked up"


def test_an_outage_beyond_the_lease_costs_no_post_its_place_and_sends_none_twice(room: Room) -> None:
    room.goes_wrong("store-then-delay", seconds=0.5, times=1)
    first, second = room.post("Have your say"), room.post("Tell us too", partner="elm")
    with running(room):
        until(lambda: len(room.shown()) >= 1, "sent")
        with away(room):
            sleep(1.0)
            room.later(POLICY.lease + SECOND)
        until(published(room, first, second), "both known")
    assert sorted(room.shown()) == sorted(str(room.seen(ident).external_id) for ident in (first, second))


def test_nothing_is_sent_before_its_attempt_can_be_written(room: Room) -> None:
    post_id = room.post("Have your say")
    with ExitStack() as stack:
        with away(room):
            stack.enter_context(running(room))
            sleep(1.5)
            assert room.shown() == []
        until(published(room, post_id), "published when the database is back")
    assert len(room.shown()) == 1
    assert room.attempts(post_id) == ["posted"]


def test_a_share_whose_original_cannot_be_asked_for_leaves_no_doubt(room: Room) -> None:
    room.post("The launch", partner="elm", slot="launch")
    room.serve("elm")
    post_id = room.post("", share_of="launch@elm")
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    with away(room):
        done = lane.send(room.means, claimed)
    assert isinstance(done.result, NeverSent)
    lane.turn(room.means, [done], ())
    assert room.seen(post_id).status == Status.APPROVED
    room.come_to_rest()
    assert (room.attempts(post_id), len(room.shown())) == (["never-sent", "posted"], 2)


def test_a_stop_while_the_database_is_away_waits_for_a_lease_and_no_longer(room: Room, told: list[str]) -> None:
    room.goes_wrong("store-then-delay", seconds=1.6, times=1)
    post_id = room.post("Have your say")
    policy = replace(QUICK, lease=8 * SECOND)
    engine = LocalEngine(replace(room.means, policy=policy, stopping=Event()), threads=4, beat=SECOND)
    engine.start()
    until(lambda: len(room.shown()) == 1, "sent")
    with away(room):
        stopped = Thread(target=engine.stop)
        stopped.start()
        stopped.join(3.0)
        assert stopped.is_alive(), "it did not wait for the database"
        stopped.join(30.0)
        assert not stopped.is_alive(), "it waits without end"
    assert f"left unwritten; it is looked up later: {room.shown()[0]}" in told
    with running(room):
        until(published(room, post_id), "looked up by the next process")
    assert [room.seen(post_id).external_id] == room.shown()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_connections_cut_over_and_over_lose_and_double_nothing(room: Room) -> None:
    room.goes_wrong("store-then-delay", seconds=0.05)
    posts = [room.post(f"Word {number}", partner=("oak", "elm")[number % 2]) for number in range(12)]
    with running(room) as engine:
        end = monotonic() + PATIENCE
        while not published(room, *posts)():
            assert monotonic() < end, [room.seen(ident).status for ident in posts]
            room.later(20 * SECOND)  # the pace of the accounts
            engine.wake()
            sleep(0.1)
            if monotonic() < end - PATIENCE / 2:
                _throw_out(room)
            with_patience(lambda: room.seen(posts[0]))
    assert sorted(room.shown()) == sorted(str(room.seen(ident).external_id) for ident in posts)


def with_patience(read: Callable[[], object]) -> None:
    """Read again where the connection was just cut: tests are thrown out too."""
    for _ in range(20):
        try:
            read()
        except database.DatabaseAway:
            sleep(0.05)
        else:
            return


# --- faults of ours, which no waiting mends ---------------------------------------------------------------------------


def forbid(room: Room, status: Status, post_id: int) -> None:
    """Let the database refuse one post its next state, as a constraint does that the program runs into."""
    wrong = f"NEW.status = '{status}' AND NEW.id = {post_id}"
    if room.means.database.is_sqlite:
        told = [f"CREATE TRIGGER refuses BEFORE UPDATE ON post WHEN {wrong} BEGIN SELECT RAISE(ABORT, 'no'); END"]
    else:
        told = [
            "CREATE FUNCTION refuses() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$",
            f"CREATE TRIGGER refuses BEFORE UPDATE ON post FOR EACH ROW WHEN ({wrong}) EXECUTE FUNCTION refuses()",
        ]
    with room.means.database.write() as session:
        for statement in told:
            session.connection().exec_driver_sql(statement)


def permit(room: Room) -> None:
    where = "" if room.means.database.is_sqlite else " ON post"

    def dropped() -> bool:
        """The engine writes meanwhile, and in this room nobody waits long for the other."""
        with suppress(OperationalError), room.means.database.write() as session:
            session.connection().exec_driver_sql(f"DROP TRIGGER refuses{where}")
            return True
        return False

    until(dropped, "what refuses was taken away")


def test_an_end_that_cannot_be_written_costs_the_others_nothing_and_is_looked_up(room: Room, told: list[str]) -> None:
    room.goes_wrong("store-then-delay", seconds=0.5)
    broken, other = room.post("Have your say"), room.post("Tell us too", partner="elm")
    forbid(room, Status.PUBLISHED, broken)
    with running(room, replace(QUICK, lease=4 * SECOND)):
        until(published(room, other), "the other one written")
        until(lambda: room.seen(broken).status == Status.UNCONFIRMED, "declared lost")
        permit(room)
        until(published(room, broken), "looked up")
    assert sorted(room.shown()) == sorted(str(room.seen(ident).external_id) for ident in (broken, other))
    assert any(line.startswith("an end cannot be written") for line in told)
    assert "database away" not in told


def test_a_claim_that_breaks_rests_and_costs_the_others_nothing(room: Room, told: list[str]) -> None:
    broken, other = room.post("Have your say"), room.post("Tell us too", partner="elm")
    forbid(room, Status.PUBLISHING, broken)
    with running(room) as engine:
        until(published(room, other), "the other one written")
        sleep(2.5)
        permit(room)
        room.later(timedelta(minutes=1))
        engine.wake()
        until(published(room, broken), "claimed after its rest")
    assert told.count("nothing can be claimed of an account") == 1
    assert "database away" not in told


# --- SQLite alone -----------------------------------------------------------------------------------------------------


@pytest.fixture
def little_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of three megabytes."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or not _done("mount", "-t", "tmpfs", "-o", "size=3m", "little", str(disk)):
        pytest.skip("only root may mount a little disk")
    yield disk
    assert _done("umount", "-l", str(disk))


def _done(*command: str) -> bool:
    return subprocess.run(command, check=False).returncode == 0  # noqa: S603 - our own words


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Let not one byte more fit on the disk."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (65536, 4096, 1):
            try:
                while True:
                    file.write(b"x" * size)
            except OSError:
                continue
    yield
    filler.unlink()


@pytest.fixture
def cramped(little_disk: Path, sandbox: Sandbox) -> Iterator[Room]:
    sandbox.world.switches["facebook.duplicate_window"] = 0
    yield from opened_room("facebook", sandbox, little_disk)


def test_on_a_full_disk_nothing_goes_out_and_all_goes_out_when_there_is_room_again(
    cramped: Room, little_disk: Path
) -> None:
    post_id = cramped.post("Have your say")
    with ExitStack() as stack:
        with full(little_disk):
            stack.enter_context(running(cramped))
            sleep(1.5)
            assert cramped.shown() == []
            assert cramped.seen(post_id).status == Status.APPROVED
        until(published(cramped, post_id), "published when there is room")
    assert [cramped.seen(post_id).external_id] == cramped.shown()


def test_a_disk_that_fills_in_mid_send_loses_no_receipt(cramped: Room, little_disk: Path) -> None:
    cramped.goes_wrong("store-then-delay", seconds=0.7)
    post_id = cramped.post("Have your say")
    with running(cramped):
        until(lambda: len(cramped.shown()) == 1, "sent")
        with full(little_disk):
            sleep(1.5)
            assert cramped.seen(post_id).status == Status.PUBLISHING
        until(published(cramped, post_id), "written")
    assert [cramped.seen(post_id).external_id] == cramped.shown()
    assert cramped.attempts(post_id) == ["posted"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_file_that_was_removed_is_not_written_on_and_sends_nothing(room: Room) -> None:
    file = Path(str(room.means.database.url.database))
    post_id = room.post("Have your say")
    with room.means.database.write() as session:
        post = session.get_one(Post, post_id)
        post.due_at = post.next_try_at = room.means.clock.now() + timedelta(hours=1)
        session.add(post)
    with running(room) as engine:
        sleep(0.5)
        away_to = file.rename(file.with_suffix(".away"))
        Path(f"{file}-wal").rename(f"{away_to}-wal")
        room.later(timedelta(minutes=61))
        engine.wake()
        sleep(1.5)
        assert not file.exists(), "a new, empty database was made in its place"
        assert room.shown() == [], "it was sent, and noted in a file that nobody will read"
        Path(f"{away_to}-wal").rename(f"{file}-wal")
        away_to.rename(file)
        until(published(room, post_id), "published when the file is back")
    with room.means.database.read() as session:
        assert len(lanes.attempts(session, post_id)) == 1
