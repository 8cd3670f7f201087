"""Which posts fall due soon, for an engine that is told ahead."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on
from sqlmodel import Session, col

from campaign.models.lanes import of_account, sendable, sends
from campaign.models.partners import Lane
from campaign.models.posts import Post
from campaign.models.types import UtcDateTime

_BURST = 5000


@dataclass(frozen=True, slots=True)
class Coming:
    """A post that may go at ``at``. ``key`` names this very try of this very version of it."""

    post_id: int
    account_id: int
    channel: str
    at: datetime
    key: str


def coming(session: Session, now: datetime, until: datetime) -> list[Coming]:
    """Return what falls due after ``now`` and not after ``until``, the earliest first.

    Of the posts of one account that may go at the same instant one speaks for all: whoever looks at it serves the
    whole lane. What is due already is not among them: a look finds it. PostgreSQL alone.
    """
    waiting = (
        sa.select(col(Post.id), col(Post.account_id), col(Post.channel), col(Post.version), col(Post.tries))
        .add_columns(col(Post.next_try_at))
        .where(sendable(now), col(Post.next_try_at) <= until, of_account(sends(now)))
        .order_by(col(Post.next_try_at))
        .limit(_BURST)
        .subquery()
    )
    ready_at = sa.func.coalesce(col(Lane.ready_at), waiting.c.next_try_at)
    at = sa.func.greatest(waiting.c.next_try_at, ready_at, type_=UtcDateTime())
    each = (
        sa.select(waiting, at.label("at"))
        .join(Lane, col(Lane.account_id) == waiting.c.account_id)
        .where(at > now, at <= until)
        .ext(distinct_on(waiting.c.account_id, at))
        .order_by(waiting.c.account_id, at, waiting.c.id)
        .subquery()
    )
    rows = session.execute(sa.select(each).order_by(each.c.at))
    return [Coming(row.id, row.account_id, row.channel, row.at, f"{row.id}.{row.version}.{row.tries}") for row in rows]
