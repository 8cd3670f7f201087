"""Writing down how an attempt ended: attempt closed, post moved, lane paced, people told, in one transaction."""

from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session

from campaign.dispatch import tell
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Decision, History, decide
from campaign.errors import Outcome
from campaign.models import lanes, listing, partners
from campaign.models.moves import move
from campaign.models.partners import Account
from campaign.models.posts import Attempt, Post
from campaign.models.status import Move, Status
from campaign.ports import Receipt

log = structlog.get_logger(__name__)


def posted(means: Means, post_id: int, attempt: Attempt, receipt: Receipt) -> None:
    """Settle a post that the platform has answered for.

    An answer that comes after the lease ended finds its post unconfirmed: the receipt settles that too.
    """
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        lanes.close_attempt(session, _id(attempt), "posted", receipt.external_id, now)
        changes = published_changes(means, post, receipt, now)
        step = Move.FOUND if post.status == Status.UNCONFIRMED else Move.SETTLE
        if post.status == Status.UNCONFIRMED or _is_current(post, attempt):
            move(session, post, step, who=means.owner, at=now, why=receipt.external_id, changes=changes)
            lanes.pace_lane(session, post.account_id, now + means.channel(post.channel).limits.pace, None)
    log.info("published", post=post_id, channel=post.channel, external_id=receipt.external_id)


def ended(means: Means, post_id: int, attempt: Attempt, outcome: Outcome) -> Decision:
    """Settle an attempt that did not end well, as the retry rule says."""
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        decision = decide(outcome, _history(session, post), now, means.policy)
        if post.channel in means.bulk:
            decision = _for_issue(decision, now, means)
        lanes.close_attempt(session, _id(attempt), outcome.name, outcome.detail, now)
        if _is_current(post, attempt):
            carry_out(session, means, post, decision, now)
    log.warning(decision.move.value, post=post_id, channel=post.channel, outcome=outcome.name, detail=outcome.detail)
    return decision


def waits(means: Means, post_id: int, attempt: Attempt, until: datetime) -> None:
    """Put an issue back whose remaining deliveries may go at ``until``."""
    now = means.clock.now()
    decision = Decision(Move.DEFER, "deliveries wait for a later try", next_try_at=until)
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        lanes.close_attempt(session, _id(attempt), "waiting", decision.why, now)
        if _is_current(post, attempt):
            carry_out(session, means, post, decision, now)


def _is_current(post: Post, attempt: Attempt) -> bool:
    """Say whether the post is still on its way in this very attempt: a late answer must not settle a later one."""
    return post.status == Status.PUBLISHING and post.tries == attempt.number


def _history(session: Session, post: Post) -> History:
    closed = [attempt.outcome for attempt in lanes.attempts(session, post.ident) if attempt.outcome]
    return History(number=post.tries, outcomes=tuple(closed))


def _for_issue(decision: Decision, now: datetime, means: Means) -> Decision:
    # An issue's deliveries keep the truth, each for itself: the issue as a whole is never unknown, it goes on.
    if decision.move is Move.LOSE:
        return replace(decision, move=Move.DEFER, next_try_at=now + means.policy.retries[0], next_look_at=None)
    return decision


def carry_out(session: Session, means: Means, post: Post, decision: Decision, now: datetime) -> None:
    """Move the post and its account as decided, and tell those whom it concerns."""
    changes: dict[str, object] = {}
    if decision.next_try_at is not None:
        changes["next_try_at"] = decision.next_try_at
    if decision.move is Move.LOSE:
        changes |= {"next_look_at": decision.next_look_at, "looks": 0, "good_reads": 0, "first_read_at": None}
    move(session, post, decision.move, who=means.owner, at=now, why=decision.why, changes=changes)
    if decision.lane_ready_at is not None:
        lanes.pace_lane(session, post.account_id, decision.lane_ready_at, decision.why)
    if decision.stop_why is not None:
        _stop_account(session, post, decision, now)
    if decision.move is Move.REFUSE:
        tell.officers(session, post, "a post failed", _failed(post, decision.why), now)


def _stop_account(session: Session, post: Post, decision: Decision, now: datetime) -> None:
    values = {"stopped_why": decision.stop_why, "stopped_until": decision.stop_until}
    partners.change_account(session, post.account_id, values)
    body = f"Nothing more is sent from this {post.channel} account: {decision.stop_why}.\nConnect it again with "
    body += "`campaign accounts import`, with new credentials in the file.\n"
    tell.officers(session, post, f"the {post.channel} account has stopped", body, now)


def back_to_review(session: Session, means: Means, post: Post, account: Account, now: datetime) -> None:
    """Take the approval from a post whose content is no longer the approved one, and tell its people."""
    why = "what would go out is not what was approved"
    changes: dict[str, object] = {"approved_hash": None, "content_hash": means.contents.digest(post, account)}
    move(session, post, Move.EDIT, who=means.owner, at=now, why=why, changes=changes)
    listing.void_approvals(session, post.ident)
    body = f"Post {post.id} ({post.slot}, {post.channel}) went back to review: {why}.\n"
    tell.officers(session, post, "a post went back to review", body, now)


def _failed(post: Post, why: str) -> str:
    return (
        f"Post {post.id} ({post.slot}, {post.channel}) was refused by the platform: {why}.\n"
        f"Nothing was published. See it with `campaign posts show {post.id}`.\n"
    )


def published_changes(means: Means, post: Post, receipt: Receipt, now: datetime) -> dict[str, object]:
    """Return the columns that a published post gets."""
    published_at = receipt.at or now
    return {
        "external_id": receipt.external_id,
        "url": receipt.url,
        "published_at": published_at,
        "next_reading_at": means.first_reading_at(post.channel, published_at),
        "needs_person": None,
        "next_look_at": None,
    }


def _id(attempt: Attempt) -> int:
    if attempt.id is None:
        msg = "the attempt has not been stored"
        raise LookupError(msg)
    return attempt.id
