"""Reading posts for people: one filter for every listing and bulk decision."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import distinct
from campaign.models.hours import hour_of, instant_of
from campaign.models.paging import Page, Place, Stretch, page
from campaign.models.partners import Account, Partner
from campaign.models.posts import Approval, Event, Post, stands
from campaign.models.status import OVER, PLANNABLE, UNSETTLED, Status

_OPEN = tuple(status.value for status in (*PLANNABLE, Status.PUBLISHING))
_FOR_PERSON = tuple(status.value for status in UNSETTLED)
_FEW = 10
_BY_TIME = (col(Post.due_at), col(Post.id))
_WHOLE: sa.Select[*tuple[Any, ...]] = (
    sa.select(Post, Account, Partner)
    .join(Account, col(Account.id) == col(Post.account_id))
    .join(Partner, col(Partner.id) == col(Post.partner_id))
)


@dataclass(frozen=True, slots=True)
class PostFilter:
    """Which posts to read; empty means all. ``since`` and ``until`` bound the due time (until exclusive).

    ``for_person``: only those that nobody but a person can settle.
    """

    ids: tuple[int, ...] = ()
    partners: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    statuses: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    account_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    for_person: bool = False


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post with the account and the partner that it speaks for."""

    post: Post
    account: Account
    partner: Partner

    @property
    def place(self) -> Place:
        """Return where it stands in the order of due times."""
        return self.post.due_at, self.post.ident


def posts(
    session: Session, wanted: PostFilter, *, limit: int | None = None, newest_first: bool = False
) -> list[PostRow]:
    """Return posts by due time."""
    if limit is not None:
        return _stretch(session, wanted, Stretch(None, limit), newest_first=newest_first)
    conditions = [*_aside(wanted), *([col(Post.status).in_(wanted.statuses)] if wanted.statuses else [])]
    if wanted.partners:
        conditions.append(_of_partners(wanted.partners))
    if wanted.for_person:
        conditions.append(col(Post.status).in_(_FOR_PERSON))
    order = (column.desc() if newest_first else column for column in _BY_TIME)
    return _read(session, _WHOLE.where(*conditions).order_by(*order))


def idents(session: Session, wanted: PostFilter, limit: int) -> list[int]:
    """Return the ids of the first ``limit`` posts by due time."""
    return list(session.scalars(in_order(sa.select(col(Post.id)), wanted, Stretch(None, limit), newest_first=False)))


def posts_page(
    session: Session,
    wanted: PostFilter,
    size: int,
    *,
    after: Place | None = None,
    before: Place | None = None,
    newest_first: bool = False,
) -> Page[PostRow]:
    """Return ``size`` posts by due time from a place on, or those right before one."""
    return page(
        lambda stretch: _stretch(session, wanted, stretch, newest_first=newest_first), size, after=after, before=before
    )


def _stretch(session: Session, wanted: PostFilter, stretch: Stretch, *, newest_first: bool) -> list[PostRow]:
    """Read a stretch of posts. Each state is read by itself, in the order of an index, no further than the stretch
    goes: asked for several states at once, a database reads all that stand in them and sorts them.
    """
    return _read(session, in_order(_WHOLE, wanted, stretch, newest_first=newest_first))


def in_order(
    statement: sa.Select[*tuple[Any, ...]], wanted: PostFilter, stretch: Stretch, *, newest_first: bool
) -> sa.Select[*tuple[Any, ...]]:
    """Return a statement about ``Post`` bound to a stretch of the posts that are wanted, by due time."""
    conditions = _arms(wanted)
    if len(conditions) == 1:
        return stretch.of(statement.where(*_aside(wanted), *conditions[0]), _BY_TIME, descending=newest_first)
    keys = sa.select(*_BY_TIME).where(*_aside(wanted))
    arms = [stretch.of(keys.where(*arm), _BY_TIME, descending=newest_first).subquery() for arm in conditions]
    found = sa.union_all(*(sa.select(arm) for arm in arms)).subquery()
    statement = statement.join(found, found.c.id == col(Post.id))
    return stretch.of(statement, (found.c.due_at, found.c.id), descending=newest_first)


def _read(session: Session, statement: sa.Select[*tuple[Any, ...]]) -> list[PostRow]:
    return [PostRow(*found) for found in session.execute(statement).all()]


