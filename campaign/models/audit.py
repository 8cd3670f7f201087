"""Who decided what: rows that carry the digest of the row before, so that a removed or changed row shows.

The chain covers people's decisions and settings. Dispatch's events are append-only and unchained, so that workers do
not queue for one row.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.clock import iso
from campaign.models.types import UtcDateTime

_LOCK = 0x5E4D  # one advisory lock on PostgreSQL: rows of the chain are written one after another


class Audit(SQLModel, table=True):
    """One decision: who, when, what, on which subject, with which facts."""

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcDateTime)
    who: str
    action: str
    subject: str
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    before: str
    digest: str


def record(
    session: Session, *, who: str, action: str, subject: str, at: datetime, facts: Mapping[str, object] | None = None
) -> Audit:
    """Append a row to the chain, in the caller's transaction."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK})")
    session.flush()
    last = session.exec(select(Audit).order_by(col(Audit.id).desc()).limit(1)).first()
    row = Audit(
        at=at,
        who=who,
        action=action,
        subject=subject,
        facts=json.loads(json.dumps(dict(facts or {}), default=str)),
        before=last.digest if last else "",
        digest="",
    )
    row.digest = digest(row)
    session.add(row)
    session.flush()
    return row


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


def faults(session: Session) -> Iterator[str]:
    """Walk the chain and say of every row that does not fit what is wrong with it."""
    before = ""
    for row in session.exec(select(Audit).order_by(col(Audit.id))):
        if row.before != before:
            yield f"row {row.id} does not follow the row before it"
        if digest(row) != row.digest:
            yield f"row {row.id} was changed"
        before = row.digest
