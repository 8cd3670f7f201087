"""Nudges through PostgreSQL: a writing command tells every daemon and worker, on whatever machine, to look now.

A NOTIFY carries nothing, and nothing depends on it: the beat and the sweep find what a lost one did not tell.
"""

from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

import psycopg
import structlog
from sqlalchemy.engine import URL

from campaign.models.database import Database, DatabaseAway
from campaign.models.postgres import CONNECT

log = structlog.get_logger(__name__)

_CHANNEL = "campaign_look"
_AGAIN = 1.0  # seconds between two tries to listen
_TURN = 0.5  # seconds after which a listener sees that it is to end


def nudge(database: Database) -> None:
    """Tell everybody who listens to look now. Best effort: what was written stands all the same."""
    with suppress(DatabaseAway), database.write() as session:
        session.connection().exec_driver_sql(f"NOTIFY {_CHANNEL}")


class NotifyListener:
    """Calls ``on_nudge`` in a thread of its own whenever somebody nudges, on any machine.

    It outlives a restart of the database, and calls ``on_nudge`` whenever it listens anew: something may have been
    said meanwhile. ``on_nudge`` should only set a flag.
    """

    def __init__(self, url: URL, on_nudge: Callable[[], None]) -> None:
        self._address = url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._on_nudge = on_nudge
        self._stopping = Event()
        self._thread = Thread(target=self._run, name="nudges", daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._listen()
            except psycopg.Error as error:
                log.warning("no nudges from other processes", error=str(error).splitlines()[0])
                self._stopping.wait(_AGAIN)

    def _listen(self) -> None:
        with psycopg.connect(
            self._address, autocommit=True, **{**CONNECT, "application_name": "campaign nudges"}
        ) as wire:
            wire.execute(f"LISTEN {_CHANNEL}")
            self._on_nudge()
            while not self._stopping.is_set():
                for _ in wire.notifies(timeout=_TURN, stop_after=1):
                    self._on_nudge()
