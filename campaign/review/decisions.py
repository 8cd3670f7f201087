"""The decisions on posts: submit, approve, return, reject, withdraw, move, edit, settle, take down.

Each is one short transaction of the caller's, checks the person's right, moves the post through the table and leaves
a row in the audit chain.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign import tell
from campaign.config import told
from campaign.errors import Changed, MoveRefused, NotAllowed, WrongUse
from campaign.models import audit, deliveries, holds, listing
from campaign.models.listing import PostRow
from campaign.models.moves import move
from campaign.models.posts import Approval, Post
from campaign.models.status import PLANNABLE, Move, Status
from campaign.models.users import User
from campaign.notices.kinds import Kind
from campaign.people import Right, demand
from campaign.plan.twins import text_key
from campaign.ports import Draft
from campaign.review import agreement
from campaign.review.content import Contents, draft_to_json, media_key
from campaign.tell import News

HASH_MIN = 32
"""Lists show this many characters of a content hash, and whoever types one names at least as many: 128 bits.

Words can be sought until two of them begin alike, and fewer bits make that cheap: one text would be read, the other
approved (32 bits take seconds). Programs and pages name all 64.
"""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where a person decides: the transaction, the contents, who it is, and when."""

    session: Session
    contents: Contents
    person: User
    now: datetime

    def demand(self, right: Right, row: PostRow) -> None:
        """Refuse what the person may not do to this post."""
        demand(self.person, right, row.partner.key)

    def move(
        self,
        post: Post,
        name: Move,
        why: str = "",
        to: Status | None = None,
        changes: Mapping[str, object] | None = None,
    ) -> None:
        """Move the post in the person's name, and record the decision."""
        seen = post.content_hash
        move(self.session, post, name, who=self.person.name, at=self.now, why=why, to=to, changes=changes)
        self.record(name.value, post, {"why": why, "content_hash": seen, "status": post.status})

    def record(self, action: str, post: Post, facts: Mapping[str, object]) -> None:
        """Append to the audit chain."""
        audit.record(
            self.session, who=self.person.name, action=action, subject=f"post:{post.id}", at=self.now, facts=facts
        )


def submit(desk: Desk, row: PostRow) -> None:
    """Hand a draft to review. The partner must have agreed to speak."""
    desk.demand(Right.QUEUE, row)
    if not agreement.covers(desk.session, row.post):
        mend = f"Record it with `campaign agree --partner {row.partner.key}`."
        raise NotAllowed(
            who=desk.person.name, what=f"submit post {row.post.id}", why=f"its partner has not agreed. {mend}"
        )
    desk.move(row.post, Move.SUBMIT)


def typed(desk: Desk, row: PostRow, text: str) -> str:
    """Return the whole hash of the post, of which somebody typed the beginning.

    Raises:
        WrongUse: it is too short to tell one content from another.
        Changed: what is there now begins otherwise.

    """
    if len(text) < HASH_MIN:
        mend = f"Name at least {HASH_MIN} characters of it, as `campaign review list` shows them."
        raise WrongUse(problem=f"The hash {text!r} is too short", mend=mend)
    current = desk.contents.digest(row.post, row.account)
    return unchanged(desk, row, current if current.startswith(text.lower()) else text)


def unchanged(desk: Desk, row: PostRow, seen: str) -> str:
    """Return the hash of what the post would send now, which is what was seen. Raises Changed where it is not."""
    current = desk.contents.digest(row.post, row.account)
    if current != seen:
        raise Changed(post=row.post.id, seen=seen[:HASH_MIN], current=current[:HASH_MIN])
    return current


def approve(desk: Desk, row: PostRow, seen: str) -> bool:
    """Approve the content whose whole hash is ``seen``. Returns whether the post is approved now: where the partner and
    DfE must both say yes, the first yes leaves it in review.

    Raises:
        Changed: what is there now is not what was seen.
        NotAllowed: the person queued or edited it, or is not the one to approve.

    """
    desk.demand(Right.REVIEW, row)
    post = row.post
    if post.status != Status.IN_REVIEW:
        mend = "Only what is in review can be approved."
        raise MoveRefused(post=post.id, status=post.status, move=Move.APPROVE, mend=mend)
    four_eyes(desk.person, post)
    side = side_of(desk.person, row)
    current = unchanged(desk, row, seen)
    refuse_unspoken(desk, post)
    if desk.now > post.due_at:
        desk.move(post, Move.EXPIRE, why="approval came after its time")
        return False
    return _count_approval(desk, row, side, current)


