"""A new time for what stays approved as it was: what a slot missed, and an issue that ended when some had got it.

The words are the approved ones, so they need no second round of review.
"""

from datetime import datetime

from campaign.errors import MoveRefused, WrongUse
from campaign.models import deliveries
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.people import Right
from campaign.review.decisions import (
    Desk,
    four_eyes,
    refuse_out_of_bounds,
    refuse_past,
    refuse_unspoken,
    reschedule,
    side_of,
    unchanged,
)

_ENDED = frozenset({Status.FAILED, Status.MISSED})


def new_time(desk: Desk, row: PostRow, due_at: datetime) -> None:
    """Give a post a new time. An issue that failed or was missed when some had got it goes on to the others, approved
    as it was, if what goes out is the same to the byte; any other post moves as ``decisions.reschedule`` says.

    Raises as ``decisions.reschedule`` and ``rearrange`` do.
    """
    post = row.post
    ended = post.status in _ENDED and deliveries.copies_out(desk.session, post.ident)
    if not ended or post.approved_hash != desk.contents.digest(post, row.account):
        reschedule(desk, row, due_at)
        return
    span = post.window_until - post.window_from
    _put(desk, row, (due_at, due_at, due_at + span), "it goes on to those who have not got it")


def refuse_crowd(rows: list[PostRow]) -> None:
    """Refuse to give one account several posts at one time. Raises WrongUse."""
    accounts = [row.account.id for row in rows]
    if len(accounts) > len(set(accounts)):
        problem = "An account missed more than one post of this slot"
        raise WrongUse(problem=problem, mend="Name the day of those that you mean with --day.")


def rearrange(desk: Desk, row: PostRow, slot_at: datetime) -> None:
    """Give a missed post its slot's new time, approved as it was; each partner keeps its own minute in the spread.

    Raises:
        MoveRefused: it was not missed, or was missed because nobody had approved it.
        Changed: what would go out is not what was approved.

    """
    _refuse_unapproved(desk, row)
    _put(desk, row, _around(row.post, slot_at), f"a new time for {row.post.slot}")


def _put(desk: Desk, row: PostRow, times: tuple[datetime, datetime, datetime], why: str) -> None:
    """Give the post this due time and window, and keep it approved. Whoever does it answers for the time as an approver
    does: with the right, and the second pair of eyes.
    """
    post, (due_at, window_from, window_until) = row.post, times
    desk.demand(Right.REVIEW, row)
    four_eyes(desk.person, post)
    side_of(desk.person, row)
    refuse_unspoken(desk, post)
    refuse_past(desk, due_at)
    refuse_out_of_bounds(desk, post, due_at)
    changes: dict[str, object] = {"due_at": due_at, "window_from": window_from, "window_until": window_until}
    ahead = Post(**{**{name: getattr(post, name) for name in Post.model_fields}, **changes})
    digest = desk.contents.digest(ahead, row.account)
    changes |= {"content_hash": digest, "approved_hash": digest, "next_try_at": due_at, "moved": True}
    changes |= {"version": post.version + 1, "needs_person": None}
    desk.move(post, Move.REARRANGE, why=why, changes=changes)


def _refuse_unapproved(desk: Desk, row: PostRow) -> None:
    post = row.post
    if post.status != Status.MISSED or post.approved_hash is None:
        mend = "`campaign posts move ID` gives one post a new time, and it goes to review."
        status = post.status if post.status != Status.MISSED else "missed without an approval"
        raise MoveRefused(post=post.id, status=status, move=Move.REARRANGE, mend=mend)
    unchanged(desk, row, post.approved_hash)


def _around(post: Post, slot_at: datetime) -> tuple[datetime, datetime, datetime]:
    """Return due time and window around the slot's new time: as far from it as they were from the old one."""
    spread = (post.window_until - post.window_from) / 2
    own = min(max(post.due_at - (post.window_from + spread), -spread), spread)
    return slot_at + own, slot_at - spread, slot_at + spread
