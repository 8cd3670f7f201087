"""Outcomes: what a campaign brought about by day, counted elsewhere (views submitted, registrations) and imported here.

They are no platform's figures: they stand beside those and are never added to them.
"""

from collections.abc import Collection
from datetime import date, datetime

from sqlalchemy import UniqueConstraint, func
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.types import UtcDateTime


class Outcome(SQLModel, table=True):
    """One number of one local day. ``source`` says where it was counted."""

    __table_args__ = (UniqueConstraint("day", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    day: date
    name: str
    number: int
    source: str
    imported_by: str
    imported_at: datetime = Field(sa_type=UtcDateTime)


def between(session: Session, first: date | None = None, last: date | None = None) -> list[Outcome]:
    """Return the outcomes of the days from ``first`` to ``last``, both included, by day and name."""
    statement = select(Outcome)
    if first is not None:
        statement = statement.where(col(Outcome.day) >= first)
    if last is not None:
        statement = statement.where(col(Outcome.day) <= last)
    return list(session.exec(statement.order_by(col(Outcome.day), col(Outcome.name))))


def newest(session: Session, count: int) -> tuple[list[Outcome], int]:
    """Return that many outcomes, the newest day first, and how many there are in all."""
    statement = select(Outcome).order_by(col(Outcome.day).desc(), col(Outcome.name)).limit(count)
    return list(session.exec(statement)), session.exec(select(func.count()).select_from(Outcome)).one()


def of_days(session: Session, days: Collection[date]) -> list[Outcome]:
    """Return the outcomes of these days."""
    return [one for one in between(session, min(days), max(days)) if one.day in days] if days else []
