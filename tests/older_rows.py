"""Rows of a database as it was at an older migration, for which no model stands any more."""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa


def adder(connection: sa.Connection, *tables: str) -> Callable[..., None]:
    """Return what adds a row to one of the tables: what is not said of it and must be there is blank."""
    known = sa.MetaData()
    known.reflect(connection, only=tables)

    def add(table: str, **facts: object) -> None:
        needed = {c.name: _blank(c) for c in known.tables[table].columns if not c.nullable and c.name != "id"}
        connection.execute(sa.insert(known.tables[table]).values({**needed, **facts}))

    return add


def _blank(column: sa.Column[object]) -> object:
    kinds = {"DATETIME": datetime(2025, 12, 2, tzinfo=UTC), "TIMESTAMP": datetime(2025, 12, 2, tzinfo=UTC)}
    kinds |= {"INTEGER": 1, "BOOLEAN": False, "JSON": {}}
    return kinds.get(type(column.type).__name__.upper(), "")
