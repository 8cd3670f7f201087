"""What is due between two instants, counted by slot, channel and status: a month of many partners is read as counts."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.partners import Partner
from campaign.models.posts import Post


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
    statement = statement.where(col(Post.due_at) >= since, col(Post.due_at) < until)
    if partners:
        theirs = sa.select(col(Partner.id)).where(col(Partner.key).in_(partners))
        statement = statement.where(col(Post.partner_id).in_(theirs))
    return [Due(*found) for found in session.execute(statement.group_by(*names).order_by(first, *names))]
