"""Work of another thread that waits for a lock which the test holds: seen in the database, not hoped for in time."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Event
from time import monotonic, sleep

import sqlalchemy as sa

from campaign.models import Database

PATIENCE = 20.0
_WAITING = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"


def stopped_by_a_lock(database: Database, other: Executor, work: Callable[[], object]) -> Future[object]:
    """Let another thread begin its work, and return once it waits for what the caller's transaction has locked.

    SQLite shows nobody who waits; there it is enough that a transaction asks to write while the caller's writes.
    """
    asked = Event()

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement == "BEGIN IMMEDIATE":
            asked.set()

    sa.event.listen(database.engine, "before_cursor_execute", note)
    running = other.submit(work)
    until = monotonic() + PATIENCE
    while not (asked.is_set() if database.is_sqlite else database.ask(_WAITING, ())):
        assert monotonic() < until, "nobody waits for a lock"
        sleep(0.01)
    return running
