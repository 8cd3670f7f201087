"""Engagement: append-only snapshots of a post's figures, and the gaps where a reading could not be taken.

Ten million rows stay quick to read: the unique key (post, due time) answers "the newest of a post" and "everything of
a post", the index on the time taken answers a range of days, and a whole log is read page by page, never held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import aliased
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.types import UtcDateTime

FIGURES = ("impressions", "reach", "reactions", "comments", "shares", "clicks")
"""The columns of figures, in the order in which they are shown."""

_GIVEN = {name: text(f"{name} IS NOT NULL") for name in FIGURES}
_FACTS = 11  # what a line says before its figures


class Snapshot(SQLModel, table=True):
    """The figures of a post at one instant; None where the platform does not say.

    ``due_at`` names the reading that it answers; ``gap`` says why there are no figures, and then all are None.
    ``partner_id`` is its post's: a partner's log is found by it in its order.
    """

    __table_args__ = (
        UniqueConstraint("post_id", "due_at"),
        Index("snapshot_taken", "taken_at", "id"),
        Index("snapshot_of_partner", "partner_id", "taken_at", "id", *FIGURES),
        *(
            Index(f"snapshot_{name}", name, "id", sqlite_where=has, postgresql_where=has)
            for name, has in _GIVEN.items()
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    partner_id: int
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
    """Which snapshots to read; None means all. Instants are aware UTC and bound the time taken; ``until`` exclusive.
    Of sums that means: as they stood at ``until``, and from ``since`` on what was gained, not what was there before.

    ``published_from`` and ``published_until`` bound when the post was published.
    """

    partner: str | None = None
    channel: str | None = None
    slot: str | None = None
    template: str | None = None
    post_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    published_from: datetime | None = None
    published_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class LogLine:
    """A snapshot with what it is about; ``figures`` in the order of ``FIGURES``. ``ident`` is the snapshot's own id."""

    ident: int
    post_id: int
    partner: str
    channel: str
    slot: str
    template: str
    external_id: str | None
    reading: str
    taken_at: datetime
    gap: str | None
    partner_name: str
    figures: tuple[int | None, ...]


def newest(session: Session, wanted: LogFilter, count: int) -> list[LogLine]:
    """Return that many of the newest snapshots with what they are about, oldest first."""
    statement = lines(wanted).order_by(col(Snapshot.taken_at).desc(), col(Snapshot.id).desc()).limit(count)
    return [line(row) for row in reversed(session.execute(statement).all())]


def page(session: Session, wanted: LogFilter, after: LogLine | None, *, size: int) -> list[LogLine]:
    """Return the next ``size`` snapshots after a line, oldest first; fewer where they end."""
    statement = lines(wanted).order_by(col(Snapshot.taken_at), col(Snapshot.id)).limit(size)
    if after is not None:
        later = sa.or_(col(Snapshot.taken_at) > after.taken_at, col(Snapshot.id) > after.ident)
        statement = statement.where(col(Snapshot.taken_at) >= after.taken_at, later)
    return [line(row) for row in session.execute(statement)]


def lines(wanted: LogFilter, *, one_by_one: bool = False) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for snapshots with what they are about; ``line`` reads its rows. ``one_by_one``: see
    ``about_post``.
    """
    return (
        sa.select(
            *(col(Snapshot.id), col(Post.id), col(Partner.key), col(Post.channel), col(Post.slot), col(Post.template)),
            *(col(Post.external_id), col(Snapshot.reading), col(Snapshot.taken_at), col(Snapshot.gap)),
            col(Partner.name),
            *(getattr(Snapshot, name) for name in FIGURES),
        )
        .select_from(Snapshot)
        .join(Post, col(Post.id) == col(Snapshot.post_id))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(*_about_their_post(wanted, one_by_one=one_by_one), *_about_itself(wanted))
    )


def of(wanted: LogFilter, *columns: Any) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for these columns of snapshots. Their posts are asked for where the filter is about them."""
    about = _about_their_post(wanted)
    statement = sa.select(*columns).where(*about, *_about_itself(wanted))
    return statement.join(Post, col(Post.id) == col(Snapshot.post_id)) if about else statement


def line(row: Any) -> LogLine:
    """Return a row of ``lines``."""
    facts: list[Any] = [*row[:_FACTS], tuple(row[_FACTS:])]
    return LogLine(*facts)


def _about_itself(wanted: LogFilter) -> Sequence[sa.ColumnElement[bool]]:
    if wanted.partner is None:
        return about_time(wanted)
    theirs = sa.select(col(Partner.id)).where(col(Partner.key) == wanted.partner).scalar_subquery()
    return [col(Snapshot.partner_id) == theirs, *about_time(wanted)]


def _about_their_post(wanted: LogFilter, *, one_by_one: bool = False) -> Sequence[sa.ColumnElement[bool]]:
    # Whose a snapshot is stands in itself.
    return about_post(replace(wanted, partner=None), one_by_one=one_by_one)


def about_post(wanted: LogFilter, *, one_by_one: bool = False) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions on the post. ``one_by_one``: asked of each snapshot's post, so that no database thinks of
    going through all posts before.
    """
    own = aliased(Post)

    def plain(column: Any) -> Any:
        if not one_by_one:
            return column
        found = sa.select(getattr(own, column.key)).where(col(own.id) == col(Snapshot.post_id))
        return found.correlate(Snapshot).scalar_subquery()

    pairs: list[tuple[object, sa.ColumnElement[bool]]] = [
        (wanted.partner, col(Partner.key) == wanted.partner),
        (wanted.channel, plain(col(Post.channel)) == wanted.channel),
        (wanted.slot, plain(col(Post.slot)) == wanted.slot),
        (wanted.template, plain(col(Post.template)) == wanted.template),
        (wanted.post_id, col(Post.id) == wanted.post_id),
    ]
    conditions = [condition for value, condition in pairs if value is not None]
    if wanted.published_from is not None:
        conditions.append(col(Post.published_at) >= wanted.published_from)
    if wanted.published_until is not None:
        conditions.append(col(Post.published_at) < wanted.published_until)
    return conditions


def about_time(wanted: LogFilter) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions on the time taken."""
    conditions: list[sa.ColumnElement[bool]] = []
    if wanted.since is not None:
        conditions.append(col(Snapshot.taken_at) >= wanted.since)
    if wanted.until is not None:
        conditions.append(col(Snapshot.taken_at) < wanted.until)
    return conditions


def of_post(session: Session, post_id: int) -> list[Snapshot]:
    """Return every snapshot of a post, oldest first."""
    return list(session.exec(select(Snapshot).where(col(Snapshot.post_id) == post_id).order_by(col(Snapshot.due_at))))
