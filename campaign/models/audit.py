"""Who decided what: rows that carry the digest of the row before, so that a removed or changed row shows.

Its head, how many rows there are and the newest one's digest, stands beside it and changes with it. Whoever forges both
in the database cannot take back what was logged and mailed of the head day by day.

The chain covers people's decisions and settings. Dispatch's events are append-only and unchained, so that workers do
not queue for one row.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.clock import iso
from campaign.models import distinct, paging
from campaign.models.database import changed
from campaign.models.paging import Page, Place
from campaign.models.types import UtcDateTime

_LOCK = 0x5E4D  # one advisory lock on PostgreSQL: rows of the chain are written one after another


class Audit(SQLModel, table=True):
    """One decision: who, when, what, on which subject, with which facts."""

    __table_args__ = (
        Index("audit_who", "who", "id"),
        Index("audit_action", "action", "id"),
        Index("audit_subject", "subject", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    action: str
    subject: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    before: str
    digest: str


class Head(SQLModel, table=True):
    """Where the chain stands: one row, made with the first of the chain. ``told_at``: when people were last told."""

    __tablename__ = "audithead"

    id: int = Field(default=1, primary_key=True)
    rows: int = 0
    digest: str = ""
    told_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def record(
    session: Session, *, who: str, action: str, subject: str, at: datetime, facts: Mapping[str, object] | None = None
) -> Audit:
    """Append a row to the chain, in the caller's transaction."""
    take_turns(session)
    session.flush()
    # The head and not the newest row is followed: where rows were removed, the chain stays broken for all to see.
    last = session.get(Head, 1) or Head()
    row = Audit(
        at=at,
        who=who,
        action=action,
        subject=subject,
        facts=json.loads(json.dumps(dict(facts or {}), default=str)),
        before=last.digest,
        digest="",
    )
    row.digest = digest(row)
    last.rows, last.digest = last.rows + 1, row.digest
    session.add_all([row, last])
    session.flush()
    return row


def take_turns(session: Session) -> None:
    """Let one transaction at a time go on to its decision; a file has one writer anyhow."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")


def digest(row: Audit) -> str:
    """Return the SHA-256 of a row's content and of the digest before it."""
    content = [row.before, iso(row.at), row.who, row.action, row.subject, row.facts]
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def rows(session: Session, *, limit: int | None = None) -> list[Audit]:
    """Return the newest rows, oldest of them first."""
    statement = select(Audit).order_by(col(Audit.id).desc())
    if limit is not None:
        statement = statement.limit(limit)
    return list(reversed(session.exec(statement).all()))


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which rows to read; empty means all. ``subject`` is a whole one (``post:7``) or its kind (``post``)."""

    who: str = ""
    action: str = ""
    subject: str = ""


def page(
    session: Session, wanted: AuditFilter, size: int, *, after: Place | None = None, before: Place | None = None
) -> Page[Audit]:
    """Return ``size`` rows, the newest first, after a place (older ones) or right before one."""
    statement = select(Audit).where(*_conditions(wanted))
    return paging.page(
        lambda stretch: session.exec(stretch.of(statement, (col(Audit.id),), descending=True)).all(),
        size,
        after=after,
        before=before,
    )


def _conditions(wanted: AuditFilter) -> Iterator[sa.ColumnElement[bool]]:
    if wanted.who:
        yield col(Audit.who) == wanted.who
    if wanted.action:
        yield col(Audit.action) == wanted.action
    if wanted.subject:
        whole = col(Audit.subject) == wanted.subject
        # A whole subject is asked for by itself: together with a pattern no index would serve it.
        kind = col(Audit.subject).startswith(f"{wanted.subject}:", autoescape=True)
        yield whole if ":" in wanted.subject else sa.or_(whole, kind)


def actions(session: Session) -> list[str]:
    """Return every kind of decision that was taken."""
    return distinct.values(session, col(Audit.action))


def head(session: Session) -> Head | None:
    """Return where the chain stands; None when somebody took its head away."""
    return session.get(Head, 1)


def to_tell(session: Session, since: datetime, now: datetime) -> Head | None:
    """Return the head if people were not told of it since an instant, and note that they are told now; of several
    processes one gets it.
    """
    untold = sa.or_(col(Head.told_at).is_(None), col(Head.told_at) < since)
    mine = sa.update(Head).where(col(Head.id) == 1, untold).values(told_at=now)
    return session.get(Head, 1) if changed(session, mine) == 1 else None


WALKED = 200
"""Rows of the chain that one look of a person walks: the command line walks them all."""
NO_HEAD = "the head of the chain is gone"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of the chain that were walked; ``older`` is the oldest of them where others stand before it."""

    rows: int
    faults: tuple[str, ...]
    older: int | None


def walked(session: Session, size: int, *, before: int | None = None) -> Stretch:
    """Walk ``size`` rows up to the newest, or up to the one before a row, and say what is wrong with them."""
    statement = select(Audit) if before is None else select(Audit).where(col(Audit.id) < before)
    found = list(session.exec(statement.order_by(col(Audit.id).desc()).limit(size + 1)))
    rows, left = found[:size], found[size:]
    wrong, end = list[str](), _known_end(session, before)
    for row in rows:
        if end is not None and row.digest != end:
            wrong.append(f"row {row.id} is not the one that is known to stand there")
        if digest(row) != row.digest:
            wrong.append(f"row {row.id} was changed")
        end = row.before
    if end and not left:
        wrong.append("the oldest rows are gone")
    return Stretch(len(rows), tuple(wrong), rows[-1].id if left else None)


def _known_end(session: Session, before: int | None) -> str | None:
    """Return the digest of the row before a row, or of the newest, as what comes after it knows it."""
    after = head(session) if before is None else session.get(Audit, before)
    return None if after is None else after.digest if isinstance(after, Head) else after.before


def faults(session: Session) -> Iterator[str]:
    """Walk the chain and say of every row that does not fit what is wrong with it, and of rows that are gone from its
    end.
    """
    before, count = "", 0
    for row in session.exec(select(Audit).order_by(col(Audit.id)).execution_options(yield_per=1000)):
        if row.before != before:
            yield f"row {row.id} does not follow the row before it"
        if digest(row) != row.digest:
            yield f"row {row.id} was changed"
        before, count = row.digest, count + 1
    end = head(session)
    if end is None:
        # `campaign init` writes the first row, so that no workspace is without a chain.
        yield NO_HEAD if count else "the chain and its head are gone"
    elif end.rows != count:
        yield f"there are {count} rows, and the head of the chain knows of {end.rows}"
    elif end.digest != before:
        yield "the newest row is not the one that the head of the chain knows"
