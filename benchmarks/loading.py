"""Whole rows into a table by the driver's own bulk way: executemany for a file, COPY for a server."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import islice
from typing import Any

import sqlalchemy as sa

from campaign.models import Database
from campaign.models.types import UtcDateTime, table_of

_BATCH = 20_000

Row = Sequence[Any]


def columns(kind: type) -> list[str]:
    return [column.name for column in table_of(kind).columns]


def load(database: Database, kind: type, rows: Iterable[Row]) -> None:
    """Store whole rows, their cells in the order of the table's columns."""
    table = table_of(kind)
    (_load_file if database.is_sqlite else _load_server)(database, table, rows)


def _load_file(database: Database, table: sa.Table, rows: Iterable[Row]) -> None:
    instants = [place for place, column in enumerate(table.columns) if _is_instant(column)]
    places = ", ".join("?" * len(table.columns))

    def texts() -> Iterator[Row]:
        for row in rows:
            cells = list(row)
            for place in instants:
                if cells[place] is not None:
                    cells[place] = cells[place].replace(tzinfo=None).isoformat(" ", "microseconds")
            yield cells

    with closing(database.engine.raw_connection()) as connection:
        cursor = connection.cursor()
        cursor.execute("PRAGMA synchronous=OFF")
        left = texts()
        while some := list(islice(left, _BATCH)):
            cursor.execute("BEGIN IMMEDIATE")
            cursor.executemany(f"INSERT INTO {_named(table)} VALUES ({places})", some)  # noqa: S608 - our own table
            cursor.execute("COMMIT")
        cursor.execute("PRAGMA synchronous=FULL")


def _named(table: sa.Table) -> str:
    # By name: a migration puts a new column last, the class where it belongs.
    return f"{table.name} ({', '.join(column.name for column in table.columns)})"


def _is_instant(column: sa.Column[Any]) -> bool:
    return isinstance(column.type, UtcDateTime)


def _load_server(database: Database, table: sa.Table, rows: Iterable[Row]) -> None:
    with closing(database.engine.raw_connection()) as connection:
        driver: Any = connection.driver_connection
        cursor = driver.cursor()
        # Who refers to whom is checked by how the rows are made: a check each would take longer than the rows.
        cursor.execute("SET session_replication_role = replica")
        with cursor.copy(f"COPY {_named(table)} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("SET session_replication_role = DEFAULT")
        cursor.execute(
            f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))"  # noqa: S608 - our own table
        )
        driver.commit()
