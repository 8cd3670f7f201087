"""Alerts: what was told of which finding, so that each is told once; and duties that one process at a time does."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed, lease_now
from campaign.models.types import UtcDateTime

_OPEN = text("closed_at IS NULL")
_CALLING = text("call_at IS NOT NULL")
_NAME_DUTY = text("INSERT INTO duty (name) VALUES (:name) ON CONFLICT DO NOTHING")
"""Both databases read it alike; the row is there then, and taking the duty is one guarded UPDATE."""


class Alert(SQLModel, table=True):
    """A finding that was told. ``event`` is raised, changed, reminded or over, ``turn`` counts them.

    ``sign`` is what of the finding counts as a change. ``gone_at``: not found since then. ``call_at``: when the
    webhook is to be called with the newest event, None when it has been.
    """

    __table_args__ = (
        Index("alert_open", "rule", "subject", unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN),
        Index("alert_calling", "call_at", sqlite_where=_CALLING, postgresql_where=_CALLING),
    )

    id: int | None = Field(default=None, primary_key=True)
    rule: str
    subject: str
    sign: str
    what: str
    mend: str
    event: str = "raised"
    turn: int = 1
    opened_at: datetime = Field(sa_type=UtcDateTime)
    told_at: datetime = Field(sa_type=UtcDateTime)
    gone_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    call_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    calls: int = 0


class Duty(SQLModel, table=True):
    """What one process at a time does, of however many there are: which does it, and until when nobody else may."""

    name: str = Field(primary_key=True)
    owner: str | None = None
    until: datetime | None = Field(default=None, sa_type=UtcDateTime)


def take_duty(session: Session, name: str, owner: str, now: datetime, length: timedelta) -> bool:
    """Take a duty, or keep it, for ``length``. Returns whether it is ours."""
    session.execute(_NAME_DUTY, {"name": name})
    instant = lease_now(session, now)
    free = sa.or_(col(Duty.owner).is_(None), col(Duty.owner) == owner, col(Duty.until) <= instant)
    statement = sa.update(Duty).where(col(Duty.name) == name, free).values(owner=owner, until=instant + length)
    return changed(session, statement) == 1


def standing(session: Session) -> list[Alert]:
    """Return the alerts that are not over."""
    return list(session.exec(select(Alert).where(col(Alert.closed_at).is_(None)).order_by(col(Alert.id))))


def to_call(session: Session, now: datetime, *, limit: int = 50) -> list[Alert]:
    """Return the alerts whose newest event the webhook has not got yet."""
    statement = select(Alert).where(col(Alert.call_at) <= now).order_by(col(Alert.id)).limit(limit)
    return list(session.exec(statement))


def failing_calls(session: Session, tries: int) -> int:
    """Return how many alerts the webhook has refused so often."""
    statement = sa.select(sa.func.count()).where(col(Alert.call_at).is_not(None), col(Alert.calls) >= tries)
    return int(session.execute(statement).scalar_one())


def set_calls(session: Session, told: Sequence[Alert], values: Mapping[str, object]) -> None:
    """Note how a call went, for the events that it told of; one that came meanwhile is still to be told."""
    for alert in told:
        same = sa.and_(col(Alert.id) == alert.id, col(Alert.turn) == alert.turn)
        changed(session, sa.update(Alert).where(same).values(**values))
