"""What became of the posts of some days: how many went out and how many did not, which did best, who said nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import counts, newest
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.snapshots import LogFilter
from campaign.models.status import Status

_NOT_OUT = (Status.MISSED, Status.FAILED)
_WAITS = (Status.DRAFT, Status.IN_REVIEW, Status.BY_HAND, Status.UNCONFIRMED, Status.RETRACTING)


@dataclass(frozen=True, slots=True)
class Span:
    """Some days as instants (aware UTC, ``until`` exclusive), of every partner or of one by its key."""

    since: datetime
    until: datetime
    partner: str | None = None

    @property
    def published(self) -> LogFilter:
        """The readings of the posts that were published in it."""
        return LogFilter(partner=self.partner, published_from=self.since, published_until=self.until)


def outcome_counts(session: Session, span: Span) -> dict[str, dict[str, int]]:
    """Return by channel how many posts were published, and how many that were due then were missed or failed."""
    out = _of(span, sa.select(col(Post.channel), sa.literal("published"), sa.func.count()))
    out = out.where(col(Post.published_at) >= span.since, col(Post.published_at) < span.until)
    not_out = _of(span, sa.select(col(Post.channel), col(Post.status), sa.func.count())).where(
        col(Post.status).in_([status.value for status in _NOT_OUT]),
        col(Post.due_at) >= span.since,
        col(Post.due_at) < span.until,
    )
    found: dict[str, dict[str, int]] = {}
    for statement in (out.group_by(col(Post.channel)), not_out.group_by(col(Post.channel), col(Post.status))):
        for channel, what, count in session.execute(statement):
            found.setdefault(channel, {})[str(what)] = count
    return dict(sorted(found.items()))


def waiting_counts(session: Session, partner: str | None) -> dict[str, int]:
    """Return by state how many posts wait for a person now, whatever day they are due."""
    states = [status.value for status in _WAITS]
    if partner is None:
        statement = counts.counts(("status",), lambda of: [of.c.status.in_(states)])
    else:
        each = sa.select(col(Post.status), sa.func.count()).join(Partner, col(Partner.id) == col(Post.partner_id))
        each = each.where(col(Post.status).in_(states), col(Partner.key) == partner)
        statement = each.group_by(col(Post.status))
    found = {str(status): count for status, count in session.execute(statement)}
    return {state: found[state] for state in states if found.get(state)}


@dataclass(frozen=True, slots=True)
class Best:
    """A post with the newest known value of a figure."""

    post_id: int
    slot: str
    partner: str
    partner_name: str
    value: int


def best(session: Session, span: Span, by: Mapping[str, str], count: int) -> dict[str, tuple[Best, ...]]:
    """Return for each channel in ``by`` its posts that have the most of the figure named there, of those published in
    the span.
    """
    most = {
        channel: newest.best(session, replace(span.published, channel=channel), figure, count)
        for channel, figure in by.items()
    }
    about = (
        sa.select(col(Post.id), col(Post.slot), col(Partner.key), col(Partner.name))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(col(Post.id).in_([post_id for some in most.values() for post_id, _ in some]))
    )
    named = {post_id: (slot, key, name) for post_id, slot, key, name in session.execute(about)}
    return {
        channel: tuple(Best(post_id, *named[post_id], value) for post_id, value in some)
        for channel, some in most.items()
    }


def silent(session: Session, span: Span) -> list[Partner]:
    """Return the partners that have an account and published nothing in the span, by name."""
    speaks = sa.exists(
        sa.select(sa.literal(1)).where(col(Account.partner_id) == col(Partner.id), col(Account.disabled_why).is_(None))
    )
    spoke = sa.exists(
        sa.select(sa.literal(1)).where(
            col(Post.partner_id) == col(Partner.id),
            col(Post.published_at) >= span.since,
            col(Post.published_at) < span.until,
        )
    )
    statement = sa.select(Partner).where(speaks, ~spoke).order_by(col(Partner.name), col(Partner.key))
    if span.partner is not None:
        statement = statement.where(col(Partner.key) == span.partner)
    return list(session.execute(statement).scalars())


def _of(span: Span, statement: sa.Select[*tuple[object, ...]]) -> sa.Select[*tuple[object, ...]]:
    if span.partner is None:
        return statement
    return statement.join(Partner, col(Partner.id) == col(Post.partner_id)).where(col(Partner.key) == span.partner)
