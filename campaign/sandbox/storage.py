"""The one SQLite file behind the local world: every change is on file before it is acknowledged."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import RLock

SCHEMA = """
CREATE TABLE IF NOT EXISTS post (
    number INTEGER PRIMARY KEY, channel TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL,
    created_at TEXT NOT NULL, visible_from TEXT NOT NULL, deleted_at TEXT, share_of TEXT, mark TEXT,
    body TEXT NOT NULL,
    UNIQUE (channel, id)
);
CREATE INDEX IF NOT EXISTS post_listing ON post (channel, account, created_at);
CREATE INDEX IF NOT EXISTS post_shares ON post (channel, share_of) WHERE share_of IS NOT NULL;
CREATE INDEX IF NOT EXISTS post_marks ON post (channel, account, mark) WHERE mark IS NOT NULL;
CREATE TABLE IF NOT EXISTS upload (
    channel TEXT NOT NULL, id TEXT NOT NULL, account TEXT NOT NULL, created_at TEXT NOT NULL, mime TEXT NOT NULL,
    alt TEXT NOT NULL, state TEXT NOT NULL, extra TEXT NOT NULL, data BLOB NOT NULL, PRIMARY KEY (channel, id)
);
CREATE TABLE IF NOT EXISTS mail (
    number INTEGER PRIMARY KEY, sender TEXT NOT NULL, recipients TEXT NOT NULL, at TEXT NOT NULL, raw BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS fact (key TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


class Storage:
    """A connection in autocommit, behind one lock.

    The file is written through the system's cache (``synchronous=OFF`` under WAL): a killed process loses nothing,
    only a machine that loses power may. That is what a sandbox owes, and it keeps it quick.
    """

    def __init__(self, folder: Path | None) -> None:
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
        self.lock = RLock()
        self._connection = sqlite3.connect(
            folder / "sandbox.db" if folder else ":memory:", isolation_level=None, check_same_thread=False
        )
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=OFF")
        self._connection.executescript(SCHEMA)

    def run(self, statement: str, *values: object) -> list[tuple[str, ...]]:
        """Run one statement and return its rows."""
        with self.lock:
            return self._connection.execute(statement, values).fetchall()

    def count(self, statement: str, *values: object) -> int:
        """Run one statement and return how many rows it changed."""
        with self.lock:
            return self._connection.execute(statement, values).rowcount

    @contextmanager
    def together(self) -> Iterator[None]:
        """Make the statements inside one transaction, under the lock."""
        with self.lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file."""
        with self.lock:
            self._connection.close()
