"""The one way to the database: short read and write transactions on SQLite or PostgreSQL.

SQLite follows four rules: WAL, ``synchronous=FULL``, the driver's own transaction handling switched off (isolation
level None) with an explicit BEGIN, and BEGIN IMMEDIATE for every writer, so that a writer waits at the door instead of
failing half-way ("database is locked" on upgrade of a read lock).
"""

import fcntl
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection
from sqlmodel import Session, SQLModel

from campaign.errors import AlreadyRunning
from campaign.models.postgres import CONNECT, check_line
from campaign.models.types import table_of

if TYPE_CHECKING:
    from alembic.config import Config

DatabaseAway = SQLAlchemyError
"""What any statement may raise when the database cannot be used, for rooms that must live on without it."""

_BUSY_SECONDS = 30.0
_INODE = "inode"
_MANY = 10_000  # posts
_SAMPLE = 1000  # rows of each index
_STATES = 5  # among which most posts are spread
# As SQLite keeps it: how many rows an index has, how many share its first column, its first two. Untold, it takes ten
# posts to have one state, and reads and sorts all that are approved where another index has them in order.
_TYPICAL = {"post_status_due": "1000000 200000 1", "post_due": "200000 1 1"}
_WRITES: dict[str, Any] = {"campaign_writes": True, "postgresql_readonly": False}
# One way to the server and back for each question: no transaction around it, nothing to roll back after it.
_AT_ONCE: dict[str, Any] = {"isolation_level": "AUTOCOMMIT"}
_ONE_INSTANT: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


