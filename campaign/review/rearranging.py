"""One new time for what a slot missed: its words are the approved ones, so they need no second round of review."""

from datetime import datetime

from campaign.errors import Changed, MoveRefused, WrongUse
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.people import Right
from campaign.review.decisions import (
    HASH_MIN,
    Desk,
    four_eyes,
    refuse_out_of_bounds,
    refuse_past,
    refuse_unspoken,
    side_of,
)


def refuse_crowd(rows: list[PostRow]) -> None:
    """Refuse to give one account several posts at one time. Raises WrongUse."""
    accounts = [row.account.id for row in rows]
    if len(accounts) > len(set(accounts)):
        problem = "An account missed more than one post of this slot"
        raise WrongUse(problem=problem, mend="Name the day of those that you mean with --day.")


def rearrange(desk: Desk, row: PostRow, slot_at: datetime) -> None:
    """Give a missed post its slot's new time, approved as it was; each partner keeps its own minute in the spread.

    Whoever does it answers for the time as an approver does: with the right, and the second pair of eyes.

    Raises:
        MoveRefused: it was not missed, or was missed because nobody had approved it.
        Changed: what would go out is not what was approved.

    """
    desk.demand(Right.REVIEW, row)
    post = row.post
    _refuse_unapproved(desk, row)
    four_eyes(desk.person, post)
    side_of(desk.person, row)
    refuse_unspoken(desk, post)
    due_at, window_from, window_until = _around(post, slot_at)
    refuse_past(desk, due_at)
    refuse_out_of_bounds(desk, post, due_at)
    changes: dict[str, object] = {"due_at": due_at, "window_from": window_from, "window_until": window_until}
    ahead = Post(**{**{name: getattr(post, name) for name in Post.model_fields}, **changes})
    digest = desk.contents.digest(ahead, row.account)
    changes |= {"content_hash": digest, "approved_hash": digest, "next_try_at": due_at, "moved": True}
    changes |= {"version": post.version + 1, "needs_person": None}
    desk.move(post, Move.REARRANGE, why=f"a new time for {post.slot}", changes=changes)


def _refuse_unapproved(desk: Desk, row: PostRow) -> None:
    post = row.post
    if post.status != Status.MISSED or post.approved_hash is None:
        mend = "`campaign posts move ID` gives one post a new time, and it goes to review."
        status = post.status if post.status != Status.MISSED else "missed without an approval"
        raise MoveRefused(post=post.id, status=status, move=Move.REARRANGE, mend=mend)
    current = desk.contents.digest(post, row.account)
    if current != post.approved_hash:
        raise Changed(post=post.id, seen=post.approved_hash[:HASH_MIN], current=current[:HASH_MIN])


def _around(post: Post, slot_at: datetime) -> tuple[datetime, datetime, datetime]:
    """Return due time and window around the slot's new time: as far from it as they were from the old one."""
    spread = (post.window_until - post.window_from) / 2
    own = min(max(post.due_at - (post.window_from + spread), -spread), spread)
    return slot_at + own, slot_at - spread, slot_at + spread
