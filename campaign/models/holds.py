"""Holds: rows that stop what falls under their scope, from everything down to one post."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.types import UtcDateTime


class Hold(SQLModel, table=True):
    """A stop with its reason. ``scope`` is everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."""

    id: int | None = Field(default=None, primary_key=True)
    scope: str = Field(index=True)
    reason: str
    held_by: str
    held_at: datetime = Field(sa_type=UtcDateTime)
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def active(session: Session) -> list[Hold]:
    """Return the holds that are on, oldest first."""
    return list(session.exec(select(Hold).where(col(Hold.released_at).is_(None)).order_by(col(Hold.id))))


def stopping(session: Session, scopes: list[str]) -> Hold | None:
    """Return a hold that is on for one of the scopes."""
    statement = select(Hold).where(col(Hold.released_at).is_(None), col(Hold.scope).in_(scopes)).limit(1)
    return session.exec(statement).first()


def scopes_of(post_id: int, channel: str, partner_key: str, account_id: int, event: str | None = None) -> list[str]:
    """Return every scope that a post falls under."""
    about = [f"event:{event}"] if event else []
    return [
        *about,
        "everything",
        f"channel:{channel}",
        f"partner:{partner_key}",
        f"account:{account_id}",
        f"post:{post_id}",
    ]


def not_held() -> sa.ColumnElement[bool]:
    """Return the condition on ``Post`` that no active hold covers it; part of every claim."""
    partner_key = (
        sa.select(col(Partner.key)).where(col(Partner.id) == col(Post.partner_id)).correlate(Post).scalar_subquery()
    )
    covers = sa.or_(
        col(Hold.scope) == "everything",
        col(Hold.scope) == sa.literal("channel:") + col(Post.channel),
        col(Hold.scope) == sa.literal("account:") + sa.cast(col(Post.account_id), sa.Text),
        col(Hold.scope) == sa.literal("event:") + col(Post.event),
        col(Hold.scope) == sa.literal("post:") + sa.cast(col(Post.id), sa.Text),
        col(Hold.scope) == sa.literal("partner:") + partner_key,
    )
    return ~sa.exists(sa.select(sa.literal(1)).where(col(Hold.released_at).is_(None), covers).correlate(Post))


def not_stopped(now: datetime) -> sa.ColumnElement[bool]:
    """Return the condition on ``Account`` that it may send: not stopped, or stopped only until an instant now past."""
    return sa.or_(col(Account.stopped_why).is_(None), col(Account.stopped_until) <= now)