def _arms(wanted: PostFilter) -> list[list[sa.ColumnElement[bool]]]:
    """Return the questions that together ask for what is wanted, each for one state and channel or slot, none twice."""
    statuses = tuple(dict.fromkeys(wanted.statuses)) or (_FOR_PERSON if wanted.for_person else ())
    first: list[list[sa.ColumnElement[bool]]] = [[]]
    if (keys := tuple(dict.fromkeys(wanted.partners))) and wanted.slots:
        # By place in the timetable: few posts of a partner are of one slot, and no index by time would find them.
        theirs = col(Post.account_id).in_(sa.select(col(Account.id)).where(_of_partners(keys, Account)))
        stand = [_apart(col(Post.status)).in_(statuses)] if statuses else []
        return [[theirs, col(Post.slot) == name, *stand] for name in dict.fromkeys(wanted.slots)]
    if keys:
        few = len(keys) <= _FEW  # a union has its bounds
        first = [[_of_partners(some)] for some in ([(key,) for key in keys] if few else [keys])]
    elif named := dict.fromkeys(wanted.slots or wanted.channels):
        column = col(Post.slot) if wanted.slots else col(Post.channel)
        first, statuses = [[column == name] for name in named], statuses or tuple(Status)
    if not statuses:
        return first
    return [[*one, col(Post.status) == str(status)] for one in first for status in statuses]


def _of_partners(keys: Sequence[str], of: type[Post | Account] = Post) -> sa.ColumnElement[bool]:
    theirs = sa.select(col(Partner.id)).where(col(Partner.key).in_(keys))
    # One partner is a number to the database, so that an index by partner gives its posts in their order.
    return col(of.partner_id).in_(theirs) if len(keys) > 1 else col(of.partner_id) == theirs.scalar_subquery()


def _apart(column: Any) -> sa.ColumnElement[str]:
    """Return a column as an expression: an index by channel would read all of a channel to find one partner's few."""
    found: sa.ColumnElement[str] = column + sa.literal("", sa.Text)
    return found


def _aside(wanted: PostFilter) -> list[sa.ColumnElement[bool]]:
    """Return the conditions besides partner and state."""
    conditions: list[sa.ColumnElement[bool]] = []
    for values, column in ((wanted.channels, col(Post.channel)), (wanted.slots, col(Post.slot))):
        if values:
            conditions.append(_apart(column).in_(values))
    if wanted.ids:
        conditions.append(col(Post.id).in_(wanted.ids))
    if wanted.account_id is not None:
        conditions.append(col(Post.account_id) == wanted.account_id)
    if wanted.since is not None:
        conditions.append(col(Post.due_at) >= wanted.since)
    if wanted.until is not None:
        conditions.append(col(Post.due_at) < wanted.until)
    if wanted.for_person:
        conditions.append(col(Post.needs_person).is_not(None))
    return conditions


def siblings(session: Session, row: PostRow) -> list[PostRow]:
    """Return the partner's posts of the same slot and occurrence on its other accounts, by channel."""
    post = row.post
    accounts = sa.select(col(Account.id)).where(col(Account.partner_id) == post.partner_id)
    statement = (
        # By the unique key of a post: the partner's accounts are few, its posts and those of the slot many.
        _WHOLE.where(col(Post.account_id).in_(accounts), col(Post.slot) == post.slot)
        .where(col(Post.occurrence) == post.occurrence, col(Post.id) != post.id)
        .order_by(col(Post.channel), col(Post.id))
    )
    return _read(session, statement)


def others_say(session: Session, channel: str, account_id: int, text_key: str) -> bool:
    """Say whether another account of a channel says the same words, in a post that is not withdrawn or rejected."""
    statement = sa.select(sa.literal(1)).where(
        col(Post.text_key) == text_key,
        col(Post.channel) == channel,
        col(Post.account_id) != account_id,
        col(Post.status).not_in(OVER),
    )
    return session.execute(statement.limit(1)).first() is not None


def approved_before(session: Session, row: PostRow) -> Post | None:
    """Return the newest other post of the account from the same template that was approved."""
    post = row.post
    statement = select(Post).where(
        col(Post.account_id) == post.account_id,
        col(Post.template) == post.template,
        col(Post.id) != post.id,
        col(Post.approved_hash).is_not(None),
    )
    return session.exec(statement.order_by(col(Post.due_at).desc()).limit(1)).first()


def events_with_posts(session: Session, *, open_only: bool = False) -> set[str]:
    """Return the events that posts hang on; ``open_only``: posts that may still go out."""
    statement = sa.select(col(Post.event)).where(col(Post.event).is_not(None)).distinct()
    if open_only:
        statement = statement.where(col(Post.status).in_(_OPEN))
    return {row[0] for row in session.execute(statement)}


