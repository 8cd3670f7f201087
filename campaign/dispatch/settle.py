"""Writing down how an attempt ended: attempt closed, post moved, lane paced, people told, in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from campaign import tell
from campaign.dispatch import budget, ordered
from campaign.dispatch.claimed import Done
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Decision, History, decide, nth
from campaign.models import claims, deliveries, lanes, listing, partners, reasons, renewals, upkeep
from campaign.models.claims import Published
from campaign.models.deliveries import DeliveryStatus
from campaign.models.moves import move
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import TRANSITIONS, Move, Status
from campaign.notices.kinds import Kind
from campaign.ports import Receipt

log = structlog.get_logger(__name__)

_BROKEN_PAUSE = timedelta(minutes=1)


def publish(session: Session, means: Means, done: Sequence[Done], now: datetime) -> None:
    """Settle posts that the platforms have answered for, all at once, and let their lanes go.

    Raises:
        MoveRefused: one of them is no longer on its way in this attempt; roll back and settle each for itself.

    """
    claims.publish(session, [_published(means, one, _receipt(one)) for one in done], means.owner, now)


def _published(means: Means, done: Done, receipt: Receipt) -> Published:
    due = done.claimed.due
    pace = budget.pace_after(done.at, means.channel(due.channel).limits.pace, receipt)
    return Published(
        ident=due.ident,
        account_id=due.account.ident,
        version=due.version,
        number=done.claimed.number,
        due_at=due.due_at,
        receipt_id=receipt.external_id,
        columns=published_changes(means, due.channel, receipt, done.at),
        ready_at=pace.ready_at,
        ready_why=pace.why or None,
    )


def _receipt(done: Done) -> Receipt:
    if not isinstance(done.result, Receipt):
        raise TypeError(done.result)
    return done.result


def tell_published(means: Means, done: Sequence[Done]) -> None:
    """Count and log what was published, once it is stored."""
    for one in done:
        due = one.claimed.due
        _count(means, one, "posted")
        log.info("published", post=due.ident, channel=due.channel, external_id=_receipt(one).external_id)


def _count(means: Means, done: Done, outcome: str) -> None:
    due = done.claimed.due
    means.meter.settled(due.channel, outcome, due_at=due.due_at, started_at=done.started_at, ended_at=done.at)


def posted(means: Means, done: Done) -> None:
    """Settle one post that the platform has answered for, wherever it stands by now.

    An answer that comes after the lease ended finds its post unconfirmed, or declared absent and waiting to go again:
    the receipt settles that too, unless the post was claimed anew meanwhile.
    """
    due, receipt, now = done.claimed.due, _receipt(done), means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, due.ident)
        lanes.close_attempt(session, due.ident, done.claimed.number, "posted", receipt.external_id, now)
        changes = published_changes(means, due.channel, receipt, done.at)
        known = post.external_id == receipt.external_id  # a look-up was here before, and has counted it
        step = _step_to_published(post, done.claimed.number)
        if step is not None:
            move(session, post, step, who=means.owner, at=now, why=receipt.external_id, changes=changes)
            pace = budget.pace_after(now, means.channel(due.channel).limits.pace, receipt)
            lanes.pace_lane(session, post.account_id, pace.ready_at, pace.why or None)
        if not known:
            budget.found(session, due, done.claimed.number)
        lanes.free_lane(session, due.account.ident, means.owner)
    if step is not None:
        tell_published(means, [done])
    else:
        log.error("a receipt came too late", post=due.ident, status=post.status, external_id=receipt.external_id)


def _step_to_published(post: Post, number: int) -> Move | None:
    """Return the move that a receipt for this attempt makes, None where the post has gone on without it."""
    if _is_current(post, number):
        return Move.SETTLE
    if post.tries != number or post.status == Status.PUBLISHED:
        return None
    return Move.FOUND if (Status(post.status), Move.FOUND) in TRANSITIONS else None


def ended(means: Means, done: Done) -> None:
    """Settle an attempt that did not end well, as the retry rule says, or an issue that goes on later."""
    due, number, now = done.claimed.due, done.claimed.number, means.clock.now()
    with means.database.write() as session:
        lanes.lock_lane(session, due.account.ident)
        post = session.get_one(Post, due.ident)
        name, decision = _decided(session, means, post, done, now)
        lanes.close_attempt(session, due.ident, number, name, decision.why, now)
        if _is_current(post, number):
            carry_out(session, means, post, decision, now)
        lanes.free_lane(session, due.account.ident, means.owner)
    _count(means, done, name)
    log.warning(decision.move.value, post=due.ident, channel=due.channel, outcome=name, detail=decision.why)


def _decided(session: Session, means: Means, post: Post, done: Done, now: datetime) -> tuple[str, Decision]:
    if isinstance(done.result, datetime):
        return "waiting", Decision(Move.DEFER, "deliveries wait for a later try", next_try_at=done.result)
    if isinstance(done.result, Receipt):
        raise TypeError(done.result)
    budget.ended(session, means, done.claimed.due, done.claimed.number, done.result, now)
    history = _history(session, post)
    decision = decide(done.result, history, now, means.policy)
    decision = budget.paced(decision, done.result, now, means.channel(post.channel).limits.pace)
    if post.channel in means.bulk:
        decision = _for_issue(decision, history, now, means)
    return done.result.name, decision


def _is_current(post: Post, number: int) -> bool:
    """Say whether the post is still on its way in this very attempt: a late answer must not settle a later one."""
    return post.status == Status.PUBLISHING and post.tries == number


def _history(session: Session, post: Post) -> History:
    closed = [attempt.outcome for attempt in lanes.attempts(session, post.ident) if attempt.outcome]
    return History(number=post.tries, outcomes=tuple(closed))


def _for_issue(decision: Decision, history: History, now: datetime, means: Means) -> Decision:
    # An issue's deliveries keep the truth, each for itself: an issue as a whole is never unknown, it goes on. Whatever
    # breaks it may do so for ever, and a begun issue never expires: the pauses grow, and the doctor says so.
    if decision.move is Move.LOSE:
        pause = nth(means.policy.retries, history.unknown_in_a_row + 1)
        return replace(decision, move=Move.DEFER, next_try_at=now + pause, next_look_at=None)
    return decision


def carry_out(session: Session, means: Means, post: Post, decision: Decision, now: datetime) -> None:
    """Move the post and its account as decided, and tell those whom it concerns."""
    changes: dict[str, object] = {}
    if decision.next_try_at is not None:
        changes["next_try_at"] = max(decision.next_try_at, post.due_at)  # a clock set back must make nothing early
    if decision.move is Move.LOSE:
        changes |= upkeep.looked_up_from(decision.next_look_at)
    move(session, post, decision.move, who=means.owner, at=now, why=decision.why, changes=changes)
    if decision.lane_ready_at is not None:
        lanes.pace_lane(session, post.account_id, decision.lane_ready_at, decision.why)
    if decision.renew:
        renewals.want(session, post.account_id, decision.opened)
    if decision.stop_why is not None and renewals.stored(session, post.account_id, decision.opened):
        _stop_account(session, post, decision, now)
    if decision.move is Move.DEFER:
        ordered.carry_out(session, post, now)
    if decision.move is Move.REFUSE:
        _tell_failed(session, post, decision.why, now)


def _tell_failed(session: Session, post: Post, why: str, now: datetime) -> None:
    if not deliveries.copies_out(session, post.ident):
        ours = reasons.withheld(why)
        said = "the platform did not take it. Nothing was published" if ours is None else f"it was not sent: {ours}"
        tell.of_post(session, post, Kind.FAILED, said, now, details=why if ours is None else "")
        return
    mend = "Once that is mended, give it a new time: it goes on unchanged to those who wait. Nobody gets it twice.\n"
    said = f"the mail server ended it in its midst. {_copies(deliveries.count(session, post.ident))}"
    tell.of_post(session, post, Kind.FAILED, said, now, more=mend, details=why)


def _copies(counts: Mapping[str, int]) -> str:
    """Say how far an issue came."""
    told = {
        DeliveryStatus.SENT: "went out",
        DeliveryStatus.UNKNOWN: "may have gone out",
        DeliveryStatus.BOUNCED: "were refused",
        DeliveryStatus.SUPPRESSED: "were left out",
    }
    parts = [f"{counts[status]:,} {words}" for status, words in told.items() if counts.get(status)]
    waiting = sum(counts.values()) - sum(counts.get(status, 0) for status in told)
    return f"Of {sum(counts.values()):,} copies {', '.join(parts)} and {waiting:,} wait"


def _stop_account(session: Session, post: Post, decision: Decision, now: datetime) -> None:
    values = {"stopped_why": decision.stop_why, "stopped_until": decision.stop_until}
    partners.change_account(session, post.account_id, values)
    mend = "If the platform was at fault, an admin lets it go again. Else it needs new credentials: connect it again.\n"
    if decision.stop_until is not None:
        mend = f"Mend what the platform says. It is tried again {tell.moment(session, decision.stop_until)}.\n"
    said = "nothing more is sent from this account"
    tell.of_post(session, post, Kind.STOPPED, said, now, more=mend, details=decision.stop_why or "")


def back_to_review(session: Session, means: Means, post: Post, account: Account, now: datetime) -> None:
    """Take the approval from a post whose content is no longer the approved one, and tell its people."""
    why = "what would go out is not what was approved"
    changes: dict[str, object] = {"approved_hash": None, "content_hash": means.contents.digest(post, account)}
    move(session, post, Move.EDIT, who=means.owner, at=now, why=why, changes=changes)
    listing.void_approvals(session, post.ident)
    tell.of_post(session, post, Kind.REVIEW_AGAIN, why, now)


def put_off(means: Means, post_id: int) -> None:
    """Look again in a minute at a due post that breaks before anything is sent; the next of its account go first.
    Inside the grace another machine, or a mended one, may send it yet.
    """
    with means.database.write() as session:
        upkeep.put_off(session, post_id, means.clock.now() + _BROKEN_PAUSE)


def published_changes(means: Means, channel: str, receipt: Receipt, now: datetime) -> dict[str, object]:
    """Return the columns that a published post gets. One whose id nobody knows, only its address, is not read."""
    published_at = receipt.at or now
    return {
        "external_id": receipt.external_id or None,
        "url": receipt.url,
        "published_at": published_at,
        "next_reading_at": means.first_reading_at(channel, published_at) if receipt.external_id else None,
        "needs_person": None,
        "next_look_at": None,
    }
