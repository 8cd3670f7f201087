"""What is due, counted: a month of many partners by slot, channel and status, and what goes out together by its slot's
occurrence. A calendar is read as counts, never as rows without a bound.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.partners import Partner
from campaign.models.posts import Event, Post


@dataclass(frozen=True, slots=True)
class Due:
    """Posts of one slot, channel and status; the first of them by time, and one of them by id."""

    slot: str
    channel: str
    status: str
    posts: int
    first_at: datetime
    post_id: int


def due(session: Session, since: datetime, until: datetime, partners: Sequence[str] = ()) -> list[Due]:
    """Return what is due from ``since`` on and before ``until``, of these partners or of all, by time."""
    first = sa.func.min(col(Post.due_at))
    names = (col(Post.slot), col(Post.channel), col(Post.status))
    statement = sa.select(*names, sa.func.count(), first, sa.func.min(col(Post.id)))
    statement = statement.where(col(Post.due_at) >= since, col(Post.due_at) < until, *_of(partners))
    return [Due(*found) for found in session.execute(statement.group_by(*names).order_by(first, *names))]


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
