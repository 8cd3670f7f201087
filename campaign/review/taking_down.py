"""Which published posts a person orders to be taken down together, and the order itself."""

from collections.abc import Iterable, Sequence

from sqlmodel import Session

from campaign.models import listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.paging import Page
from campaign.models.status import Status
from campaign.plan.fill import MAIL
from campaign.review import decisions
from campaign.review.decisions import Desk
from campaign.review.foresight import scopes

MOST = 200
"""Posts that one order takes down: the rest of a slot follows with the next."""

_OUT = (Status.PUBLISHED.value,)


def published_under(session: Session, scope: str) -> list[PostRow]:
    """Return the published posts under a scope, by due time."""
    return [row for row in listing.posts(session, PostFilter(statuses=_OUT)) if scope in scopes(row)]


def published_of_slot(
    session: Session, slot: str, channels: Iterable[str], partners: Sequence[str] = ()
) -> Page[PostRow]:
    """Return the first published posts of a slot by due time, ``MOST`` of them, on these channels, of these partners or
    of all; mail that was sent cannot be taken back.
    """
    some = tuple(name for name in channels if name != MAIL)
    wanted = PostFilter(slots=(slot,), channels=some, partners=tuple(partners), statuses=_OUT)
    return listing.posts_page(session, wanted, MOST)


def take_down(desk: Desk, rows: Sequence[PostRow], reason: str) -> int:
    """Order the posts to be taken down; returns how many they are. Raises NotAllowed."""
    for row in rows:
        decisions.take_down(desk, row, reason)
    return len(rows)
