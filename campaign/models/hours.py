"""Instants by the hour: what is counted by hour in the database is sorted into local days by the program, which knows
the clock changes.
"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def hour_of(session: Session, column: Any) -> sa.ColumnElement[str]:
    """Return the UTC hour of an instant as text, ``2025-12-02 09``, alike on both databases."""
    if session.get_bind().dialect.name == "postgresql":
        return sa.func.to_char(sa.func.timezone("UTC", column), "YYYY-MM-DD HH24")
    return sa.func.substr(sa.cast(column, sa.Text), 1, 13)


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
