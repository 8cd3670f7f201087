"""Which published posts a person orders to be taken down together, and the order itself."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlmodel import Session

from campaign.models import listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.status import Status
from campaign.ports import MAIL
from campaign.review import decisions
from campaign.review.decisions import Desk
from campaign.review.foresight import under

MOST = 200
"""Posts that one order takes down: the rest of a slot follows with the next."""

_OUT = (Status.PUBLISHED.value,)


def published_under(session: Session, scope: str) -> list[PostRow]:
    """Return the published posts under a scope, by due time."""
    return under(session, scope, PostFilter(statuses=_OUT))


@dataclass(frozen=True, slots=True)
class Leaving:
    """The posts that one order takes down, by due time, as their ids. ``more``: others stay for the next order."""

    idents: tuple[int, ...]
    more: bool

    def rows(self, session: Session, limit: int | None = None) -> list[PostRow]:
        """Return them, or the first of them."""
        return listing.posts(session, PostFilter(ids=self.idents[:limit])) if self.idents else []


def published_of_slot(session: Session, slot: str, channels: Iterable[str], partners: Sequence[str] = ()) -> Leaving:
    """Return the first published posts of a slot by due time, ``MOST`` of them, on these channels, of these partners or
    of all; mail that was sent cannot be taken back.
    """
    some = tuple(name for name in channels if name != MAIL)
    wanted = PostFilter(slots=(slot,), channels=some, partners=tuple(partners), statuses=_OUT)
    found = listing.idents(session, wanted, MOST + 1)
    return Leaving(tuple(found[:MOST]), len(found) > MOST)


def take_down(desk: Desk, rows: Sequence[PostRow], reason: str) -> int:
    """Order the posts to be taken down; returns how many they are. Raises NotAllowed."""
    for row in rows:
        decisions.take_down(desk, row, reason)
    return len(rows)
