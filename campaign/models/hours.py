"""Instants by the hour: what is counted by hour in the database is sorted into local days by the program, which knows
the clock changes.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def hour_of(session: Session, column: Any) -> sa.ColumnElement[str]:
    """Return the UTC hour of an instant as text, ``2025-12-02 09``, alike on both databases."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24")
    return sa.func.substr(sa.cast(column, sa.Text), 1, 13)


def quarter_of(session: Session, column: Any) -> sa.ColumnElement[Any]:
    """Return what is the same for all instants of a quarter of an hour, to group by."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.date_bin(sa.text("'15 minutes'"), column, sa.text("'epoch'::timestamptz"))
    text = sa.cast(column, sa.Text)
    minute = sa.cast(sa.func.substr(text, 15, 2), sa.Integer)
    return sa.func.substr(text, 1, 13) + sa.cast(minute // sa.literal_column("15", sa.Integer), sa.Text)


def parts_of_day(hour: sa.ColumnElement[str], edges: Sequence[str]) -> list[sa.Label[Any]]:
    """Return what is the same for stored hours that no edge lies between: their day, and on which side of each hour of
    a day that is an edge's.
    """
    sides = sorted({edge[11:] for edge in edges} - {"00"})
    of_day = sa.func.substr(hour, 12, 2)
    return [
        sa.func.substr(hour, 1, 10).label("day"),
        *((of_day >= side).label(f"side_{number}") for number, side in enumerate(sides)),
    ]


def hour_at(instant: datetime) -> str:
    """Return the UTC hour that an instant lies in."""
    return f"{instant.astimezone(UTC):%Y-%m-%d %H}"


def begins(session: Session, hour: sa.ColumnElement[str]) -> sa.ColumnElement[Any]:
    """Return the instant at which a stored hour begins, to compare instants with."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.cast(hour + ":00+00", sa.DateTime(timezone=True))
    return hour  # instants are texts there, and every one of an hour is greater than its own beginning


def instant_of(hour: str) -> datetime:
    """Return when such an hour began."""
    return datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
