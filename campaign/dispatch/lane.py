"""Serving a lane: one account's due posts, one at a time, in order."""

from dataclasses import dataclass, replace

import structlog

from campaign.dispatch import settle
from campaign.dispatch.gate import SendGate
from campaign.dispatch.means import Means
from campaign.errors import MoveRefused, NeverSent, Outcome, Refused, Stopped, Unknown
from campaign.models import holds, lanes, mailing, partners, upkeep
from campaign.models.partners import Account, Partner
from campaign.models.posts import Attempt, Post
from campaign.ports import Identity, Message, Progress, Receipt

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A post that is ours to send now: its rows, exactly what goes out, and the gate to ask."""

    post: Post
    attempt: Attempt
    account: Account
    partner: Partner
    message: Message
    gate: SendGate


def serve(means: Means, account_id: int) -> None:
    """Take the lane, send what is due, let it go, and look once more: a post that fell due while the lane was held
    by us woke nobody else.
    """
    while _take(means, account_id):
        try:
            sent = _drain(means, account_id)
        finally:
            with means.database.write() as session:
                lanes.free_lane(session, account_id, means.owner)
        if not sent:
            return


def _take(means: Means, account_id: int) -> bool:
    with means.database.write() as session:
        return lanes.take_lane(session, account_id, means.owner, means.clock.now(), means.policy.lease)


def _drain(means: Means, account_id: int) -> int:
    sent = 0
    while (claimed := claim_next(means, account_id)) is not None:
        deliver(means, claimed)
        sent += 1
    return sent


def claim_next(means: Means, account_id: int) -> Claimed | None:
    """Claim the account's next due post, None when there is none.

    The content is composed outside the transaction; the claim's guard on status and version refuses it when the post
    changed meanwhile, and then the next look sees the change.
    """
    while True:
        claimed_at = means.clock.monotonic()
        with means.database.read() as session:
            post = lanes.next_due(session, account_id, means.clock.now())
            if post is None:
                return None
            account, partner = partners.account_with_partner(session, account_id)
        message = means.contents.message(post)
        try:
            if not _unchanged(means, post, account):
                continue
            attempt = _claim(means, post, account_id)
        except MoveRefused:
            continue
        gate = SendGate(
            database=means.database,
            clock=means.clock,
            attempt_id=attempt.id or 0,
            scopes=holds.scopes_of(post.ident, post.channel, partner.key, account_id, post.event),
            lease=means.policy.lease,
            claimed_at=claimed_at,
            renew=post.channel in means.bulk,
            account_id=account_id,
            owner=means.owner,
        )
        return Claimed(post, attempt, account, partner, message, gate)


def _claim(means: Means, post: Post, account_id: int) -> Attempt:
    now = means.clock.now()
    with means.database.write() as session:
        if not lanes.keep_lane(session, account_id, means.owner, now, means.policy.lease):
            raise MoveRefused(post=post.id, status="in a lane that was taken over", move="claim", mend="Look again.")
        return lanes.claim(session, session.merge(post), means.owner, now, means.policy.lease)


def _unchanged(means: Means, post: Post, account: Account) -> bool:
    """Say whether the post still is what was approved; if not, it goes back to review and people are told."""
    if means.contents.digest(post, account) == post.approved_hash:
        return True
    with means.database.write() as session:
        stored = session.get_one(Post, post.ident)
        account, _ = partners.account_with_partner(session, post.account_id)
        if means.contents.digest(stored, account) != stored.approved_hash:
            settle.back_to_review(session, means, stored, account, means.clock.now())
    return False


def deliver(means: Means, claimed: Claimed) -> None:
    """Send a claimed post and settle it. No transaction is open while the network is used."""
    post_id = claimed.post.ident
    try:
        receipt = _send(means, claimed)
    except Outcome as outcome:
        settle.ended(means, post_id, claimed.attempt, outcome)
    except Exception as error:
        log.exception("unforeseen", post=post_id)
        settle.ended(means, post_id, claimed.attempt, Unknown(detail=f"{type(error).__name__} in the channel"))
    else:
        if receipt is not None:
            settle.posted(means, post_id, claimed.attempt, receipt)


def _send(means: Means, claimed: Claimed) -> Receipt | None:
    post, message = claimed.post, claimed.message
    claimed.gate.check()
    who = means.identify(claimed.account, claimed.partner)
    if post.channel in means.bulk:
        return _send_issue(means, claimed, who)
    if message.share_of is not None:
        message = _resolve_share(means, post, message)
    _check_media(message)
    return means.channel(post.channel).publish(who, message, claimed.gate)


def _send_issue(means: Means, claimed: Claimed, who: Identity) -> Receipt | None:
    post_id = claimed.post.ident
    progress, receipt = means.bulk[claimed.post.channel].send_issue(post_id, who, claimed.message, claimed.gate)
    if progress is Progress.DONE:
        return receipt or Receipt(external_id=f"issue-{post_id}")
    if progress is Progress.STOPPED:
        raise Stopped(detail="the issue was paused")
    with means.database.read() as session:
        until = mailing.next_delivery_at(session, post_id)
    settle.waits(means, post_id, claimed.attempt, until or means.clock.now())
    return None


def _resolve_share(means: Means, post: Post, message: Message) -> Message:
    """Put the platform's id in place of the name of the post that is shared."""
    slot, _, partner_key = (message.share_of or "").rpartition("@")
    with means.database.read() as session:
        found = upkeep.published_id(session, slot, partner_key, post.channel)
    if found is None:
        raise NeverSent(detail=f"{message.share_of} is not published yet")
    return replace(message, share_of=found)


def _check_media(message: Message) -> None:
    for item in message.media:
        if not item.path.is_file():
            raise Refused(detail=f"the image {item.path.name} is gone from the media folder")
