"""Posts as the lists show them: each with its tag and, where something is to be said, a word on it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from campaign.clock import iso
from campaign.models.holds import Hold
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.status import UNSETTLED, Status
from campaign.ports import MAIL
from campaign.review.foresight import over
from campaign.web.held import wide
from campaign.web.words import HELD, Tag, tag_of
from campaign.wording import channel


class Kind(StrEnum):
    """How a word beside a post is meant."""

    NOTE = "note"
    CHECK = "check"
    FIX = "fix"


@dataclass(frozen=True, slots=True)
class Strip:
    """A word beside a post. ``details`` are what the program keeps of it for the log."""

    kind: Kind
    words: str
    details: str = ""
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
    return [_item(row, over(on, row)) for row in rows]


def _item(row: PostRow, on: list[Hold]) -> Item:
    held = HELD if on and row.post.status in _HELD_BACK else None
    strips = tuple(_strips(row, on))
    return Item(row, tag_of(row.post), held, strips, next((one for one in strips if one.hold not in wide(on)), None))


_TO_SEND = frozenset({Status.DRAFT, Status.IN_REVIEW, Status.APPROVED})
_HELD_BACK = _TO_SEND | {Status.BY_HAND}
"""Where a hold keeps a post back: us from sending it, or a person from publishing it."""


def _strips(row: PostRow, on: list[Hold]) -> Iterable[Strip]:
    post = row.post
    if post.needs_person:
        yield Strip(Kind.FIX, _asked(post), post.needs_person)
    elif post.status in UNSETTLED:
        yield Strip(Kind.NOTE, _looking(post))
    if post.status in {Status.DRAFT, Status.REJECTED} and post.comment:
        yield Strip(Kind.FIX if post.status == Status.DRAFT else Kind.NOTE, post.comment)
    if post.status in _HELD_BACK:
        yield from (_held(post, hold) for hold in on)
    if post.status in _TO_SEND and row.account.stopped_why:
        words = f"The account {row.account.handle} has stopped: nothing is sent from it."
        yield Strip(Kind.CHECK, words, row.account.stopped_why)


def _held(post: Post, hold: Hold) -> Strip:
    """Return the word on a hold; a person who is to publish the post must not overlook it."""
    if post.status != Status.BY_HAND:
        return Strip(Kind.NOTE, f"On hold: {hold.reason}", hold=hold)
    return Strip(Kind.CHECK, f"On hold: {hold.reason.rstrip('.')}. Do not publish it yet.", hold=hold)


def _asked(post: Post) -> str:
    """Return what is asked of a person about a post that the program cannot settle."""
    where = channel(post.channel)
    if post.channel == MAIL:
        return "Nobody can tell whether this newsletter went out. Say what the mail server’s log tells."  # noqa: RUF001 - as pages write it
    if post.status == Status.RETRACTING:
        return f"It has to be deleted on {where} by hand. Do that, then say what you see."
    return f"Nobody can tell whether it is on {where}. Look at the account, then say what you see."


def _looking(post: Post) -> str:
    """Return what the program does meanwhile about a post that it has not settled yet."""
    where, when = channel(post.channel), f" Next look: {iso(post.next_look_at)}." if post.next_look_at else ""
    if post.status == Status.RETRACTING:
        return f"We are taking it down on {where}, and try until it is gone.{when}"
    return f"We sent it and got no clear answer. We are looking on {where}; nothing is sent again meanwhile.{when}"
