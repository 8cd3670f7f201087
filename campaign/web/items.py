"""Posts as the lists show them: each with its tag and, where something is to be said, a word on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaign.models.holds import Hold
from campaign.models.listing import PostRow
from campaign.models.status import Status
from campaign.review.foresight import scopes
from campaign.web.held import wide
from campaign.web.words import HELD, Tag, tag_of


class Kind(StrEnum):
    """How a word beside a post is meant."""

    NOTE = "note"
    CHECK = "check"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Strip:
    """A word beside a post."""

    kind: Kind
    words: str
    hold: Hold | None = None
    """The hold that it tells of."""


@dataclass(frozen=True, slots=True)
class Item:
    """A post of a list. ``held``: the tag of a hold that keeps it back."""

    row: PostRow
    tag: Tag
    held: Tag | None
    strips: tuple[Strip, ...]
    first: Strip | None
    """The first word beside it, which is all that a list has room for. A hold over many posts stands above the list."""


def items(on: Sequence[Hold], rows: Iterable[PostRow]) -> list[Item]:
    """Return the posts with their tags, under these active holds."""
    return [_item(row, [hold for hold in on if hold.scope in scopes(row)]) for row in rows]


def _item(row: PostRow, on: list[Hold]) -> Item:
    held = HELD if on and row.post.status in _HELD_BACK else None
    strips = tuple(_strips(row, on))
    return Item(row, tag_of(row.post), held, strips, next((one for one in strips if one.hold not in wide(on)), None))


_HELD_BACK = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.APPROVED})


def _strips(row: PostRow, on: list[Hold]) -> Iterable[Strip]:
    post = row.post
    if post.needs_person:
        yield Strip(Kind.FIX, post.needs_person)
    if post.status in {Status.DRAFT, Status.REJECTED} and post.comment:
        yield Strip(Kind.FIX if post.status == Status.DRAFT else Kind.NOTE, post.comment)
    if post.status in _HELD_BACK:
        yield from (Strip(Kind.NOTE, f"On hold: {hold.reason}", hold) for hold in on)
        if row.account.stopped_why:
            yield Strip(Kind.CHECK, f"The account {row.account.handle} has stopped: {row.account.stopped_why}")