class Database:
    """A database by its URL. Thread-safe; one per process."""

    def __init__(self, url: str, *, connections: int = 40) -> None:
        self.url = make_url(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._open(connections)
        self._writer = self.engine.execution_options(**_WRITES)
        self._reader = self.engine if self.is_sqlite else self.engine.execution_options(**_AT_ONCE)
        self._asked = self.engine if self.is_sqlite else self._open_for_questions()

    def _open(self, connections: int) -> Engine:
        if not self.is_sqlite:
            engine = self._server(pool_size=connections, max_overflow=10)
            event.listen(engine, "checkout", check_line)
            return engine
        file = SqliteFile(Path(self.url.database or ""))
        engine = sa.create_engine(self.url, pool_size=connections, max_overflow=10, creator=file.connect)
        event.listen(engine, "connect", file.note)
        event.listen(engine, "checkout", file.check)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _open_for_questions(self) -> Engine:
        return self._server(**_AT_ONCE, pool_reset_on_return=None, pool_size=4, max_overflow=4)

    def _server(self, **more: Any) -> Engine:
        # Only a transaction that was opened to write may write: the server refuses it of any other.
        args = {**CONNECT, "options": f"{CONNECT['options']} -c default_transaction_read_only=on"}
        return sa.create_engine(self.url, connect_args=args, **more)

    def ask(self, question: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a small SELECT in the driver's words, as the database has them at this moment.

        Neither a session nor a transaction: each costs more than the question. Raises DatabaseAway.
        """
        try:
            with closing(self._asked.raw_connection()) as connection:
                return _answered(connection, question, given)
        except self._asked.dialect.loaded_dbapi.Error as error:
            # Between the driver and us there is nothing of SQLAlchemy's that would say it in its own errors.
            raise OperationalError(question, None, error) from error

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session for a few questions; nothing is written. A server answers each as things stand when it is
        asked: where answers must fit together, or rows are streamed, look ``at_one_instant``.
        """
        with Session(self._reader, expire_on_commit=False, autoflush=False) as session:
            yield session

    @contextmanager
    def at_one_instant(self) -> Iterator[Session]:
        """Open a read transaction that sees everything as it is at one instant, while others go on writing.

        On SQLite any transaction in WAL mode is that; on PostgreSQL it is REPEATABLE READ.
        """
        options = {} if self.is_sqlite else _ONE_INSTANT
        with Session(self.engine, expire_on_commit=False, autoflush=False) as session:
            session.connection(execution_options=options)
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a short write transaction; it commits at the end of the block and rolls back on an error."""
        with Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def upgrade(self) -> None:
        """Bring the schema to the newest migration."""
        self._make_file()
        with self._writer.connect() as connection:
            migrate(connection, "head")
            connection.commit()
        self.learn()

    def learn(self) -> None:
        """Let SQLite look at samples of its tables, so that it finds rows by the right index; PostgreSQL does so by
        itself (https://www.sqlite.org/lang_analyze.html). While there are few rows it is told what is typical instead:
        what it learnt of them would mislead it once there are many. Of what has few values a sample tells nothing.
        """
        if not self.is_sqlite:
            return
        with self._writer.connect() as connection:
            connection.exec_driver_sql(f"PRAGMA analysis_limit={_SAMPLE}")
            connection.exec_driver_sql("ANALYZE")
            posts = connection.exec_driver_sql("SELECT max(id) FROM post").scalar() or 0
            if posts < _MANY:
                connection.exec_driver_sql("DELETE FROM sqlite_stat1")
            told = {"post_status_due": f"{posts} {posts // _STATES} 1"} if posts >= _MANY else _TYPICAL
            for index, stat in told.items():
                connection.exec_driver_sql("DELETE FROM sqlite_stat1 WHERE idx = ?", (index,))
                connection.exec_driver_sql("INSERT INTO sqlite_stat1 VALUES ('post', ?, ?)", (index, stat))
            connection.commit()
        self.engine.dispose()  # a connection knows what was known when it was opened

    def _make_file(self) -> None:
        if self.is_sqlite and self.url.database:
            Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            Path(self.url.database).touch()

    def revision(self) -> str | None:
        """Return the migration that the schema stands at, None when it has none."""
        if self.is_sqlite and not Path(self.url.database or "").exists():
            return None
        with self.engine.connect() as connection:
            if not sa.inspect(connection).has_table("alembic_version"):
                return None
            found: str | None = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
            return found

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the right to dispatch from this database. Many machines may share a PostgreSQL; a SQLite file has one.

        The lock is the operating system's, so a killed process lets it go.

        Raises:
            AlreadyRunning: another process holds it.

        """
        if not self.is_sqlite:
            yield
            return
        self._make_file()
        with Path(f"{self.url.database}.lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise AlreadyRunning(database=self.url.database) from error
            yield

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        self._asked.dispose()


@dataclass(frozen=True, slots=True)
class SqliteFile:
    """The file of a SQLite database. It is never made by opening it, and never used once another stands in its place:
    who goes on writing to a file that was removed writes to what nobody will read.
    """

    path: Path

    def connect(self) -> sqlite3.Connection:
        """Open the file, which must be there."""
        address = f"file:{quote(str(self.path.absolute()))}?mode=rw"
        return sqlite3.connect(address, uri=True, isolation_level=None, timeout=_BUSY_SECONDS, check_same_thread=False)

    def note(self, _connection: DBAPIConnection, entry: ConnectionPoolEntry) -> None:
        """Remember which file the connection has opened."""
        entry.info[_INODE] = self._inode()

    def check(self, _connection: DBAPIConnection, entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
        """Refuse a connection to a file that stands no longer here; the pool then opens the one that does."""
        if entry.info.get(_INODE) != self._inode():
            raise DisconnectionError(f"{self.path} is not the file that was opened")

    def _inode(self) -> tuple[int, int] | None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return None
        return found.st_dev, found.st_ino


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema to a migration, in the transaction of the connection."""
    # Alembic takes a third of a command's start-up; only an upgrade pays for it.
    from alembic import command  # noqa: PLC0415

    config = _alembic()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def knows_migration(revision: str) -> bool:
    """Say whether this program has the migration: a newer program may have made the schema."""
    return revision in migrations()


def migrations() -> list[str]:
    """Return every migration that the program has, oldest first."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    return [script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions()][::-1]


def _alembic() -> "Config":
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(resources.files("campaign.models") / "migrations"))
    return config


def _answered(connection: PoolProxiedConnection, question: str, given: Sequence[Any]) -> list[tuple[Any, ...]]:
    try:
        cursor = connection.cursor()
        cursor.execute(question, tuple(given))
        return list(cursor.fetchall())
    except Exception as error:
        connection.invalidate(error)
        raise


def lease_now(session: Session, now: datetime) -> datetime:
    """Return the instant that leases are measured by: on PostgreSQL the database's own clock, else ``now``."""
    if session.get_bind().dialect.name == "postgresql":
        instant: datetime = session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
        return instant
    return now


def changed(session: Session, statement: sa.Update | sa.Delete) -> int:
    """Execute a guarded statement and return how many rows it touched."""
    result = session.execute(statement.execution_options(synchronize_session=False))
    return int(getattr(result, "rowcount", 0))


def insert_into(session: Session, rows: type[SQLModel]) -> postgresql.Insert | sqlite.Insert:
    """Return an INSERT that can be told what to do where a row is there already (``on_conflict_…``).

    It is one of the table: rows that are given to it when it is executed go in by one statement, compiled once.
    """
    table = table_of(rows)
    return postgresql.insert(table) if session.get_bind().dialect.name == "postgresql" else sqlite.insert(table)


def _prepare_sqlite(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={_BUSY_SECONDS * 1000:.0f}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = _WRITES.keys() <= connection.get_execution_options().keys()
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def unindexed(column: Any) -> sa.ColumnElement[Any]:
    """Return a column in a form that no index is sorted by. What is little is found by what it is, and then sorted; in
    the order of all there is a database may go through a million others.
    """
    return sa.func.coalesce(column, column)
