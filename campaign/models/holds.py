"""Holds: rows that stop what falls under their scope, from everything down to one post."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import Database
from campaign.models.partners import Account, Partner
from campaign.models.posts import Attempt, Post
from campaign.models.prepared import Question
from campaign.models.types import Instant, UtcDateTime


class Hold(SQLModel, table=True):
    """A stop with its reason. ``scope`` is everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."""

    id: int | None = Field(default=None, primary_key=True)
    scope: str = Field(index=True)
    reason: str
    held_by: str
    held_at: datetime = Field(sa_type=UtcDateTime)
    released_by: str | None = None
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def everything(on: Iterable[Hold]) -> Hold | None:
    """Return the hold on everything, where it is among these active ones."""
    return next((hold for hold in on if hold.scope == "everything"), None)


def active(session: Session) -> list[Hold]:
    """Return the holds that are on, oldest first."""
    return list(session.exec(select(Hold).where(col(Hold.released_at).is_(None)).order_by(col(Hold.id))))


def old(session: Session, before: datetime) -> list[Hold]:
    """Return the holds that are on since before then, but those on an account that is disabled: enabling ends these."""
    scope = sa.literal("account:") + sa.cast(col(Account.id), sa.Text)
    disabled = sa.select(scope).where(col(Account.disabled_why).is_not(None))
    on = select(Hold).where(col(Hold.released_at).is_(None), col(Hold.held_at) < before)
    return list(session.exec(on.where(col(Hold.scope).not_in(disabled)).order_by(col(Hold.id))))


SETTLED = "settled"
"""Stands among the scopes where the attempt that asks has been closed by somebody else."""

_REASONS = Question(
    {"post": sa.Integer(), "number": sa.Integer()},
    sa.union_all(
        sa.select(col(Hold.scope), col(Hold.reason)).where(col(Hold.released_at).is_(None)),
        sa.select(sa.literal(SETTLED, sa.Text), sa.literal("", sa.Text)).where(
            col(Attempt.post_id) == sa.bindparam("post", type_=sa.Integer),
            col(Attempt.number) == sa.bindparam("number", type_=sa.Integer),
            col(Attempt.closed_at).is_not(None),
        ),
    ),
)


def reason(session: Session, scope: str) -> str | None:
    """Return why this very scope is held, None where it is not."""
    on = select(Hold.reason).where(col(Hold.released_at).is_(None), col(Hold.scope) == scope)
    return session.exec(on.limit(1)).first()


def reasons(database: Database, post_id: int, number: int) -> dict[str, str]:
    """Return the scope and reason of every hold that is on, as it stands at this moment, and ``SETTLED`` where the
    attempt is closed: asked before every request that goes out.
    """
    return dict(_REASONS.ask(database, {"post": post_id, "number": number}))


def scopes_of(
    post_id: int, channel: str, partner_key: str, account_id: int, event: str | None = None
) -> frozenset[str]:
    """Return every scope that a post falls under."""
    scopes = {"everything", f"channel:{channel}", f"partner:{partner_key}", f"account:{account_id}", f"post:{post_id}"}
    return frozenset(scopes | {f"event:{event}"} if event else scopes)


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


def not_stopped(now: Instant) -> sa.ColumnElement[bool]:
    """Return the condition on ``Account`` that it may send: not stopped, or stopped only until an instant now past."""
    return sa.or_(col(Account.stopped_why).is_(None), col(Account.stopped_until) <= now)


def stopped(now: Instant) -> sa.ColumnElement[bool]:
    """Return the opposite condition; written out, because NOT of an unknown ``stopped_until`` is unknown in SQL."""
    lasts = sa.or_(col(Account.stopped_until).is_(None), col(Account.stopped_until) > now)
    return sa.and_(col(Account.stopped_why).is_not(None), lasts)
