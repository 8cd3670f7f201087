"""The same sums as ``models.totals``, out of every reading: for questions that no kept sum answers.

The unique key (post, due time) makes the newest value of a post one short look, so what is read grows with the posts
that are meant.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from campaign.models import snapshots
from campaign.models.hours import hour_of, instant_of
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, LogFilter, Snapshot


@dataclass(frozen=True, slots=True)
class ChannelTotal:
    """The newest known figures of a channel's posts, added up. ``posts`` counts those with any figures at all,
    ``known`` those that have each figure.

    A sum is None when no post of the channel has the figure. Sums of two channels must not be added: each platform
    counts an impression in its own way. ``part``: the template, the partner's name or the region that it is of, where
    that was asked, and ``partner`` the partner's key: two may have one name.
    """

    channel: str
    posts: int
    taken_at: datetime
    figures: tuple[int | None, ...]
    known: tuple[int, ...]
    part: str = ""
    partner: str = ""


def totals(session: Session, wanted: LogFilter, by: str | None = None) -> list[ChannelTotal]:
    """Return what ``models.totals.totals`` does, of readings taken in any time."""
    taken = _newest("taken_at", col(Snapshot.gap).is_(None), wanted)
    seen = sa.func.coalesce(taken, _before("taken_at", col(Snapshot.gap).is_(None), wanted))
    each = (
        sa.select(
            col(Post.channel).label("channel"),
            *(
                column.label(name)
                for name, column in zip(("part", "partner"), parts(by, col(Post.template)), strict=True)
            ),
            taken.label("taken_at"),
            seen.label("seen"),
            *(column for name in FIGURES for column in _gain(name, wanted)),
        )
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(col(Post.published_at).is_not(None), *snapshots.about_post(wanted))
        .subquery()
    )
    keys, newest = (each.c.channel, each.c.part, each.c.partner), sa.func.max(each.c.taken_at)
    sums, known = added(lambda name: sa.func.sum(each.c[name])), [sa.func.count(each.c[_has(name)]) for name in FIGURES]
    statement = (
        sa.select(*keys, sa.func.count(each.c.seen), newest, *sums, *known)
        .group_by(*keys)
        .having(newest.is_not(None))
        .order_by(*keys)
    )
    return [
        ChannelTotal(channel, posts, taken_at, *halves(sums), part, partner)
        for channel, part, partner, posts, taken_at, *sums in session.execute(statement)
    ]


def added(sum_of: Callable[[str], sa.ColumnElement[Any]]) -> list[sa.ColumnElement[int]]:
    """Return the columns of sums of figures, as wide as sums need."""
    return [sa.cast(sum_of(name), sa.BigInteger) for name in FIGURES]


def halves(sums: Sequence[Any]) -> tuple[tuple[int | None, ...], tuple[int, ...]]:
    """Return the sums of the figures, and of how many posts each is: both stand at a row's end, one after the other."""
    figures, known = sums[: len(FIGURES)], sums[len(FIGURES) :]
    return tuple(None if value is None else int(value) for value in figures), tuple(map(int, known))


def parts(by: str | None, template: Any) -> tuple[Any, Any]:
    """Return the columns that split totals: what is shown, and the partner's key where they are split by partner.
    ``template`` is the column of the template's name.
    """
    shown = {"template": template, "partner": col(Partner.name), "region": col(Partner.region)}
    nothing = sa.literal("")
    return shown.get(by or "", nothing), col(Partner.key) if by == "partner" else nothing


def newest_value(name: str, has: sa.ColumnElement[bool], wanted: LogFilter) -> sa.Label[Any]:
    """Return the newest value of a column of a post's snapshots; the unique key makes it one short look."""
    return _newest(name, has, wanted).label(name)


def _newest(name: str, has: sa.ColumnElement[bool], wanted: LogFilter) -> sa.ScalarSelect[Any]:
    return (
        sa.select(getattr(Snapshot, name))
        .where(col(Snapshot.post_id) == col(Post.id), has, *snapshots.about_time(wanted))
        .order_by(col(Snapshot.due_at).desc())
        .limit(1)
        .correlate(Post)
        .scalar_subquery()
    )


def _before(name: str, has: sa.ColumnElement[bool], wanted: LogFilter) -> sa.ColumnElement[Any]:
    """Return the newest value that was known at ``wanted.since``; NULL where that is not said."""
    if wanted.since is None:
        return sa.null()
    return _newest(name, has, replace(wanted, since=None, until=wanted.since))


