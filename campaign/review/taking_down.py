"""Which posts a person orders to be taken down together, and the order itself.

What is published is taken down at once. What is on its way or in doubt is taken down as soon as it is found: the order
stands until then. What was handed to a person may stand there with nobody having recorded it: that person has to look.
Mail that was sent cannot be taken back.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from sqlmodel import Session

from campaign.config import told
from campaign.errors import WrongUse
from campaign.models import leaving, listing
from campaign.models.leaving import UNSURE
from campaign.models.listing import PostFilter, PostRow
from campaign.models.moves import note
from campaign.models.status import Status
from campaign.people import Right
from campaign.ports import MAIL
from campaign.review import decisions
from campaign.review.decisions import Desk
from campaign.review.foresight import under

MOST = 200
"""Posts that one order takes down: the rest of a slot follows with the next."""

ONCE_FOUND = "retract once found"
"""The order in a post's history and in the audit chain, where nobody knows yet whether the post is there."""

_OUT = (Status.PUBLISHED.value,)
_UNSURE = tuple(status.value for status in UNSURE)
_HANDED = (Status.BY_HAND.value,)
_MEND = "Correct it: a correction goes to exactly those who got it."


class Ordered(NamedTuple):
    """How many posts are taken down at once, and how many as soon as they are found."""

    now: int
    once_found: int


class Out(NamedTuple):
    """What is out under a scope, or may be, by due time: ``posts`` that can be ordered to be taken down, those
    ``handed`` to a person and not recorded since, and newsletters, of which nothing can be taken back.
    """

    posts: list[PostRow]
    handed: list[PostRow]
    mail: list[PostRow]


def out_under(session: Session, scope: str) -> Out:
    """Return what is out under a scope, or may be."""
    rows = under(session, scope, PostFilter(statuses=(*_OUT, *_UNSURE, *_HANDED)))
    mail = [row for row in rows if row.post.channel == MAIL and row.post.status == Status.PUBLISHED]
    posts = [row for row in rows if row.post.channel != MAIL and row.post.status != Status.BY_HAND]
    return Out(posts, [row for row in rows if row.post.status == Status.BY_HAND], mail)


@dataclass(frozen=True, slots=True)
class Leaving:
    """The posts that one order takes down, by due time, as their ids; ``unsure`` those that are on their way or in
    doubt. ``more``: others stay for the next order. ``handed``: so many were handed to a person and not recorded
    since, counted up to ``MOST``.
    """

    published: tuple[int, ...]
    unsure: tuple[int, ...]
    more: bool
    handed: int

    @property
    def idents(self) -> tuple[int, ...]:
        """Return all of them; the same, whether one of them has been found meanwhile or not."""
        return tuple(sorted({*self.published, *self.unsure}))

    def rows(self, session: Session, limit: int | None = None) -> list[PostRow]:
        """Return them, or the first of them."""
        wanted = (*self.published, *self.unsure)[:limit]
        return listing.posts(session, PostFilter(ids=wanted)) if wanted else []


def out_of_slot(session: Session, slot: str, channels: Iterable[str], partners: Sequence[str] = ()) -> Leaving:
    """Return the first posts of a slot that are out or may be, by due time, on these channels, of these partners or of
    all: ``MOST`` that are published, and ``MOST`` that no order waits for yet; mail that was sent cannot be taken back.
    """
    some = tuple(name for name in channels if name != MAIL)
    wanted = PostFilter(slots=(slot,), channels=some, partners=tuple(partners), statuses=_OUT)
    found = listing.idents(session, wanted, MOST + 1)
    most = MOST + 1 + leaving.count(session)
    doubtful = listing.idents(session, replace(wanted, statuses=_UNSURE), most)
    unsure = leaving.without_order(session, doubtful)
    handed = len(listing.idents(session, replace(wanted, statuses=_HANDED), MOST))
    return Leaving(tuple(found[:MOST]), tuple(unsure[:MOST]), max(len(found), len(unsure)) > MOST, handed)


def take_down(desk: Desk, rows: Sequence[PostRow], reason: str) -> Ordered:
    """Order the posts to be taken down.

    Raises:
        NotAllowed: the person may not take one of them down.
        WrongUse: one of them is a newsletter, or the reason says nothing.
        MoveRefused: one of them is not out, nor may be.

    """
    reason = told("reason", reason)
    unsure = [row for row in rows if row.post.status in UNSURE]
    for row in rows:
        if row.post.channel == MAIL:
            raise WrongUse(problem="Mail that was sent cannot be taken back", mend=_MEND)
        if row.post.status not in UNSURE:
            decisions.take_down(desk, row, reason)
    for row in unsure:
        _take_down_once_found(desk, row, reason)
    return Ordered(len(rows) - len(unsure), len(unsure))


def _take_down_once_found(desk: Desk, row: PostRow, reason: str) -> None:
    desk.demand(Right.RETRACT, row)
    post = row.post
    leaving.order(desk.session, post.ident, by=desk.person.name, why=reason, at=desk.now)
    note(desk.session, post, ONCE_FOUND, who=desk.person.name, at=desk.now, why=reason)
    desk.record(ONCE_FOUND, post, {"why": reason, "content_hash": post.content_hash, "status": str(post.status)})
