"""What is due, counted: a month of many partners by slot, channel and status, and what goes out together by its slot's
occurrence. A calendar is read as counts, never as rows without a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

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
    statement = _kept(session, edges) if in_whole_hours and not partners else _read(edges, partners)
    spans: list[list[Due]] = [[] for _ in edges[1:]]
    for span, slot, status, channels, posts, first_at, ident in session.execute(statement):
        names = tuple(sorted(set(channels.split(","))))
        spans[span].append(Due(slot, status, names, posts, first_at, ident if posts == 1 else None))
    return [sorted(span, key=lambda one: (one.first_at, one.slot, one.status)) for span in spans]


def _read(edges: Sequence[datetime], partners: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement that counts the posts themselves."""
    keys = (_span(col(Post.due_at), edges), col(Post.slot), col(Post.status), col(Post.channel))
    facts = (sa.func.count().label("posts"), sa.func.min(col(Post.due_at)).label("first_at"))
    ident = sa.func.min(col(Post.id)).label("ident")
    within = (col(Post.due_at) >= edges[0], col(Post.due_at) < edges[-1])
    rows = sa.select(*keys, *facts, ident).where(*within, *_of(partners)).group_by("span", *keys[1:]).subquery()
    return _by_span(rows, rows.c.span, sa.func.min(rows.c.first_at), sa.func.min(rows.c.ident))


def _kept(session: Session, edges: Sequence[datetime]) -> sa.Select[*tuple[Any, ...]]:
    """Return the same from the counts that are kept. Which post is the first of its hour is one look into an index."""
    hours = [hour_at(edge) for edge in edges]
    names = ("hour", "slot", "status", "channel")
    every = counts.every(names, lambda of: (of.c.hour >= hours[0], of.c.hour < hours[-1]))
    keys = (_span(every.c.hour, hours), *(every.c[name] for name in names[1:]))
    # A note may tell of an hour that has none any more; no post of the span lies before the first hour all the same.
    rows = counts.summed(every, keys, sa.func.min(every.c.hour).label("hour")).subquery()
    each = _by_span(rows, rows.c.span, sa.func.min(rows.c.hour).label("hour")).subquery("each")
    first = (
        sa.select(col(Post.id))
        .where(col(Post.slot) == each.c.slot, col(Post.status) == each.c.status)
        .where(col(Post.due_at) >= begins(session, each.c.hour))
        .order_by(col(Post.due_at), col(Post.id))
        .limit(1)
        .correlate(each)
        .scalar_subquery()
    )
    about = (each.c.span, each.c.slot, each.c.status, each.c.channels, each.c.posts)
    return sa.select(*about, col(Post.due_at), col(Post.id)).join(Post, col(Post.id) == first)


def _span(column: Any, edges: Sequence[object]) -> sa.Label[int]:
    """Return between which two edges a value lies, halving them: some ten thousand values are asked for forty edges."""

    def within(first: int, last: int) -> sa.ColumnElement[int]:
        if last - first == 1:
            return sa.literal(first)
        half = (first + last) // 2
        return sa.case((column < edges[half], within(first, half)), else_=within(half, last))

    return within(0, len(edges) - 1).label("span")


def _by_span(
    rows: sa.FromClause, span: sa.ColumnElement[int], *facts: sa.ColumnElement[Any]
) -> sa.Select[*tuple[Any, ...]]:
    channels = sa.func.aggregate_strings(rows.c.channel, ",").label("channels")
    posts = sa.cast(sa.func.sum(rows.c.posts), sa.Integer).label("posts")
    keys = (rows.c.slot, rows.c.status)
    return sa.select(span, *keys, channels, posts, *facts).group_by("span", *keys)


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
