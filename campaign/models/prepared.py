"""Statements for the hot path: compiled once for each database and run by the driver.

SQLAlchemy looks at every parameter of every row anew, which costs more than SQLite takes for the work itself (measured:
a fifth of all that dispatch does). The statement stays the one that SQLAlchemy wrote, and its types convert the values.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from itertools import cycle
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeEngine
from sqlmodel import Session

from campaign.models.database import Database, DatabaseAway
from campaign.models.types import UtcDateTime

_INSTANTS = 256
_MOST = 32  # rows of one statement
_DIALECTS: Mapping[str, Any] = {
    "sqlite": sqlite.dialect(paramstyle="qmark"),
    "postgresql": postgresql.psycopg.dialect(paramstyle="format"),  # type: ignore[no-untyped-call] # SQLAlchemy's own
}
_Convert = Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """SQL with numbered places: constants, then the named columns of each row, then constants again."""

    sql: str
    before: tuple[Any, ...]
    columns: tuple[tuple[str, _Convert | None], ...]
    after: tuple[Any, ...]

    @classmethod
    def of(cls, statement: sa.ClauseElement, dialect_name: str, columns: Mapping[str, TypeEngine[Any]]) -> "_Compiled":
        dialect: Dialect = _DIALECTS[dialect_name]
        compiled = cast("SQLCompiler", statement.compile(dialect=dialect))
        binds = [compiled.binds[name] for name in compiled.positiontup or ()]
        given = [number for number, bind in enumerate(binds) if bind.required]
        first, last = given[0], given[-1] + 1
        if not all(map(_is_place_of, binds[first:last], cycle(columns))):
            msg = f"the places of the statement are not {list(columns)}, in this order and side by side"
            raise LookupError(msg)
        return cls(
            compiled.string,
            tuple(map(partial(_constant, dialect), binds[:first])),
            tuple((name, _converter(kind, dialect)) for name, kind in columns.items()),
            tuple(map(partial(_constant, dialect), binds[last:])),
        )

    def bound(self, rows: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
        given = [row[name] if convert is None else convert(row[name]) for row in rows for name, convert in self.columns]
        return (*self.before, *given, *self.after)


def _is_place_of(bind: sa.BindParameter[Any], column: str) -> bool:
    """Say whether a place takes the column, of the row whose number may stand behind the name."""
    return bind.required and re.fullmatch(rf"{column}(_\d+)?", bind.key) is not None


def _converter(kind: TypeEngine[Any], dialect: Dialect) -> _Convert | None:
    convert = kind.dialect_impl(dialect).bind_processor(dialect)
    # One turn writes the same few instants into every row.
    return lru_cache(_INSTANTS)(convert) if convert is not None and isinstance(kind, UtcDateTime) else convert


def _constant(dialect: Dialect, bind: sa.BindParameter[Any]) -> object:
    convert = _converter(bind.type, dialect)
    return bind.value if convert is None else convert(bind.value)


class Question:
    """A small SELECT with named places, in their order, asked of the database as it is at this moment."""

    def __init__(self, places: Mapping[str, TypeEngine[Any]], statement: sa.ClauseElement) -> None:
        self._compiled = cache(lambda dialect_name: _Compiled.of(statement, dialect_name, places))

    def ask(self, database: Database, given: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """Return the rows. Raises DatabaseAway."""
        compiled = self._compiled(database.engine.dialect.name)
        values = compiled.bound([given])
        try:
            return database.ask(compiled.sql, values)
        except DatabaseAway:
            # A server that was restarted has ended the connections that waited here: another one may well answer.
            return database.ask(compiled.sql, values)


class Batch:
    """A statement on many rows at once, which ``build`` makes of them as a table of the named ``columns``.

    One statement and not one for each row: between two rows the driver gives the interpreter away, and a thread that
    gives it away among busy ones waits its turn to get it back.
    """

    def __init__(
        self, columns: Mapping[str, TypeEngine[Any]], build: Callable[[sa.Subquery], sa.ClauseElement]
    ) -> None:
        self._columns = dict(columns)
        self._build = build
        self._compiled = cache(self._compile)

    def run(self, session: Session, rows: Sequence[Mapping[str, Any]]) -> int:
        """Run for all rows within the session's transaction; return how many rows of the table it touched."""
        connection, touched = session.connection(), 0
        for some in _portions(rows):
            compiled = self._compiled(connection.dialect.name, len(some))
            touched += connection.exec_driver_sql(compiled.sql, compiled.bound(some)).rowcount
        return touched

    def _compile(self, dialect_name: str, size: int) -> _Compiled:
        columns = self._columns.items()
        rows = [[sa.bindparam(f"{name}_{n}", type_=kind) for name, kind in columns] for n in range(size)]
        values = sa.values(*(sa.column(name, kind) for name, kind in columns), name="rows").data(list(map(tuple, rows)))
        # As a subquery: Python's driver counts no rows of a statement that begins with WITH.
        given = sa.select(values.cte("rows", nesting=True)).subquery("given")
        return _Compiled.of(self._build(given), dialect_name, self._columns)


def inserted(table: sa.Table, columns: Iterable[str]) -> Batch:
    """Return the statement that inserts rows of these columns."""
    names = list(columns)
    return Batch(
        {name: table.c[name].type for name in names},
        lambda given: sa.insert(table).from_select(names, sa.select(*(given.c[name] for name in names))),
    )


def _portions(rows: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[Mapping[str, Any]]]:
    """Yield the rows in portions of 32, 16, 8, 4, 2 and 1: so many statements are compiled, not one for each number."""
    start, size = 0, _MOST
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size