def refuse_unspoken(desk: Desk, post: Post) -> None:
    """Refuse to approve what its partner has not agreed to, and what hangs on an event that is held: its day or link
    is about to change.
    """
    if not agreement.covers(desk.session, post):
        raise NotAllowed(who=desk.person.name, what=f"approve post {post.id}", why="its partner has not agreed")
    reason = holds.reason(desk.session, f"event:{post.event}")
    if reason is not None:
        why = f"{reason}. Mend the timetable, then `campaign queue`; or `campaign release event:{post.event}`"
        raise NotAllowed(who=desk.person.name, what=f"approve post {post.id}", why=why)


def wrote(person: User, post: Post) -> bool:
    """Say whether the person queued the post, changed its words last, or changed anything of it that nobody else has
    approved since: somebody else is to approve it.
    """
    return person.name in {post.queued_by, post.edited_by, *post.writers}


def writers_with(person: User, post: Post) -> list[str]:
    """Return the writers of the post once the person has changed it too."""
    return sorted({*post.writers, person.name})


def four_eyes(person: User, post: Post) -> None:
    """Refuse a person who queued or edited the post."""
    if wrote(person, post):
        raise NotAllowed(who=person.name, what=f"approve post {post.id}", why="they queued or edited it")


def side_of(person: User, row: PostRow) -> str:
    """Return for whom the person approves, the partner or DfE; refuse the side that is not asked."""
    side = "partner" if person.role == "officer" else "dfe"
    if row.partner.approver not in {side, "both"}:
        why = f"posts of {row.partner.key} are approved by {row.partner.approver}"
        raise NotAllowed(who=person.name, what=f"approve post {row.post.id}", why=why)
    return side


def _count_approval(desk: Desk, row: PostRow, side: str, current: str) -> bool:
    post = row.post
    given = {found.side: found.who for found in listing.approvals(desk.session, post.ident, current)}
    _refuse_for_both(desk.person, post, side, given)
    if side not in given:
        who, at = desk.person.name, desk.now
        desk.session.add(Approval(post_id=post.ident, content_hash=current, side=side, who=who, at=at))
    needed = {"partner", "dfe"} if row.partner.approver == "both" else {side}
    if needed <= given.keys() | {side}:
        changes = {"approved_hash": current, "content_hash": current, "next_try_at": post.due_at, "comment": None}
        changes |= {"writers": []}
        desk.move(post, Move.APPROVE, why=f"content {current[:HASH_MIN]}", changes=changes)
        return True
    desk.record("approve in part", post, {"side": side, "content_hash": current})
    return False


def _refuse_for_both(person: User, post: Post, side: str, given: Mapping[str, str]) -> None:
    """Refuse a person who said yes for the other side: their role has changed since, and they are one pair of eyes."""
    others = {"dfe": "DfE", "partner": "the partner"}
    for other in given.keys() - {side}:
        if given[other] == person.name:
            why = f"they approved it for {others[other]} already"
            raise NotAllowed(who=person.name, what=f"approve post {post.id}", why=why)


def send_back(desk: Desk, row: PostRow, comment: str) -> None:
    """Return a post to its partner with a comment; the partner is told."""
    desk.demand(Right.REVIEW, row)
    comment = told("comment", comment)
    desk.move(row.post, Move.RETURN, why=comment, changes={"comment": comment})
    listing.void_approvals(desk.session, row.post.ident)
    said = f"{desk.person.name} asks for a change"
    tell.of_post(desk.session, row.post, Kind.RETURNED, said, desk.now, more=f"{comment}\n")


