"""Notices: what people are told by mail, written beside what causes them and sent later, from this table alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import insert_into
from campaign.models.types import UtcDateTime

_UNSENT = text("sent_at IS NULL")
_FAILED = text("failed_at IS NOT NULL")
WAY_IN = "way_in"
"""The kind that warns a person of what becomes of their place and address: it goes where it was written to."""
GIVEN_UP = -1
"""The tries of a notice that never went."""
_MOST = 5000
"""Notices in one letter: a statement takes no endless list of ids."""


class Notice(SQLModel, table=True):
    """One thing that a person is told. Those of a ``kind`` that wait for one address go in one letter; one without a
    kind goes alone and at once.

    ``path`` is the page that settles it. ``key`` is told to an address once for ever, however often it is written.
    ``letter`` is the first notice of the letter in which it was claimed, while nobody knows that letter's fate: it goes
    again as it was, under the same Message-ID.
    """

    __table_args__ = (
        Index("notice_unsent", "id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
        Index("notice_key", "key", unique=True),
        Index("notice_sent", "to", "sent_at"),
        Index("notice_failed", "failed_at", sqlite_where=_FAILED, postgresql_where=_FAILED),
    )

    id: int | None = Field(default=None, primary_key=True)
    to: str
    kind: str = ""
    subject: str
    body: str
    path: str = ""
    key: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    letter: int | None = None
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Failing:
    """Mails that do not go for one reason: how many, one of their addresses, since when, and whether it is over."""

    count: int
    to: str
    since: datetime
    outcome: str
    why: str
    given_up: bool


@dataclass(frozen=True, slots=True)
class Heap:
    """What may go to one address now: since when it waits, whether any of it is urgent, and when the last letter went
    there.
    """

    to: str
    since: datetime
    urgent: bool
    last: datetime | None


def write(session: Session, notice: Notice) -> bool:
    """Write a notice down, in the caller's transaction; False when its key was written already."""
    if notice.key is None:
        session.add(notice)
        return True
    values = notice.model_dump(exclude={"id"})
    statement = insert_into(session, Notice).values(**values).on_conflict_do_nothing().returning(col(Notice.id))
    return session.execute(statement).first() is not None


def keys(session: Session, beginning: str) -> list[str]:
    """Return the keys that begin so."""
    begins = col(Notice.key).startswith(beginning, autoescape=True)
    return [key for key in session.exec(select(Notice.key).where(begins)) if key is not None]


def alone(session: Session, now: datetime, *, limit: int = 50) -> list[Notice]:
    """Return notices that go each by itself, and now."""
    statement = select(Notice).where(_waits(), col(Notice.kind) == "", col(Notice.next_try_at) <= now)
    return list(session.exec(statement.order_by(col(Notice.id)).limit(limit)))


def heaps(session: Session, now: datetime, urgent: Sequence[str], kinds: Collection[str]) -> list[Heap]:
    """Return what waits of these kinds by address, the oldest first; ``urgent`` are the kinds that are. An address is
    left out while a letter to it is on its way, or is to be tried again later, unless what is urgent has come since.
    """
    free = col(Notice.next_try_at) <= now
    since = sa.func.min(sa.case((free, col(Notice.created_at)))).label("since")
    presses = sa.func.max(sa.case((sa.and_(free, col(Notice.kind).in_(urgent)), 1), else_=0)).label("urgent")
    waiting = (
        sa.select(col(Notice.to).label("to"), since, presses)
        .where(_waits(), col(Notice.kind).in_(kinds))
        .group_by(col(Notice.to))
        .having(sa.or_(sa.func.max(col(Notice.next_try_at)) <= now, presses == 1))
        .subquery()
    )
    before = aliased(Notice)
    sent = sa.and_(col(before.to) == waiting.c.to, col(before.kind) != "", col(before.tries) != GIVEN_UP)
    last = sa.select(sa.func.max(col(before.sent_at))).where(sent).scalar_subquery()
    statement = sa.select(waiting.c.to, waiting.c.since, waiting.c.urgent, last).order_by(waiting.c.since, waiting.c.to)
    return [Heap(to, since, bool(presses), last) for to, since, presses, last in session.execute(statement)]


def claim(session: Session, to: str, now: datetime, until: datetime, kinds: Collection[str]) -> list[Notice]:
    """Take for us alone, until then, what waits of these kinds for an address; nothing when somebody else was quicker.
    A letter whose fate nobody knows is taken by itself, before the rest.
    """
    return _claim(session, sa.and_(col(Notice.to) == to, col(Notice.kind).in_(kinds)), now, until)


