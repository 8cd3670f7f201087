"""Every row of every table, out of one database and into another, whichever of the two kinds each is.

The tables are read as they stand in the database, not as the program knows them, so that a copy made by an older
program can be put back at its own migration and then be brought up to date. A cell travels as JSON by its kind:
``time`` (ISO 8601, UTC), ``day`` (ISO 8601), ``bytes`` (base64), ``json`` or ``plain``.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, SQLModel

from campaign.clock import iso
from campaign.models.database import Database, knows_migration, migrate
from campaign.models.postgres import allow_pauses

__all__ = ["insert", "kinds", "knows_migration", "migrate", "remove_tables", "revision", "rows", "snapshot", "tables"]

_LIVING: Final = frozenset({"beat", "visit", "apitoken", "answered", "calendarlink"})
"""What is true of living processes, open browsers and other programs alone: to a restored database nobody has a key."""
_LEFT_OUT: Final = _LIVING | {"postcount", "postnote"}
"""The counts of posts are noted by the database itself, as their rows are put in."""
_VERSION: Final = "alembic_version"
_FETCHED: Final = 500


@contextmanager
def snapshot(database: Database) -> Iterator[Connection]:
    """Open a connection that streams what stood at one instant, however slow the disk is that it goes to."""
    with database.at_one_instant() as session:
        connection = session.connection()
        allow_pauses(connection)  # first: a server's cursor, as for the rows that follow, takes a SELECT alone
        yield connection.execution_options(stream_results=True)


def revision(connection: Connection) -> str | None:
    """Return the migration that the schema stands at, None when it has none."""
    if not sa.inspect(connection).has_table(_VERSION):
        return None
    found: str | None = connection.execute(sa.text(f"SELECT version_num FROM {_VERSION}")).scalar()  # noqa: S608
    return found


def tables(connection: Connection) -> list[sa.Table]:
    """Return the program's tables as they stand in the database, each after those that it points at."""
    there = set(sa.inspect(connection).get_table_names())
    ours = [name for name in SQLModel.metadata.tables if name in there and name not in _LEFT_OUT]
    found = sa.MetaData()
    found.reflect(connection, only=ours)
    for column in (column for table in found.tables.values() for column in table.columns):
        if isinstance(column.type, sa.JSON) and column.nullable:
            column.type.none_as_null = True
    return found.sorted_tables


def kinds(table: sa.Table) -> dict[str, str]:
    """Return the kind of each column, in the order of the columns."""
    return {column.name: _kind(column.type) for column in table.columns}


def _kind(of: sa.types.TypeEngine[Any]) -> str:
    for kind, types in (("time", sa.DateTime), ("day", sa.Date), ("bytes", sa.LargeBinary), ("json", sa.JSON)):
        if isinstance(of, types):
            return kind
    return "plain"


def rows(connection: Connection, table: sa.Table) -> Iterator[list[Any]]:
    """Yield every row as JSON values, by primary key; a large table is never held as a whole."""
    order = [*table.primary_key.columns]
    found = [*kinds(table).values()]
    streamed = connection.execute(sa.select(table).order_by(*order).execution_options(yield_per=_FETCHED))
    for row in streamed:
        yield [_packed(kind, value) for kind, value in zip(found, row, strict=True)]


def _packed(kind: str, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case "time":
            return iso(value.replace(tzinfo=UTC) if value.tzinfo is None else value)
        case "day":
            return value.isoformat()
        case "bytes":
            return base64.b64encode(value).decode("ascii")
    return value


def _unpacked(kind: str, value: Any) -> Any:
    if value is None:
        return None
    match kind:
        case "time":
            return datetime.fromisoformat(value)
        case "day":
            return date.fromisoformat(value)
        case "bytes":
            return base64.b64decode(value)
    return value


def remove_tables(connection: Connection) -> None:
    """Drop the program's tables and the note of their migration; what others keep in the database stays."""
    there = set(sa.inspect(connection).get_table_names())
    found = sa.MetaData()
    found.reflect(connection, only=[name for name in (*SQLModel.metadata.tables, _VERSION) if name in there])
    found.drop_all(connection)


def insert(
    connection: Connection, table: sa.Table, columns: Mapping[str, str], values: Sequence[Sequence[Any]]
) -> None:
    """Insert rows as ``rows`` gave them; ``columns`` are their names and kinds."""
    made = [
        {name: _unpacked(kind, value) for (name, kind), value in zip(columns.items(), row, strict=True)}
        for row in values
    ]
    if made:
        connection.execute(sa.insert(table), made)


def count_on(session: Session) -> None:
    """Let new rows be numbered after the highest that was put in. SQLite does so by itself."""
    connection = session.connection()
    if connection.dialect.name != "postgresql":
        return
    for table in tables(connection):
        if "id" in table.columns:
            highest = sa.select(sa.func.max(table.c.id)).scalar_subquery()
            series = sa.func.pg_get_serial_sequence(table.name, "id")
            connection.execute(sa.select(sa.func.setval(series, highest)))
