"""Statements for the hot path: compiled once for each database and run by the driver.

SQLAlchemy looks at every parameter of every row anew, which costs more than SQLite takes for the work itself (measured:
a fifth of all that dispatch does). The statement stays the one that SQLAlchemy wrote, and its types convert the values.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlmodel import Session

from campaign.models.database import Database
from campaign.models.types import UtcDateTime

_INSTANTS = 256
_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    sql: str
    constants: Mapping[str, Any]
    converts: tuple[tuple[str, _Convert | None], ...]

    @classmethod
    def of(cls, statement: sa.ClauseElement, columns: Collection[str], dialect: Dialect) -> "_Compiled":
        named = sqlite.dialect(paramstyle="named") if dialect.name == "sqlite" else dialect
        compiled = cast("SQLCompiler", statement.compile(dialect=named, column_keys=list(columns) or None))
        converts: dict[str, _Convert | None] = {}
        constants: dict[str, Any] = {}
        for name, bind in compiled.binds.items():
            convert = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if convert is not None and isinstance(bind.type, UtcDateTime):
                convert = lru_cache(_INSTANTS)(convert)  # one turn writes the same few instants into every row
            if bind.required or name in columns:
                converts[name] = convert
            else:
                constants[name] = convert(bind.value) if convert is not None else bind.value
        return cls(compiled.string, constants, tuple(converts.items()))

    def bound(self, row: Mapping[str, Any]) -> dict[str, Any]:
        given = {name: row[name] if convert is None else convert(row[name]) for name, convert in self.converts}
        return {**self.constants, **given}


class Prepared:
    """A statement with named places. ``columns`` are those that it sets from the row, under their own names."""

    def __init__(self, statement: sa.ClauseElement, columns: Collection[str] = ()) -> None:
        self._statement = statement
        self._columns = frozenset(columns)
        self._by_dialect: dict[str, _Compiled] = {}

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run once for each row, within the session's transaction; return how many rows of the table it touched."""
        connection = session.connection()
        compiled = self._for(connection.dialect)
        return connection.exec_driver_sql(compiled.sql, [compiled.bound(row) for row in rows]).rowcount

    def peek(self, database: Database, places: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows of a small SELECT, as the database has them at this moment.

        Neither a session nor a transaction: each costs more than the question.
        """
        compiled = self._for(database.engine.dialect)
        with closing(database.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(compiled.sql, compiled.bound(places))
            return list(cursor.fetchall())

    def _for(self, dialect: Dialect) -> _Compiled:
        found = self._by_dialect.get(dialect.name)
        if found is None:
            found = self._by_dialect[dialect.name] = _Compiled.of(self._statement, self._columns, dialect)
        return found
