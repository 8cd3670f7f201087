"""The engine of many machines on a real PostgreSQL: told ahead, woken by others, refused where it cannot run."""

import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from builders import add_account, add_post, put_due, seed
from conftest import MovedClock
from terminal import CONFIG, Terminal, opened_terminal

from campaign.app import App
from campaign.engine.cluster import ClusterEngine
from campaign.errors import ExtraMissing, WrongUse
from campaign.models import Database, feed, holds, jobs, lanes, upkeep
from campaign.models.holds import Hold
from campaign.models.posts import Post
from campaign.models.status import Status

SECOND = timedelta(seconds=1)
AHEAD = timedelta(minutes=2)


@pytest.fixture
def store(postgres_url: str) -> Iterator[Database]:
    opened = Database(postgres_url, connections=8)
    opened.upgrade()
    yield opened
    opened.close()


@pytest.fixture
def terminal(tmp_path: Path, postgres_url: str) -> Terminal:
    more = f'[database]\nurl = "{postgres_url}"\n[engine]\nkind = "pgqueuer"\n[dispatch]\nbeat = "1m"\n'
    more += '[channels.email]\nsmtp_url = "smtp://127.0.0.1:9"\n'
    opened = opened_terminal(tmp_path, CONFIG + more)
    opened.run("queue")
    return opened


def coming(store: Database, clock: MovedClock) -> list[tuple[int, float]]:
    with store.read() as session:
        found = feed.coming(session, clock.now(), clock.now() + AHEAD)
    return [(item.post_id, (item.at - clock.now()).total_seconds()) for item in found]