def claim_alone(session: Session, notice: Notice, now: datetime, until: datetime) -> list[Notice]:
    """Take one notice that goes by itself."""
    return _claim(session, col(Notice.id) == notice.id, now, until)


def _claim(session: Session, which: sa.ColumnElement[bool], now: datetime, until: datetime) -> list[Notice]:
    free = sa.and_(_waits(), which, col(Notice.next_try_at) <= now)
    begun = session.execute(sa.select(sa.func.min(col(Notice.letter))).where(free)).scalar_one()
    free = sa.and_(free, col(Notice.letter) == begun)  # "IS NULL" where none was begun
    some = sa.select(col(Notice.id)).where(free).order_by(col(Notice.id)).limit(_MOST)
    mine = sa.update(Notice).where(free, col(Notice.id).in_(some)).values(next_try_at=until)
    taken = session.execute(mine.returning(col(Notice.id)).execution_options(synchronize_session=False))
    ids = list(taken.scalars())
    if ids:
        session.execute(sa.update(Notice).where(col(Notice.id).in_(ids)).values(letter=min(ids)))
    return list(session.exec(select(Notice).where(col(Notice.id).in_(ids)).order_by(col(Notice.id))))


def went(session: Session, sent: Sequence[Notice], at: datetime) -> None:
    """Note that the mail server has taken notices to one address: whatever failed there before is over."""
    note(session, sent, {"sent_at": at, "failed_at": None, "outcome": "", "why": ""})
    reached(session, sent[0].to)


def reached(session: Session, to: str) -> None:
    """Note that a mail has reached an address: what was given up there is no trouble any more."""
    over = sa.update(Notice).where(
        col(Notice.to) == to, col(Notice.tries) == GIVEN_UP, col(Notice.failed_at).is_not(None)
    )
    session.execute(over.values(failed_at=None))


def failed(
    session: Session, some: Sequence[Notice], at: datetime, outcome: str, why: str, values: Mapping[str, object]
) -> None:
    """Note that a try was in vain, and what comes of it; the first instant of these stays."""
    first = sa.func.coalesce(col(Notice.failed_at), sa.literal(at, UtcDateTime))
    note(session, some, {**values, "failed_at": first, "outcome": outcome, "why": why})


def give_up(session: Session, to: str, now: datetime, why: str) -> None:
    """Let what waits for an address go nowhere: it is not for whoever has it, any more."""
    values = {"sent_at": now, "tries": GIVEN_UP, "failed_at": None, "outcome": "", "why": why}
    session.execute(sa.update(Notice).where(*_of_person(to)).values(**values))


def readdress(session: Session, to: str, address: str, now: datetime) -> None:
    """Let what waits for one address of a person go to their new one; what was told there already is not told again."""
    for notice in session.exec(select(Notice).where(*_of_person(to)).order_by(col(Notice.id))).all():
        key = notice.key and f"{notice.key.removesuffix(f':{to}')}:{address}"
        if key and session.exec(select(Notice.id).where(col(Notice.key) == key)).first() is not None:
            note(session, [notice], {"sent_at": now, "tries": GIVEN_UP, "failed_at": None, "why": "told there already"})
        else:
            note(session, [notice], {"to": address, "key": key, "failed_at": None, "outcome": "", "why": ""})


def _of_person(to: str) -> tuple[sa.ColumnElement[bool], ...]:
    return _waits(), col(Notice.to) == to, col(Notice.kind).not_in(("", WAY_IN))


def failing(session: Session, given_up_since: datetime, limit: int) -> list[Failing]:
    """Return the mails that do not go, by reason, the oldest first; of those given up only what was since then."""
    given_up = col(Notice.sent_at).is_not(None)
    since = sa.func.min(col(Notice.failed_at))
    facts = (col(Notice.outcome), col(Notice.why), given_up)
    statement = (
        sa.select(sa.func.count(), sa.func.min(col(Notice.to)), since, *facts)
        .where(col(Notice.failed_at).is_not(None), sa.or_(~given_up, col(Notice.sent_at) >= given_up_since))
        .group_by(*facts)
        .order_by(since, col(Notice.why))
        .limit(limit)
    )
    return [Failing(*row) for row in session.execute(statement)]


def note(session: Session, sent: Sequence[Notice], values: Mapping[str, object]) -> None:
    """Note how the sending of notices went."""
    ids = [notice.id for notice in sent]
    session.execute(sa.update(Notice).where(col(Notice.id).in_(ids)).values(**values))


def _waits() -> sa.ColumnElement[bool]:
    return col(Notice.sent_at).is_(None)
