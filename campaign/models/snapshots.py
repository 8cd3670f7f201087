"""Engagement: append-only snapshots of a post's figures, and the gaps where a reading could not be taken.

Ten million rows stay quick to read: the unique key (post, due time) answers "the newest of a post" and "everything of
a post", the index on the time taken answers a range of days, and a whole log is read page by page, never held.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.types import UtcDateTime

FIGURES = ("impressions", "reach", "reactions", "comments", "shares", "clicks")
"""The columns of figures, in the order in which they are shown."""

PARTS = ("template", "partner", "region")
"""What totals can be split by, beside the channel."""

PAGE = 2000
_FACTS = 11  # what a line says before its figures


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
    """Which snapshots to read; None means all. Instants are aware UTC and bound the time taken; ``until`` exclusive.

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


@dataclass(frozen=True, slots=True)
class ChannelTotal:
    """The newest known figures of a channel's posts, added up. ``posts`` counts those with any figures at all.

    A sum is None when no post of the channel has the figure. Sums of two channels must not be added: each platform
    counts an impression in its own way. ``part``: the template, partner or region that it is of, where that was asked.
    """

    channel: str
    posts: int
    taken_at: datetime
    figures: tuple[int | None, ...]
    part: str = ""


def due_readings(session: Session, now: datetime, *, limit: int = 2000) -> list[Post]:
    """Return posts whose next reading is due, the longest due first."""
    statement = (
        select(Post)
        .where(col(Post.next_reading_at) <= now)
        .order_by(col(Post.next_reading_at), col(Post.id))
        .limit(limit)
    )
    return list(session.exec(statement))


@dataclass(frozen=True, slots=True)
class Watched:
    """A published post whose figures are still to be read, from reading number ``readings`` on."""

    account_id: int
    channel: str
    published_at: datetime
    readings: int


def watched(session: Session) -> list[Watched]:
    """Return the posts whose figures are still to be read."""
    columns = (col(Post.account_id), col(Post.channel), col(Post.published_at), col(Post.readings))
    waiting = sa.select(*columns).where(col(Post.next_reading_at).is_not(None), col(Post.published_at).is_not(None))
    return [Watched(*row) for row in session.execute(waiting)]


def claim_readings(session: Session, post_ids: Sequence[int], now: datetime, until: datetime) -> list[Post]:
    """Take the due readings of these posts until ``until``, and return the posts whose readings nobody else has."""
    free = (
        sa.select(col(Post.id))
        .where(col(Post.id).in_(post_ids), col(Post.next_reading_at) <= now)
        .order_by(col(Post.id))
        .with_for_update(skip_locked=True)
    )
    mine = sa.update(Post).where(col(Post.id).in_(free)).values(next_reading_at=until).returning(Post)
    return list(session.scalars(mine.execution_options(synchronize_session=False)))


def next_reading(session: Session) -> datetime | None:
    """Return when the next reading of any post is due."""
    statement = sa.select(sa.func.min(col(Post.next_reading_at))).where(col(Post.next_reading_at).is_not(None))
    return session.execute(statement).scalar()


def settle_reading(
    session: Session, seen: Post, rows: Sequence[Snapshot], *, readings: int, next_reading_at: datetime | None
) -> int:
    """Store what became of a post's due readings and move the post on to the next.

    Nothing is written when the post has moved on since it was ``seen``: another process was here, or the post was
    taken down. Returns how many snapshots were stored.
    """
    mine = sa.update(Post).where(
        col(Post.id) == seen.ident,
        col(Post.readings) == seen.readings,
        col(Post.next_reading_at) == seen.next_reading_at,
    )
    if changed(session, mine.values(readings=readings, next_reading_at=next_reading_at)) != 1:
        return 0
    return _append(session, rows) if rows else 0


def _append(session: Session, rows: Sequence[Snapshot]) -> int:
    """Insert snapshots, except those whose reading is there: a post whose readings began anew keeps the older rows."""
    values = [row.model_dump(exclude={"id"}) for row in rows]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(Snapshot).values(values)
    unless_there = statement.on_conflict_do_nothing(index_elements=["post_id", "due_at"])
    return len(session.execute(unless_there.returning(col(Snapshot.id))).all())


