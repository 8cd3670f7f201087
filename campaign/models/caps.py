"""The monthly caps that were reached, and the lanes that wait for them, or for another reason."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import BigInteger, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from campaign.models.database import changed, insert_into
from campaign.models.partners import Account, Lane
from campaign.models.types import UtcDateTime


class CapReached(SQLModel, table=True):
    """A monthly cap that stopped posts: told to people once. Lanes that wait for it bear ``why``, word for word."""

    __table_args__ = (UniqueConstraint("scope", "month", "cap"),)

    id: int | None = Field(default=None, primary_key=True)
    channel: str
    scope: str
    month: str
    cap: int = Field(sa_type=BigInteger)
    why: str
    reached_at: datetime = Field(sa_type=UtcDateTime)


def note_cap(session: Session, reached: CapReached) -> bool:
    """Note that a cap has stopped posts; say whether that is news, so that people are told once."""
    values = reached.model_dump(exclude={"id"})
    statement = insert_into(session, CapReached).values(**values).on_conflict_do_nothing().returning(col(CapReached.id))
    return session.execute(statement).first() is not None


def raised(session: Session, channel: str, month: str, caps: tuple[int | None, int | None]) -> list[int]:
    """Return the lanes that wait for a cap lower than the present ones: of the channel, and of its accounts."""
    whole, single = caps
    scope = col(CapReached.scope)
    lifted = sa.or_(
        sa.and_(scope == channel, _below(whole)),
        sa.and_(scope != channel, _below(single)),
    )
    return list(session.exec(_waiting(channel, month, lifted)))


def stopped(session: Session, channel: str, month: str) -> list[int]:
    """Return the lanes that wait for any cap of the channel; those that somebody has in hand look for themselves."""
    free = _waiting(channel, month, sa.true()).with_for_update(skip_locked=True, of=Lane)
    return list(session.exec(free))


def waiting_for(session: Session, channel: str, why: str) -> list[int]:
    """Return the lanes of a channel that wait for a reason like ``why``, in which a ``%`` stands for anything."""
    statement = select(Lane.account_id).join(Account, col(Account.id) == col(Lane.account_id))
    return list(session.exec(statement.where(col(Account.channel) == channel, col(Lane.ready_why).like(why))))


def _waiting(channel: str, month: str, which: sa.ColumnElement[bool]) -> SelectOfScalar[int]:
    reasons = sa.select(col(CapReached.why)).where(
        col(CapReached.channel) == channel, col(CapReached.month) == month, which
    )
    return (
        select(Lane.account_id)
        .join(Account, col(Account.id) == col(Lane.account_id))
        .where(col(Account.channel) == channel, col(Lane.ready_why).in_(reasons))
    )


def _below(cap: int | None) -> sa.ColumnElement[bool]:
    return sa.true() if cap is None else col(CapReached.cap) < cap


def reopen(session: Session, account_ids: Sequence[int]) -> None:
    """Let lanes go on whose cap or limit was raised."""
    changed(session, sa.update(Lane).where(col(Lane.account_id).in_(account_ids)).values(ready_at=None, ready_why=None))