class Waiting(NamedTuple):
    """How many posts of a partner that are due within an hour await one side's yes."""

    hour: datetime
    key: str
    name: str
    posts: int


def awaiting_review(session: Session, side: str) -> list[Waiting]:
    """Return how many posts in review await the yes of ``side``, dfe or partner, by the hour in which they are due and
    by partner. Where both sides must say yes, those that have this side's for what they would send now are left out.
    """
    yes = col(Approval.post_id) == col(Post.id), col(Approval.content_hash) == col(Post.content_hash)
    given = sa.exists().where(*yes, col(Approval.side) == side)
    mine = sa.or_(_approved_by(side), sa.and_(_approved_by("both"), ~given))
    hour = hour_of(session, col(Post.due_at)).label("hour")
    due: sa.Select[*tuple[Any, ...]] = sa.select(hour, col(Post.partner_id).label("partner_id"))
    each = due.where(stands(Status.IN_REVIEW), mine).subquery()
    counts = sa.select(*each.c, sa.func.count().label("posts")).group_by(*each.c).subquery()
    statement = (
        sa.select(counts.c.hour, col(Partner.key), col(Partner.name), counts.c.posts)
        .join(Partner, col(Partner.id) == counts.c.partner_id)
        .order_by(counts.c.hour, col(Partner.name), col(Partner.key))
    )
    return [Waiting(instant_of(hour), *found) for hour, *found in session.execute(statement)]


def _approved_by(approver: str) -> sa.ColumnElement[bool]:
    return col(Post.partner_id).in_(sa.select(col(Partner.id)).where(col(Partner.approver) == approver))


def partners_of_event(session: Session, event: str) -> list[tuple[Partner, int]]:
    """Return the partners with posts of an event that may still go out, by key, and how many each has."""
    counts = (
        sa.select(col(Post.partner_id).label("partner_id"), sa.func.count().label("posts"))
        .where(col(Post.event) == event, col(Post.status).in_(_OPEN))
        .group_by(col(Post.partner_id))
        .subquery()
    )
    statement = select(Partner, counts.c.posts).join(counts, counts.c.partner_id == col(Partner.id))
    return [(partner, count) for partner, count in session.exec(statement.order_by(col(Partner.key)))]


def post(session: Session, post_id: int) -> PostRow | None:
    """Return one post."""
    return next(iter(posts(session, PostFilter(ids=(post_id,)))), None)


def names(session: Session, kind: str) -> list[str]:
    """Return every ``slot`` or ``template`` that a post was planned from."""
    column = {"slot": col(Post.slot), "template": col(Post.template)}[kind]
    return distinct.values(session, column)


def events(session: Session, post_id: int) -> list[Event]:
    """Return the events of a post, oldest first."""
    return list(session.exec(select(Event).where(col(Event.post_id) == post_id).order_by(col(Event.id))))


def handed_in_vain(session: Session, post: Post) -> bool:
    """Say whether a missed post had been handed to a person: it may stand there, and nobody said so in time."""
    if post.status != Status.MISSED:
        return False
    newest = sa.select(col(Event.from_status)).where(col(Event.post_id) == post.id).order_by(col(Event.id).desc())
    return session.scalar(newest.limit(1)) == Status.BY_HAND


def approvals(session: Session, post_id: int, content_hash: str) -> list[Approval]:
    """Return who said yes to this content of a post. Whoever adds to them waits here for others who do just that."""
    # On PostgreSQL of two sides that said yes at once neither would see the other, and the post stay unapproved.
    session.execute(sa.select(col(Post.id)).where(col(Post.id) == post_id).with_for_update(key_share=True))
    statement = select(Approval).where(col(Approval.post_id) == post_id, col(Approval.content_hash) == content_hash)
    return list(session.exec(statement))


def void_approvals(session: Session, post_id: int) -> None:
    """Forget who said yes to a post: whoever must approve it is asked anew. The audit chain keeps what they said."""
    statement = sa.delete(Approval).where(col(Approval.post_id) == post_id)
    session.execute(statement.execution_options(synchronize_session="fetch"))


def waiting_for_person(
    session: Session, wanted: PostFilter | None = None, *, limit: int | None = None
) -> list[PostRow]:
    """Return the posts of ``wanted`` that only a person can settle, by due time; the first ``limit`` of them."""
    return posts(session, replace(wanted or PostFilter(), statuses=(), for_person=True), limit=limit)
