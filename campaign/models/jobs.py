"""PgQueuer's own tables and connections. Nothing in them is the truth: a job says *go and look*, the tables decide.

They stand in a schema of their own, made and brought up to date by the library. Imported by whoever needs the library
alone: without the extra ``cluster`` it is not there.
"""

import asyncio
from typing import Any

import psycopg
from pgqueuer.adapters.drivers.psycopg import PsycopgDriver
from pgqueuer.adapters.persistence.qb import QueryBuilderEnvironment, QueryQueueBuilder, QuerySchedulerBuilder
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.domain.settings import DBSettings, Durability
from pgqueuer.domain.types import Channel
from sqlalchemy.engine import URL

from campaign.models.postgres import CONNECT

SCHEMA = "campaign_jobs"

_NAMES = DBSettings(
    # Every name is given: the library would take a missing one from the environment, from words as plain as CHANNEL.
    prefix="",
    db_schema=SCHEMA,
    channel=Channel(SCHEMA),
    function="fn_pgqueuer_changed",
    statistics_table="pgqueuer_statistics",
    queue_status_type="pgqueuer_status",
    queue_table="pgqueuer",
    queue_table_log="pgqueuer_log",
    trigger="tg_pgqueuer_changed",
    schedules_table="pgqueuer_schedules",
    durability=Durability.durable,
    widen_id=True,
)
CHANNEL = _NAMES.channel


class TwoConnections(PsycopgDriver):
    """Asks on one connection and listens on another.

    psycopg locks a connection while it waits for notifications, so with the library's own driver of one connection
    every statement waits for up to a second (measured with 1.6.0: jobs 0.5 to 1.5 s late; with two, 8 ms).
    """

    def __init__(self, asks: psycopg.AsyncConnection, listens: psycopg.AsyncConnection) -> None:
        super().__init__(listens)
        self._asks = PsycopgDriver(asks)

    async def fetch(self, query: str, *args: object) -> list[dict[str, object]]:
        """Run a statement and return its rows."""
        return await self._asks.fetch(query, *args)

    async def execute(self, query: str, *args: object) -> str:
        """Run a statement and return its status."""
        return await self._asks.execute(query, *args)


async def connect(url: URL, *, listens: bool = False) -> psycopg.AsyncConnection:
    """Open a connection for the library, which wants autocommit.

    One that listens does so from the first: the library asks at once whether it hears, and would ask too early.
    """
    address = url.set(drivername="postgresql").render_as_string(hide_password=False)
    connect_args: dict[str, Any] = {**CONNECT, "application_name": "campaign jobs"}
    connection = await psycopg.AsyncConnection.connect(address, autocommit=True, **connect_args)
    if listens:
        await connection.execute(f"LISTEN {SCHEMA}")
    return connection


def statements(driver: PsycopgDriver) -> Queries:
    """Return the library's statements, on our names."""
    return Queries(
        driver,
        qbe=QueryBuilderEnvironment(_NAMES),
        qbq=QueryQueueBuilder(_NAMES),
        qbs=QuerySchedulerBuilder(_NAMES),
    )


def upgrade(url: URL) -> None:
    """Make the library's tables, or bring them to what this version of it wants; safe to run again."""
    asyncio.run(_upgrade(url))


async def _upgrade(url: URL) -> None:
    async with await connect(url) as connection:
        await statements(PsycopgDriver(connection)).apply_upgrade()
