"""Tokens of the API, stored as digests, and what was answered to writes that named an idempotency key."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.types import Numbered, UtcDateTime
from campaign.models.users import User


class ApiToken(Numbered, table=True):
    """A person's token: a program that holds it acts as them, within ``scopes`` and until ``ends_at``."""

    digest: str = Field(unique=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    name: str
    scopes: list[str] = Field(default_factory=list, sa_column=Column(JSON, nullable=False))
    made_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Answered(SQLModel, table=True):
    """The answer to a write, by its token and idempotency key: the same write is not done twice."""

    __table_args__ = (UniqueConstraint("token_id", "key"), Index("answered_at", "at"))

    id: int | None = Field(default=None, primary_key=True)
    token_id: int = Field(foreign_key="apitoken.id")
    key: str
    request: str
    body: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    at: datetime = Field(sa_type=UtcDateTime)


def token(session: Session, digest: str, now: datetime) -> tuple[ApiToken, User] | None:
    """Return a token that serves, with its person, who must still be active."""
    serves = (
        col(ApiToken.digest) == digest,
        col(ApiToken.revoked_at).is_(None),
        col(ApiToken.ends_at) > now,
        col(User.active).is_(True),
    )
    return session.exec(select(ApiToken, User).join(User, col(User.id) == col(ApiToken.user_id)).where(*serves)).first()


def tokens(session: Session, user_id: int | None = None) -> list[tuple[ApiToken, User]]:
    """Return the tokens that were not revoked, of one person or of all, the newest first."""
    found = select(ApiToken, User).join(User, col(User.id) == col(ApiToken.user_id))
    found = found.where(col(ApiToken.revoked_at).is_(None)).order_by(col(ApiToken.id).desc())
    return list(session.exec(found if user_id is None else found.where(col(ApiToken.user_id) == user_id)).all())


def note_use(session: Session, token_id: int, now: datetime) -> None:
    """Note when a token was used last."""
    session.execute(sa.update(ApiToken).where(col(ApiToken.id) == token_id).values(used_at=now))


def revoke(session: Session, token_id: int, now: datetime, user_id: int | None = None) -> bool:
    """Let a token serve no more; with ``user_id`` only that person's. False when there is none that serves."""
    mine = sa.update(ApiToken).where(col(ApiToken.id) == token_id, col(ApiToken.revoked_at).is_(None))
    if user_id is not None:
        mine = mine.where(col(ApiToken.user_id) == user_id)
    return changed(session, mine.values(revoked_at=now)) == 1


def revoke_all(session: Session, user_id: int, now: datetime) -> int:
    """Let every token of a person serve no more; returns how many did."""
    theirs = sa.update(ApiToken).where(col(ApiToken.user_id) == user_id, col(ApiToken.revoked_at).is_(None))
    return changed(session, theirs.values(revoked_at=now))


def lock_key(session: Session, token_id: int, key: str) -> None:
    """Let one transaction at a time work under a key of a token, until it ends: who comes second sees the answer of
    the first. On SQLite there is one writer anyway.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(token_id, sa.func.hashtext(key))))


def answered(session: Session, token_id: int, key: str, since: datetime) -> Answered | None:
    """Return what was answered to a write of this token under this key, at ``since`` or later."""
    mine = select(Answered).where(col(Answered.token_id) == token_id, col(Answered.key) == key)
    return session.exec(mine.where(col(Answered.at) >= since)).first()


def forget_answers(session: Session, before: datetime) -> None:
    """Drop what was answered long ago."""
    session.execute(sa.delete(Answered).where(col(Answered.at) < before))