def test_what_falls_due_within_two_minutes_is_fed_and_what_is_due_is_not(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        account = add_account(session, clock.now())
        posts = [add_post(session, account, clock.now() + after * SECOND).ident for after in (0, 30, 120, 121)]
    assert coming(store, clock) == [(posts[1], 30), (posts[2], 120)]


def test_one_post_speaks_for_those_of_its_account_that_go_at_the_same_instant(
    store: Database, clock: MovedClock
) -> None:
    with store.write() as session:
        account, other = add_account(session, clock.now()), add_account(session, clock.now())
        first, *_ = [add_post(session, account, clock.now() + 30 * SECOND).ident for _ in range(3)]
        alone = add_post(session, other, clock.now() + 30 * SECOND).ident
    assert sorted(coming(store, clock)) == [(first, 30), (alone, 30)]


def test_what_a_lane_or_a_hold_keeps_back_is_fed_when_it_may_go(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        account, held = add_account(session, clock.now()), add_account(session, clock.now())
        due = add_post(session, account, clock.now() - SECOND).ident
        add_post(session, held, clock.now() + SECOND)
        lanes.pace_lane(session, account.ident, clock.now() + 60 * SECOND, "pace")
        session.add(Hold(scope=f"account:{held.ident}", reason="r", held_by="h", held_at=clock.now()))
    assert coming(store, clock) == [(due, 60)]
    with store.read() as session:
        assert len(holds.active(session)) == 1


def test_a_new_try_or_version_of_a_post_has_a_key_of_its_own(store: Database, clock: MovedClock) -> None:
    _, (ident,) = seed(store, clock.now() + SECOND)
    keys = set()
    for name in ("version", "tries", ""):
        with store.write() as session:
            (item,) = feed.coming(session, clock.now(), clock.now() + AHEAD)
            keys.add(item.key)
            if name:
                post = session.get_one(Post, ident)
                setattr(post, name, getattr(post, name) + 1)
    assert len(keys) == 3


def test_the_schema_of_the_library_is_made_once_and_made_again_without_harm(
    terminal: Terminal, postgres_url: str
) -> None:
    terminal.run("db", "upgrade")
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as wire:
        found = wire.execute("SELECT tablename FROM pg_tables WHERE schemaname = %s", [jobs.SCHEMA]).fetchall()
    assert ("pgqueuer",) in found


def test_names_in_the_environment_change_nothing(monkeypatch: pytest.MonkeyPatch, postgres_url: str) -> None:
    import importlib  # noqa: PLC0415

    for name in ("CHANNEL", "PGQUEUER_SCHEMA", "QUEUE_TABLE", "PGQUEUER_PREFIX"):
        monkeypatch.setenv(name, "other")
    again = importlib.reload(jobs)
    assert (again._NAMES.channel, again._NAMES.qualified.queue_table) == (jobs.SCHEMA, f"{jobs.SCHEMA}.pgqueuer")


def test_without_the_librarys_tables_the_engine_says_what_to_run(
    terminal: Terminal, app: App, postgres_url: str
) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as wire:
        wire.execute(f"DROP SCHEMA {jobs.SCHEMA} CASCADE")
    with pytest.raises(WrongUse, match="campaign db upgrade"):
        app.engine()
    terminal.run("db", "upgrade")
    assert isinstance(app.engine(), ClusterEngine)


def test_without_the_library_the_extra_is_named(app: App, monkeypatch: pytest.MonkeyPatch, terminal: Terminal) -> None:
    monkeypatch.setitem(sys.modules, "pgqueuer", None)
    with pytest.raises(ExtraMissing, match=r"campaign\[cluster\]"):
        app.engine()
    assert "campaign[cluster]" in terminal.run("db", "upgrade", code=2)
    assert "campaign[cluster]" in terminal.run("worker", code=2)


def test_a_worker_is_refused_on_the_engine_of_one_machine(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path)
    said = terminal.run("worker", code=2)
    assert said.count("\n") == 1
    assert "here are local and sqlite" in said


def test_on_sqlite_the_engine_of_many_machines_is_refused(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path)
    terminal.write("config.toml", CONFIG + '[engine]\nkind = "pgqueuer"\n')
    said = terminal.run("worker", code=2)
    assert said.count("\n") == 1
    assert "PostgreSQL" in said


def until(app: App, ident: int, wanted: Status) -> bool:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        with app.database.read() as session:
            if session.get_one(Post, ident).status == wanted:
                return True
        time.sleep(0.05)
    return False


def test_a_nudge_of_another_process_is_heard_on_every_machine(
    app: App, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("campaign.engine.cluster.SWEEP", timedelta(minutes=1))
    heard = list[int]()
    engine = app.engine()
    engine.start()
    try:
        with app.listening(engine.wake), app.listening(lambda: heard.append(1)):
            time.sleep(1)
            heard.clear()
            put_due(app, 1, app.clock.now())
            terminal.run("users", "add", "eve", "--role", "reviewer")  # any writing command nudges
            assert until(app, 1, Status.BY_HAND)
        assert heard
    finally:
        engine.stop()


def test_a_listener_outlives_the_loss_of_its_connection(app: App, postgres_url: str) -> None:
    heard = list[int]()
    with app.listening(lambda: heard.append(1)):
        await_more(heard, 0)
        with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as wire:
            wire.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'campaign nudges'"
            )
        await_more(heard, 1)  # it listens anew, and looks at once
        app.nudge()
        await_more(heard, 2)


def await_more(heard: list[int], than: int) -> None:
    end = time.monotonic() + 20
    while len(heard) <= than:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_the_silent_transaction_of_a_stopped_process_is_ended(store: Database) -> None:
    with store.read() as session:
        session.connection().exec_driver_sql("SELECT 1")
        shown = session.connection().exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar()
    assert shown == "30s"


def test_a_look_up_is_made_by_one_machine(store: Database, clock: MovedClock) -> None:
    with store.write() as session:
        account = add_account(session, clock.now())
        changes = {"next_look_at": clock.now()}
        ident = add_post(session, account, clock.now(), status=Status.UNCONFIRMED, changes=changes).ident
    with store.write() as session:
        assert upkeep.claim_look(session, ident, clock.now(), clock.now() + SECOND)
        assert not upkeep.claim_look(session, ident, clock.now(), clock.now() + SECOND)
        clock.move(SECOND)
        assert upkeep.claim_look(session, ident, clock.now(), clock.now() + SECOND)
        upkeep.set_needs_person(session, ident, "ask")
        clock.move(SECOND)
        assert not upkeep.claim_look(session, ident, clock.now(), clock.now() + SECOND)
