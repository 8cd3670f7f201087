"""New times: of any post; and of what stays approved as it was, because its words are the approved ones: what a slot
missed, and an issue that ended when some had got it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial

from campaign import tell
from campaign.errors import BadInput, MoveRefused, WrongUse
from campaign.models import bounds, deliveries, listing, planned
from campaign.models.listing import PostRow
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.people import Right
from campaign.plan.gather import Source
from campaign.plan.refill import at_another_time
from campaign.review.content import draft_to_json
from campaign.review.decisions import (
    Desk,
    four_eyes,
    refuse_begun,
    refuse_past,
    refuse_unspoken,
    rewrite,
    side_of,
    unchanged,
)

_ALONE = "`campaign posts move ID` gives one post a new time, and it goes to review."
_ENDED = frozenset({Status.FAILED, Status.MISSED})


def new_time(desk: Desk, files: Callable[[], Source], row: PostRow, due_at: datetime) -> None:
    """Give a post a new time. An issue that failed or was missed when some had got it goes on to the others, approved
    as it was, if what goes out is the same to the byte; any other post moves as ``reschedule`` says, with the
    words for that time. ``files`` gives what it is filled from; what cannot be read holds no post where it is.

    Raises as ``reschedule`` and ``rearrange`` do.
    """
    post = row.post
    ended = post.status in _ENDED and deliveries.copies_out(desk.session, post.ident)
    if not ended or post.approved_hash != desk.contents.digest(post, row.account):
        reschedule(desk, row, due_at, partial(_other_words, desk, files, row, due_at))
        return
    span = post.window_until - post.window_from
    _put(desk, row, (due_at, due_at, due_at + span), "it goes on to those who have not got it")


def reschedule(
    desk: Desk, row: PostRow, due_at: datetime, words: Callable[[], Mapping[str, object]] = dict[str, object]
) -> None:
    """Move a post to a new time. Inside its window it keeps its approval; outside, the window moves along and the
    approval is void, as it is where it has other ``words`` then. A failed or missed post goes back to review.
    """
    desk.demand(Right.EDIT, row)
    post = row.post
    refuse_past(desk, due_at)
    refuse_begun(desk, post)
    refuse_out_of_bounds(desk, post, due_at)
    other = words()
    if not other and _keeps_approval(post, due_at):
        _shift(desk, post, due_at)
        return
    if post.status in _ENDED:
        desk.move(post, Move.REVIVE, why="a new time", changes={"needs_person": None})
    why = "a new time, and the words for it" if other else "a new time"
    rewrite(desk, row, {"due_at": due_at, "moved": True, **other}, why)


def _keeps_approval(post: Post, due_at: datetime) -> bool:
    """Say whether the post's window, in which it stands, holds the new time."""
    holds = all(post.window_from <= at <= post.window_until for at in (post.due_at, due_at))
    return holds and post.status in {Status.APPROVED, Status.IN_REVIEW}


def _shift(desk: Desk, post: Post, due_at: datetime) -> None:
    if not planned.set_due(desk.session, post, due_at):
        raise MoveRefused(post=post.id, status="changed meanwhile", move="move", mend="Look again.")
    desk.record(planned.SHIFTED, post, {"due_at": due_at})


def _other_words(desk: Desk, files: Callable[[], Source], row: PostRow, due_at: datetime) -> dict[str, object]:
    """Return the words that a post has at another time, with what they carry; empty where they are the same. Raises
    WrongUse where it has none that may go out then.
    """
    try:
        source = files()
    except BadInput:
        return {}  # the next plan says so
    try:
        made = at_another_time(desk.session, source, row, due_at)
    except BadInput as error:
        problem = f"Post {row.post.id} cannot go out then: {error.findings[0].problem}"
        raise WrongUse(problem=problem, mend=error.findings[0].mend) from error
    return {"draft": draft_to_json(made.draft), **made.carried} if made else {}


def refuse_out_of_bounds(desk: Desk, post: Post, due_at: datetime) -> None:
    """Refuse a time in a quiet period of the partner, or at which the words are no longer true."""
    if quiet := bounds.quiet_at(desk.session, post.partner_id, due_at):
        problem = f"{tell.moment(desk.session, due_at)} lies in the quiet period {quiet.name}"
        raise WrongUse(problem=problem, mend="Choose a time before or after it.")
    if post.stale_at is not None and due_at >= post.stale_at:
        problem = f"The words of post {post.id} are no longer true at {tell.moment(desk.session, due_at)}"
        mend = f"Choose a time before {tell.moment(desk.session, post.stale_at)}, or withdraw it."
        raise WrongUse(problem=problem, mend=mend)


def refuse_crowd(rows: list[PostRow]) -> None:
    """Refuse to give one account several posts at one time. Raises WrongUse."""
    accounts = [row.account.id for row in rows]
    if len(accounts) > len(set(accounts)):
        problem = "An account missed more than one post of this slot"
        raise WrongUse(problem=problem, mend="Name the day of those that you mean with --day.")


def rearrange(desk: Desk, files: Callable[[], Source], row: PostRow, slot_at: datetime) -> None:
    """Give a missed post its slot's new time, approved as it was; each partner keeps its own minute in the spread.

    Raises:
        MoveRefused: it was not missed, or was missed because nobody had approved it.
        Changed: what would go out is not what was approved.
        WrongUse: at that time it would say other words, or a person may have published it.

    """
    _refuse_unapproved(desk, row)
    times = _around(row.post, slot_at)
    if _other_words(desk, files, row, times[0]):
        problem = f"At that time post {row.post.id} would say other words than the approved ones"
        raise WrongUse(problem=problem, mend=_ALONE)
    _put(desk, row, times, f"a new time for {row.post.slot}")


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
        status = post.status if post.status != Status.MISSED else "missed without an approval"
        raise MoveRefused(post=post.id, status=status, move=Move.REARRANGE, mend=_ALONE)
    if listing.handed_in_vain(desk.session, post):
        problem = f"Post {post.id} was handed to a person, who may have published it"
        mend = "Ask them: `campaign hand done` records where it stands. If it does not, `campaign posts move ID`."
        raise WrongUse(problem=problem, mend=mend)
    unchanged(desk, row, post.approved_hash)


def _around(post: Post, slot_at: datetime) -> tuple[datetime, datetime, datetime]:
    """Return due time and window around the slot's new time: as far from it as they were from the old one."""
    spread = (post.window_until - post.window_from) / 2
    own = min(max(post.due_at - (post.window_from + spread), -spread), spread)
    return slot_at + own, slot_at - spread, slot_at + spread