def newest(session: Session, wanted: LogFilter, count: int) -> list[LogLine]:
    """Return that many of the newest snapshots with what they are about, oldest first."""
    statement = lines(wanted).order_by(col(Snapshot.taken_at).desc(), col(Snapshot.id).desc()).limit(count)
    return [line(row) for row in reversed(session.execute(statement).all())]


def page(session: Session, wanted: LogFilter, after: LogLine | None) -> list[LogLine]:
    """Return the next ``PAGE`` snapshots after a line, oldest first; fewer where they end."""
    statement = lines(wanted).order_by(col(Snapshot.taken_at), col(Snapshot.id)).limit(PAGE)
    if after is not None:
        later = sa.or_(col(Snapshot.taken_at) > after.taken_at, col(Snapshot.id) > after.ident)
        statement = statement.where(col(Snapshot.taken_at) >= after.taken_at, later)
    return [line(row) for row in session.execute(statement)]


def lines(wanted: LogFilter) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement for snapshots with what they are about; ``line`` reads its rows."""
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
        .where(*about_post(wanted), *about_time(wanted))
    )


def line(row: Any) -> LogLine:
    """Return a row of ``lines``."""
    facts: list[Any] = [*row[:_FACTS], tuple(row[_FACTS:])]
    return LogLine(*facts)


def totals(session: Session, wanted: LogFilter, by: str | None = None) -> list[ChannelTotal]:
    """Return, per channel, the newest known figures of its posts added up, by channel name; ``by`` splits each channel
    by one of ``PARTS``.

    Newest is taken figure by figure: a platform that stops giving a figure for old posts (X gives clicks for thirty
    days) does not make the last one that it gave disappear.
    """
    each = (
        sa.select(
            col(Post.channel).label("channel"),
            _part(by).label("part"),
            newest_value("taken_at", col(Snapshot.gap).is_(None), wanted),
            *(newest_value(name, getattr(Snapshot, name).is_not(None), wanted) for name in FIGURES),
        )
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(col(Post.published_at).is_not(None), *about_post(wanted))
        .subquery()
    )
    statement = (
        sa.select(
            each.c.channel,
            each.c.part,
            sa.func.count(each.c.taken_at),
            sa.func.max(each.c.taken_at),
            *(sa.cast(sa.func.sum(each.c[name]), sa.BigInteger) for name in FIGURES),
        )
        .where(each.c.taken_at.is_not(None))
        .group_by(each.c.channel, each.c.part)
        .order_by(each.c.channel, each.c.part)
    )
    return [
        ChannelTotal(channel, posts, taken_at, tuple(figures), part)
        for channel, part, posts, taken_at, *figures in session.execute(statement)
    ]


def _part(by: str | None) -> sa.ColumnElement[str]:
    columns: dict[str | None, Any] = {
        "template": col(Post.template),
        "partner": col(Partner.name),
        "region": col(Partner.region),
    }
    found: sa.ColumnElement[str] = columns.get(by, sa.literal(""))
    return found


def newest_value(name: str, has: sa.ColumnElement[bool], wanted: LogFilter) -> sa.Label[Any]:
    """Return the newest value of a column of a post's snapshots; the unique key makes it one short look."""
    return (
        sa.select(getattr(Snapshot, name))
        .where(col(Snapshot.post_id) == col(Post.id), has, *about_time(wanted))
        .order_by(col(Snapshot.due_at).desc())
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
        .label(name)
    )


def about_post(wanted: LogFilter) -> Sequence[sa.ColumnElement[bool]]:
    """Return the conditions on the post."""
    pairs: list[tuple[object, sa.ColumnElement[bool]]] = [
        (wanted.partner, col(Partner.key) == wanted.partner),
        (wanted.channel, col(Post.channel) == wanted.channel),
        (wanted.slot, col(Post.slot) == wanted.slot),
        (wanted.template, col(Post.template) == wanted.template),
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
