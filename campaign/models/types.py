"""Column types: instants that are always aware UTC; and a row class's table, for statements on many rows."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, DateTime, Dialect, Table, bindparam
from sqlalchemy.types import TypeDecorator
from sqlmodel import SQLModel


class UtcDateTime(TypeDecorator[datetime]):
    """An aware UTC instant; a naive value is refused on the way in, so none ever comes out.

    SQLite keeps it as ISO text without an offset (all are UTC), which sorts as time does.
    """

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Refuse a naive instant and turn any other into UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            msg = f"naive datetime {value!r} offered to the database"
            raise ValueError(msg)
        return value.astimezone(UTC)

    def process_result_value(self, value: Any | None, _dialect: Dialect) -> datetime | None:
        """Return the instant as aware UTC."""
        if value is None:
            return None
        instant: datetime = value
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


Instant = datetime | BindParameter[datetime]
"""An instant in a statement that is built once and bound anew, or the instant itself."""


def bound_instant(name: str) -> BindParameter[datetime]:
    """Return the place of an instant in a statement that is built once."""
    return bindparam(name, type_=UtcDateTime)


def table_of(rows: type[SQLModel]) -> Table:
    """Return the table of a row class."""
    table: Table = rows.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
    return table