def _gain(name: str, wanted: LogFilter) -> tuple[sa.Label[Any], sa.Label[Any]]:
    """Return what a post has of a figure, or gained from ``wanted.since`` on, and what is NULL where it has none."""
    has = getattr(Snapshot, name).is_not(None)
    value, before = _newest(name, has, wanted), _before(name, has, wanted)
    if wanted.since is None:
        return value.label(name), value.label(_has(name))
    return (value - sa.func.coalesce(before, 0)).label(name), sa.func.coalesce(value, before).label(_has(name))


def _has(name: str) -> str:
    return f"has_{name}"


@dataclass(frozen=True, slots=True)
class Growth:
    """By how much a figure of a channel grew on a local day, whether it was read then, and how many readings that were
    due then failed.
    """

    channel: str
    day: date
    grown: int
    was_read: bool
    gaps: int


def growth(session: Session, wanted: LogFilter, figure: str, zone: tzinfo) -> list[Growth]:
    """Return how a figure grew, by channel and local day, from ``wanted.since`` or the beginning on.

    A reading grows by what it has more than the reading of the same post before it that had the figure: the sum from
    the beginning up to a day is then the sum of each post's newest known value.
    """
    value = getattr(Snapshot, figure)
    taken, due = col(Snapshot.taken_at), col(Snapshot.due_at)
    before = sa.func.lag(value).over(partition_by=col(Snapshot.post_id), order_by=col(Snapshot.due_at))
    more = (value - sa.func.coalesce(before, 0)).label("grown")
    grown = _readings(session, wanted, taken, more).where(value.is_not(None))
    failed = _readings(session, wanted, due, sa.literal(0).label("grown")).where(col(Snapshot.gap).is_not(None))
    counts: dict[tuple[str, date], list[int]] = {}
    for rows, is_gap in ((grown.subquery(), False), (failed.subquery(), True)):
        keys = (rows.c.channel, rows.c.hour)
        statement = sa.select(*keys, sa.cast(sa.func.sum(rows.c.grown), sa.BigInteger), sa.func.count()).group_by(*keys)
        if wanted.since is not None:
            statement = statement.where(rows.c.at >= wanted.since)
        for channel, hour, more, count in session.execute(statement):
            into = counts.setdefault((channel, instant_of(hour).astimezone(zone).date()), [0, 0, 0])
            into[0] += int(more)
            into[2 if is_gap else 1] += count
    found = sorted(counts.items())
    return [Growth(*key, more, was_read=bool(read), gaps=failed) for key, (more, read, failed) in found]


def _readings(
    session: Session, wanted: LogFilter, at: Mapped[datetime], what: sa.ColumnElement[int]
) -> sa.Select[*tuple[Any, ...]]:
    """Return the readings until ``wanted.until`` by the hour of ``at``."""
    return (
        sa.select(col(Post.channel).label("channel"), hour_of(session, at).label("hour"), at.label("at"), what)
        .select_from(Snapshot)
        .join(Post, col(Post.id) == col(Snapshot.post_id))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(*snapshots.about_post(wanted), *([at < wanted.until] if wanted.until is not None else []))
    )


@dataclass(frozen=True, slots=True)
class Published:
    """What the posts have, or gained, that a channel published in one local hour of the day: how many have the figure,
    its sum.
    """

    channel: str
    hour: int
    posts: int
    total: int


def by_publishing(session: Session, wanted: LogFilter, figure: str, zone: tzinfo) -> list[Published]:
    """Return what ``models.totals.by_publishing`` does, of readings taken in any time."""
    each = (
        sa.select(
            col(Post.channel).label("channel"),
            hour_of(session, col(Post.published_at)).label("hour"),
            *_gain(figure, wanted),
        )
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(col(Post.published_at).is_not(None), *snapshots.about_post(wanted))
        .subquery()
    )
    keys = (each.c.channel, each.c.hour)
    statement = (
        sa.select(*keys, sa.func.count(), sa.cast(sa.func.coalesce(sa.func.sum(each.c[figure]), 0), sa.BigInteger))
        .where(each.c[_has(figure)].is_not(None))
        .group_by(*keys)
        .order_by(*keys)
    )
    sums: dict[tuple[str, int], tuple[int, int]] = {}
    for channel, hour, count, total in session.execute(statement):
        key = channel, instant_of(hour).astimezone(zone).hour
        posts, before = sums.get(key, (0, 0))
        sums[key] = posts + count, before + int(total)
    return [Published(*key, posts, total) for key, (posts, total) in sorted(sums.items())]
