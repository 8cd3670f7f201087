"""Posts in review by what they say: template, its version, and channel."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import counts
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post, stands
from campaign.models.status import Status


class GroupKey(NamedTuple):
    """What the posts of a group have in common. ``template`` is empty for those that pass on another post."""

    template: str
    version: str
    channel: str


@dataclass(frozen=True, slots=True)
class Group:
    """A group with the number of its posts and when the first of them is due."""

    key: GroupKey
    posts: int
    first_due_at: datetime


_FEW = 50
"""Partners that are asked for one by one."""
_WRITTEN = sa.cast(col(Post.fields), sa.Text) != sa.literal_column("'{}'")  # word for word as the index has it
_STORED = sa.cast(col(Post.draft), sa.Text)
_COLUMNS = (col(Post.template), col(Post.template_version), col(Post.channel))


def waiting(session: Session, partners: Sequence[str] = ()) -> list[Group]:
    """Return the groups of what is in review, of these partners or of all, by when the first post is due."""
    first = sa.func.min(col(Post.due_at))
    if partners:
        statement = sa.select(*_COLUMNS, sa.func.count(), first).where(stands(Status.IN_REVIEW), *of_partners(partners))
        statement = statement.group_by(*_COLUMNS)
    else:
        each = counts.counts(("template", "template_version", "channel"), _in_review).subquery("each")
        names = (each.c.template, each.c.template_version, each.c.channel)
        alike = [column == name for column, name in zip(_COLUMNS, names, strict=True)]
        earliest = sa.select(first).where(stands(Status.IN_REVIEW), *alike).correlate(each).scalar_subquery()
        statement = sa.select(*names, each.c.posts, earliest.label("first"))
    found = sorted(session.execute(statement).all(), key=lambda row: row[-1])
    return [Group(GroupKey(*names), count, due_at) for *names, count, due_at in found]


def _in_review(rows: sa.FromClause) -> Sequence[sa.ColumnElement[bool]]:
    return [rows.c.status == Status.IN_REVIEW.value]


def posts_of(session: Session, key: GroupKey, partners: Sequence[str] = (), *, limit: int) -> list[PostRow]:
    """Return the posts of a group that are in review, by due time."""
    values = (key.template, key.version, key.channel)
    same = [column == value for column, value in zip(_COLUMNS, values, strict=True)]
    statement = (
        sa.select(Post, Account, Partner)
        .join(Account, col(Account.id) == col(Post.account_id))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(stands(Status.IN_REVIEW), *same, *of_partners(partners))
    )
    return [PostRow(*found) for found in _first_written(session, statement, limit)]


def _first_written(
    reads: Session | sa.Connection, statement: sa.Select[*tuple[Any, ...]], limit: int
) -> list[sa.Row[*tuple[Any, ...]]]:
    """Return rows about posts by due time, first what was written for one post alone: the words of all the others come
    from their partners' details.
    """
    ordered = statement.order_by(col(Post.due_at), col(Post.id))
    # Two questions, each by its index; one that sorted by this would read all that waits.
    found = list(reads.execute(ordered.where(_WRITTEN).limit(limit)).all())
    if len(found) == limit:
        return found
    return [*found, *reads.execute(ordered.where(sa.not_(_WRITTEN)).limit(limit - len(found))).all()]


class Stored(NamedTuple):
    """What a post in review says; ``draft`` is the JSON text that is stored. Thousands are made for one page."""

    post_id: int
    partner_id: int
    template: str
    version: str
    channel: str
    event: str | None
    question: str | None
    draft: str

    @property
    def key(self) -> GroupKey:
        """The group that it is of."""
        return GroupKey(self.template, self.version, self.channel)

    @property
    def about(self) -> tuple[str, str, str, str | None, str | None]:
        """What it has in common with others: they are of its group, and of the same event and question."""
        return self.template, self.version, self.channel, self.event, self.question


def stored(session: Session, partners: Sequence[str] = (), *, limit: int) -> list[Stored]:
    """Return what awaits review, first what was written for one post alone, then by due time."""
    about = (col(Post.event), col(Post.question), _STORED)
    statement = sa.select(col(Post.id), col(Post.partner_id), *_COLUMNS, *about).where(
        stands(Status.IN_REVIEW), *of_partners(partners)
    )
    # Of the connection, not of the session: that would take each row in its hands once more.
    return [Stored(*row) for row in _first_written(session.connection(), statement, limit)]


def of_partners(partners: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Return what holds for posts of these partners; nothing where none is named, which means all."""
    if not partners:
        return []
    return [col(Post.partner_id).in_(sa.select(col(Partner.id)).where(col(Partner.key).in_(partners)))]


def approved_drafts(session: Session, partner_ids: Collection[int], *, limit: int) -> list[tuple[int, str]]:
    """Return drafts that these partners had approved, as JSON text, each with the partner's id: of few partners the
    newest of each, of many the newest of all of them. ``limit``: so many at most.
    """
    approved = sa.select(col(Post.partner_id), _STORED).where(col(Post.approved_hash).is_not(None))
    newest = approved.order_by(col(Post.due_at).desc())
    if len(partner_ids) > _FEW:
        # As an expression: an index by partner would read all that they ever said, to sort it and keep little.
        return _pairs(session, newest.where((col(Post.partner_id) + 0).in_(partner_ids)).limit(limit))
    each = [newest.where(col(Post.partner_id) == ident).limit(limit // len(partner_ids)) for ident in partner_ids]
    return [pair for statement in each for pair in _pairs(session, statement)]


def _pairs(session: Session, statement: sa.Select[*tuple[Any, ...]]) -> list[tuple[int, str]]:
    return [(partner_id, draft) for partner_id, draft in session.connection().execute(statement)]
