"""Engagement: append-only snapshots of a post's figures, and the gaps where a reading could not be taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.types import UtcDateTime


class Snapshot(SQLModel, table=True):
    """The figures of a post at one instant; None where the platform does not say.

    ``due_at`` names the reading that it answers; ``gap`` says why there are no figures, and then all are None.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "due_at"),
        Index("snapshot_taken", "taken_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    reading: str
    due_at: datetime = Field(sa_type=UtcDateTime)
    taken_at: datetime = Field(sa_type=UtcDateTime)
    impressions: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    clicks: int | None = None
    gap: str | None = None


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which snapshots to read; None means all. Instants are aware UTC; ``until`` is exclusive."""

    partner: str | None = None
    channel: str | None = None
    slot: str | None = None
    template: str | None = None
    post_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def due_readings(session: Session, now: datetime, *, limit: int = 2000) -> list[Post]:
    """Return published posts whose next reading is due, by account."""
    statement = (
        select(Post)
        .where(col(Post.next_reading_at) <= now)
        .order_by(col(Post.account_id), col(Post.next_reading_at))
        .limit(limit)
    )
    return list(session.exec(statement))


def log(
    session: Session, wanted: LogFilter, *, limit: int | None = None
) -> list[tuple[Snapshot, Post, Partner, Account]]:
    """Return snapshots joined with post, partner and account, oldest first."""
    statement = (
        select(Snapshot, Post, Partner, Account)
        .join(Post, col(Post.id) == col(Snapshot.post_id))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(*_conditions(wanted))
        .order_by(col(Snapshot.taken_at), col(Snapshot.id))
    )
    return list(session.exec(statement.limit(limit) if limit is not None else statement).all())


def _conditions(wanted: LogFilter) -> Sequence[sa.ColumnElement[bool]]:
    pairs: list[tuple[object, sa.ColumnElement[bool]]] = [
        (wanted.partner, col(Partner.key) == wanted.partner),
        (wanted.channel, col(Post.channel) == wanted.channel),
        (wanted.slot, col(Post.slot) == wanted.slot),
        (wanted.template, col(Post.template) == wanted.template),
        (wanted.post_id, col(Post.id) == wanted.post_id),
        (wanted.since, col(Snapshot.taken_at) >= wanted.since),
        (wanted.until, col(Snapshot.taken_at) < wanted.until),
    ]
    return [condition for value, condition in pairs if value is not None]


def latest(session: Session, post_ids: Sequence[int]) -> dict[int, Snapshot]:
    """Return the newest snapshot with figures of each post."""
    newest = (
        sa.select(col(Snapshot.post_id), sa.func.max(col(Snapshot.due_at)).label("due_at"))
        .where(col(Snapshot.post_id).in_(post_ids), col(Snapshot.gap).is_(None))
        .group_by(col(Snapshot.post_id))
        .subquery()
    )
    statement = select(Snapshot).join(
        newest, sa.and_(newest.c.post_id == col(Snapshot.post_id), newest.c.due_at == col(Snapshot.due_at))
    )
    return {row.post_id: row for row in session.exec(statement)}