def reject(desk: Desk, row: PostRow, reason: str) -> None:
    """Reject a post for good; its place in the timetable stays empty."""
    desk.demand(Right.REVIEW, row)
    reason = told("reason", reason)
    desk.move(row.post, Move.REJECT, why=reason, changes={"comment": reason})


def withdraw(desk: Desk, row: PostRow, reason: str) -> None:
    """Take a post out before it is published."""
    desk.demand(Right.EDIT, row)
    desk.move(row.post, Move.WITHDRAW, why=told("reason", reason))


def edit(
    desk: Desk,
    row: PostRow,
    draft: Draft,
    fields: Mapping[str, str],
    why: str,
    carried: Mapping[str, object] | None = None,
) -> None:
    """Give a post new words, with what it carries of their template; an approval is void then. The editor may not
    approve it.
    """
    desk.demand(Right.EDIT, row)
    rewrite(desk, row, {"draft": draft_to_json(draft), "fields": dict(fields), **(carried or {})}, why)


def rewrite(desk: Desk, row: PostRow, changes: Mapping[str, object], why: str) -> None:
    """Change what a post will send, with new hash and version, and void its approval. A time outside its window takes
    the window along: what is approved for one day is not good for another.
    """
    post = row.post
    refuse_begun(desk, post)
    values: dict[str, Any] = {name: getattr(post, name) for name in Post.model_fields} | dict(changes)
    due_at, start, end = (values[name] for name in ("due_at", "window_from", "window_until"))
    if not start <= due_at <= end:
        changes = {**changes, "window_from": due_at, "window_until": due_at + (end - start)}
    ahead = Post(**(values | dict(changes)))
    message = desk.contents.message(ahead)
    new: dict[str, object] = {
        **changes,
        "content_hash": desk.contents.digest(ahead, row.account),
        "text_key": text_key(message),
        "media_key": media_key(message),
        "approved_hash": None,
        "version": post.version + 1,
        "edited_by": post.edited_by if ahead.draft == post.draft else desk.person.name,
        "writers": writers_with(desk.person, post),
        "next_try_at": ahead.due_at,
    }
    desk.move(post, Move.EDIT, why=why, changes=new)
    listing.void_approvals(desk.session, post.ident)


def refuse_begun(desk: Desk, post: Post) -> None:
    """Refuse to change an issue while copies of it are out: its later readers would get another letter."""
    if post.status in PLANNABLE and deliveries.copies_out(desk.session, post.ident):
        mend = "Hold or withdraw it: those who have it keep what they got."
        raise MoveRefused(post=post.id, status="sent to some of its list already", move=Move.EDIT, mend=mend)


def refuse_past(desk: Desk, due_at: datetime) -> None:
    """Refuse a time that has gone by. Raises WrongUse."""
    if due_at <= desk.now:
        problem = f"{tell.moment(desk.session, due_at)} is past"
        raise WrongUse(problem=problem, mend="Choose a time that is still to come.")


def take_down(desk: Desk, row: PostRow, reason: str) -> None:
    """Order a published post to be taken down."""
    desk.demand(Right.RETRACT, row)
    changes: dict[str, object] = {"next_look_at": None, "looks": 0, "needs_person": None}
    desk.move(row.post, Move.RETRACT, why=reason, changes=changes)


def settle_retraction(desk: Desk, row: PostRow, *, gone: bool) -> None:
    """Take a person's word on a post that was to be taken down by hand: it is gone, or it stays."""
    desk.demand(Right.RETRACT, row)
    why = f"{desk.person.name} looked: it is {'gone' if gone else 'still there, and stays'}"
    changes: dict[str, object] = {"needs_person": None}
    if gone:
        changes["next_reading_at"] = None
    desk.move(row.post, Move.GONE if gone else Move.REFUSE, why=why, changes=changes)
    if not gone:
        place = tell.place_of(desk.session, row.partner, row.post)
        news = News(Kind.STAYS, f"{row.partner.name}: a post stays", f"{place}: {why}.\n", f"/posts/{row.post.id}")
        tell.reviewers(desk.session, news, desk.now)
