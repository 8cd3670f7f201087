"""What rows are made of: instants that are always aware UTC, numbers of their own; and a row class's table."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BindParameter, DateTime, Dialect, Table, bindparam
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel


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


class Numbered(SQLModel):
    """A row that has a number of its own, which it gets when it is stored."""

    id: int | None = Field(default=None, primary_key=True)

    @property
    def ident(self) -> int:
        """Return the row's number. Raises LookupError: it has not been stored yet."""
        if self.id is None:
            raise LookupError(type(self).__name__)
        return self.id


Instant = datetime | BindParameter[datetime]
"""An instant in a statement that is built once and bound anew, or the instant itself."""


def bound_instant(name: str) -> BindParameter[datetime]:
    """Return the place of an instant in a statement that is built once."""
    return bindparam(name, type_=UtcDateTime)


def table_of(rows: type[SQLModel]) -> Table:
    """Return the table of a row class."""
    table: Table = rows.__table__  # type: ignore[attr-defined] # set by SQLModel's metaclass
    return table
