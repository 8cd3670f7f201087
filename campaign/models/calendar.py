"""What is due, counted: a month of many partners by slot, channel and status, and what goes out together by its slot's
occurrence. A calendar is read as counts, never as rows without a bound.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import counts
from campaign.models.hours import begins, hour_at
from campaign.models.partners import Partner
from campaign.models.posts import Event, Post


@dataclass(frozen=True, slots=True)
class Due:
    """Posts of one slot in one state, with their channels by name; the first of them by time. ``post_id`` is None where
    they are many.
    """

    slot: str
    status: str
    channels: tuple[str, ...]
    posts: int
    first_at: datetime
    post_id: int | None


def due(session: Session, edges: Sequence[datetime], partners: Sequence[str] = ()) -> list[list[Due]]:
    """Return what is due from each of these instants on and before the next, of these partners or of all, by time."""
    in_whole_hours = not any(edge.minute or edge.second for edge in edges)
    # What is kept is kept by the hour, and of all partners; a few of them have few posts.
    found = _kept(session, edges) if in_whole_hours and not partners else _read(session, edges, partners)
    spans: list[dict[tuple[str, str], Due]] = [{} for _ in edges[1:]]
    for one in found:
        span, key = spans[bisect_right(edges, one.first_at) - 1], (one.slot, one.status)
        span[key] = _together(span[key], one) if key in span else one
    return [sorted(span.values(), key=lambda one: (one.first_at, one.slot, one.status)) for span in spans]


def _together(one: Due, other: Due) -> Due:
    channels = tuple(sorted({*one.channels, *other.channels}))
    first_at = min(one.first_at, other.first_at)
    return Due(one.slot, one.status, channels, one.posts + other.posts, first_at, post_id=None)


def _read(session: Session, edges: Sequence[datetime], partners: Sequence[str]) -> Iterator[Due]:
    first = sa.func.min(col(Post.due_at))
    span = sa.case(*((col(Post.due_at) < edge, place) for place, edge in enumerate(edges[1:])), else_=len(edges))
    names = (col(Post.slot), col(Post.status), col(Post.channel))
    statement = sa.select(*names, sa.func.count(), first, sa.func.min(col(Post.id)))
    statement = statement.where(col(Post.due_at) >= edges[0], col(Post.due_at) < edges[-1], *_of(partners))
    for slot, status, channel, posts, first_at, ident in session.execute(statement.group_by(span, *names)):
        yield Due(slot, status, (channel,), posts, first_at, ident if posts == 1 else None)


def _kept(session: Session, edges: Sequence[datetime]) -> Iterator[Due]:
    """Yield the same from the counts that are kept. Which post is the first of an hour is one look into an index."""
    since, until = (hour_at(edge) for edge in (edges[0], edges[-1]))

    def wanted(rows: sa.FromClause) -> Sequence[sa.ColumnElement[bool]]:
        return rows.c.hour >= since, rows.c.hour < until

    names = ("hour", "slot", "status")
    channels: dict[tuple[str, ...], list[str]] = {}
    for *key, channel, _ in session.execute(counts.counts((*names, "channel"), wanted)):
        channels.setdefault(tuple(key), []).append(channel)
    each = counts.counts(names, wanted).subquery("each")
    first = (
        sa.select(col(Post.id))
        .where(col(Post.slot) == each.c.slot, col(Post.status) == each.c.status)
        .where(col(Post.due_at) >= begins(session, each.c.hour))
        .order_by(col(Post.due_at), col(Post.id))
        .limit(1)
        .correlate(each)
        .scalar_subquery()
    )
    statement = sa.select(*each.c, col(Post.due_at), col(Post.id)).join(Post, col(Post.id) == first)
    for hour, slot, status, posts, first_at, ident in session.execute(statement):
        there = tuple(sorted(channels[hour, slot, status]))
        yield Due(slot, status, there, posts, first_at, ident if posts == 1 else None)


def _of(partners: Sequence[str], channels: Sequence[str] = ()) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that posts are of these partners and channels; empty means all."""
    theirs = sa.select(col(Partner.id)).where(col(Partner.key).in_(partners))
    return [
        *([col(Post.partner_id).in_(theirs)] if partners else []),
        *([col(Post.channel).in_(channels)] if channels else []),
    ]


@dataclass(frozen=True, slots=True)
class Together:
    """Posts of one occurrence of a slot on one channel, by status; the first of them by time."""

    slot: str
    occurrence: str
    channel: str
    first_at: datetime
    counts: Mapping[str, int]


def together(
    session: Session, since: datetime, partners: Sequence[str], channels: Sequence[str], *, limit: int
) -> list[Together]:
    """Return what goes out together from ``since`` on, by time; the first ``limit`` counts by status."""
    first = sa.func.min(col(Post.due_at))
    names = (col(Post.slot), col(Post.occurrence), col(Post.channel), col(Post.status))
    statement = sa.select(*names, sa.func.count(), first).where(col(Post.due_at) >= since, *_of(partners, channels))
    found: dict[tuple[str, str, str], tuple[datetime, dict[str, int]]] = {}
    for *key, status, count, at in session.execute(statement.group_by(*names).order_by(first, *names).limit(limit)):
        found.setdefault((key[0], key[1], key[2]), (at, {}))[1][status] = count
    return [Together(*key, *facts) for key, facts in found.items()]


def moves_made(session: Session, post_ids: Sequence[int]) -> dict[int, int]:
    """Return how often each post has moved."""
    statement = sa.select(col(Event.post_id), sa.func.count()).where(col(Event.post_id).in_(post_ids))
    return {row[0]: row[1] for row in session.execute(statement.group_by(col(Event.post_id)))}
