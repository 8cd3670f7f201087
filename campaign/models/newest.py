"""The newest known figures of each post, kept as readings are stored: what a week's posts brought is then one stretch
of an index, however many readings each has.

Newest is taken figure by figure: a platform that stops giving a figure does not make the last one disappear. Like the
sums of ``models.tallies``, this is what the readings say, and can be made of them anew.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Index
from sqlmodel import Field, Session, SQLModel, col

from campaign.models import summed
from campaign.models.database import insert_into
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, LogFilter, Snapshot
from campaign.models.summed import ChannelTotal
from campaign.models.types import UtcDateTime, table_of

_MEASURED = ("taken_at", *FIGURES)


class Newest(SQLModel, table=True):
    """The newest known figures of a post that has any. ``taken_at`` is its newest reading with figures."""

    __table_args__ = (
        Index("newest_of_days", "published_at", "channel", "partner_id", *_MEASURED, "post_id"),
        Index("newest_of_partner", "partner_id", "published_at"),
    )

    post_id: int = Field(primary_key=True, foreign_key="post.id")
    partner_id: int
    channel: str
    published_at: datetime = Field(sa_type=UtcDateTime)
    taken_at: datetime = Field(sa_type=UtcDateTime)
    impressions: int | None = None
    reach: int | None = None
    reactions: int | None = None
    comments: int | None = None
    shares: int | None = None
    clicks: int | None = None


def keep(session: Session, post: Post, readings: Iterable[Snapshot]) -> None:
    """Keep what all the readings of a post know newest; nothing where none has figures."""
    values: dict[str, object] = {}
    for reading in sorted(readings, key=lambda row: row.due_at):
        if reading.gap is None:
            known = {name: getattr(reading, name) for name in _MEASURED}
            values |= {name: value for name, value in known.items() if value is not None}
    if not values or post.published_at is None:
        return
    about = {"partner_id": post.partner_id, "channel": post.channel, "published_at": post.published_at}
    row = dict.fromkeys(FIGURES) | about | values
    statement = insert_into(session, Newest).values(post_id=post.ident, **row)
    session.execute(statement.on_conflict_do_update(index_elements=["post_id"], set_=row))


def rebuild(session: Session) -> None:
    """Make all of it anew, where readings were stored before it was kept."""
    session.execute(sa.delete(Newest))
    about = (col(Post.id), col(Post.partner_id), col(Post.channel), col(Post.published_at))
    taken = summed.newest_value("taken_at", col(Snapshot.gap).is_(None), LogFilter())
    values = [summed.newest_value(name, getattr(Snapshot, name).is_not(None), LogFilter()) for name in FIGURES]
    each = sa.select(*about, taken, *values).where(col(Post.published_at).is_not(None)).subquery()
    names = ["post_id", "partner_id", "channel", "published_at", *_MEASURED]
    found = sa.select(*each.c).where(each.c.taken_at.is_not(None))
    session.execute(sa.insert(table_of(Newest)).from_select(names, found))


def totals(session: Session, wanted: LogFilter) -> list[ChannelTotal]:
    """Return what ``models.totals.totals`` does, of posts published in some days."""
    sums = summed.added(lambda name: sa.func.sum(getattr(Newest, name)))
    known = [sa.func.count(getattr(Newest, name)) for name in FIGURES]
    statement = (
        sa.select(col(Newest.channel), sa.func.count(), sa.func.max(col(Newest.taken_at)), *sums, *known)
        .where(*_conditions(wanted))
        .group_by(col(Newest.channel))
        .order_by(col(Newest.channel))
    )
    return [
        ChannelTotal(channel, posts, taken_at, *summed.halves(each))
        for channel, posts, taken_at, *each in session.execute(statement)
    ]


def best(session: Session, wanted: LogFilter, figure: str, count: int) -> list[tuple[int, int]]:
    """Return the posts that have the most of a figure, and how much, of posts published in some days."""
    value = getattr(Newest, figure)
    statement = sa.select(col(Newest.post_id), value).where(*_conditions(wanted), value.is_not(None))
    most = statement.order_by(value.desc(), col(Newest.post_id)).limit(count)
    return [(post_id, amount) for post_id, amount in session.execute(most)]


def answers(wanted: LogFilter) -> bool:
    """Say whether this answers a filter: some days of publishing, and nothing of a post but channel and partner."""
    narrow = (wanted.slot, wanted.template, wanted.post_id, wanted.since, wanted.until)
    return bool(wanted.published_from or wanted.published_until) and not any(one is not None for one in narrow)


def _conditions(wanted: LogFilter) -> list[sa.ColumnElement[bool]]:
    found: list[sa.ColumnElement[bool]] = []
    if wanted.published_from is not None:
        found.append(col(Newest.published_at) >= wanted.published_from)
    if wanted.published_until is not None:
        found.append(col(Newest.published_at) < wanted.published_until)
    if wanted.channel is not None:
        found.append(col(Newest.channel) == wanted.channel)
    if wanted.partner is not None:
        mine = sa.select(col(Partner.id)).where(col(Partner.key) == wanted.partner).scalar_subquery()
        found.append(col(Newest.partner_id) == mine)
    return found
