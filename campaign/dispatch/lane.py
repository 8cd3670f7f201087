"""Serving lanes: of each account one post at a time, in order, claimed before it is sent and settled after.

A turn settles what is done and claims what comes next, of many accounts, in one transaction: the commit is what costs.
"""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session

from campaign.dispatch import budget, settle
from campaign.dispatch.claimed import Claimed, Done, Parcel
from campaign.dispatch.gate import SendGate
from campaign.dispatch.means import Means
from campaign.errors import CredentialDead, MoveRefused, NeverSent, Outcome, Stopped, Unknown, Withheld
from campaign.models import claims, deliveries, holds, partners, sharing
from campaign.models.away import is_away
from campaign.models.claims import Due
from campaign.models.database import DatabaseAway
from campaign.models.posts import Post
from campaign.ports import Identity, Message, Progress, Receipt

log = structlog.get_logger(__name__)


def turn(means: Means, done: Sequence[Done], accounts: Collection[int]) -> list[Claimed]:
    """Settle what is done and claim the next post of each account that may send.

    What it raises leaves everything as it was, and the same turn may be taken again.
    """
    posted = [one for one in done if isinstance(one.result, Receipt)]
    for one in done:
        if not isinstance(one.result, Receipt):
            settle.ended(means, one)
    # What is settled here says when its lane may go on, so its account is read no sooner than in the next turn.
    wanted = _wanted(means, set(accounts) - {one.claimed.due.account.ident for one in done})
    try:
        return _together(means, posted, wanted)
    except MoveRefused:
        # Somebody was quicker with one of them: each for itself, so that the others lose nothing.
        for one in posted:
            settle.posted(means, one)
        return [claimed for one in wanted for claimed in _alone(means, one)]


_Wanted = tuple[Due, Message]


def _wanted(means: Means, accounts: Collection[int]) -> list[_Wanted]:
    """Read what may go and compose it, outside the transaction; what is no longer the approved goes back to review."""
    if not accounts:
        return []
    with means.database.read() as session:
        found = claims.due(session, accounts, means.owner, means.clock.now(), means.policy.grace)
    return [(due, message) for due in found if (message := _approved(means, due)) is not None]


def _approved(means: Means, due: Due) -> Message | None:
    """Return what goes out if it is what was approved. A post that cannot be composed must not stop the others: it is
    put off, the doctor tells of it, and it is missed when its time has passed.
    """
    try:
        message = means.contents.message(due)
        if means.contents.hash_of(message, due, due.account) == due.approved_hash:
            return message
        _back_to_review(means, due)
    except MoveRefused as refused:
        log.info("left to somebody else", detail=str(refused))
    except Exception as error:
        if is_away(error):
            raise
        log.exception("the post cannot be composed", post=due.ident)
        settle.put_off(means, due.ident)
    return None


def _together(means: Means, posted: Sequence[Done], wanted: Sequence[_Wanted]) -> list[Claimed]:
    if not posted and not wanted:
        return []
    claimed_at, now = means.clock.monotonic(), means.clock.now()
    with means.database.write() as session:
        if posted:
            settle.publish(session, means, posted, now)
        taken = wanted and claims.take_lanes(
            session, [due.account.ident for due, _ in wanted], means.owner, now, means.policy.lease
        )
        ours = [(due, message) for due, message in wanted if due.account.ident in taken]
        ours = budget.admitted(session, means, ours, now)
        if ours:
            claims.claim(session, [due for due, _ in ours], means.owner, now, means.policy.lease)
    settle.tell_published(means, posted)
    return [_claimed(means, Parcel(due, message, means.owner, claimed_at, now)) for due, message in ours]


def _alone(means: Means, wanted: _Wanted) -> list[Claimed]:
    try:
        return _together(means, (), [wanted])
    except MoveRefused:
        return []  # the next look sees what it has become


def _claimed(means: Means, parcel: Parcel) -> Claimed:
    due = parcel.due
    gate = SendGate(
        database=means.database,
        clock=means.clock,
        post_id=due.ident,
        number=due.tries + 1,
        scopes=holds.scopes_of(due.ident, due.channel, due.partner.key, due.account.ident, due.event),
        lease=means.policy.lease,
        claimed_at=parcel.claimed_at,
        dated_at=parcel.dated_at,
        until=None if due.channel in means.bulk else due.due_at + means.policy.grace,
        account_id=due.account.ident,
        owner=parcel.owner,
        stopping=means.stopping,
    )
    return Claimed(due, gate.number, parcel.message, gate)


def _back_to_review(means: Means, due: Due) -> None:
    with means.database.write() as session:
        stored = session.get_one(Post, due.ident)
        account, _ = partners.account_with_partner(session, stored.account_id)
        if means.contents.digest(stored, account) != stored.approved_hash:
            settle.back_to_review(session, means, stored, account, means.clock.now())


Ended = tuple[Receipt | Outcome | datetime, datetime, datetime]
"""How the sending of a parcel ended, when it did, and when it began: a Done without what its receiver has."""


def send_parcel(means: Means, parcel: Parcel) -> Ended:
    """Send a post that another process has claimed. Never raises: an outcome says it all."""
    done = send(means, _claimed(means, parcel))
    return done.result, done.at, done.started_at


def send(means: Means, claimed: Claimed) -> Done:
    """Send a claimed post. No transaction is open while the network is used. Never raises: an outcome says it all."""
    result: Receipt | Outcome | datetime
    started_at = means.clock.now()
    try:
        result = _send(means, claimed)
    except Outcome as outcome:
        result = outcome
    except Exception as error:
        log.exception("unforeseen", post=claimed.due.ident)
        result = Unknown(detail=f"{type(error).__name__} in the channel")
    return Done(claimed, result, means.clock.now(), started_at)


def _send(means: Means, claimed: Claimed) -> Receipt | datetime:
    who = _identity(means, claimed.due)
    try:
        return _send_as(means, claimed, who)
    except CredentialDead as dead:
        dead.opened = who.opened
        raise


def _send_as(means: Means, claimed: Claimed, who: Identity) -> Receipt | datetime:
    due, message = claimed.due, claimed.message
    if due.channel in means.bulk:
        return _send_issue(means, claimed, who)
    if message.share_of is not None:
        message = _resolve_share(means, claimed, message)
    _check_media(message, means.clock.now())
    return means.channel(due.channel).publish(who, message, claimed.gate)


def _identity(means: Means, due: Due) -> Identity:
    """Open the account. Whatever breaks there leaves no post in doubt: nothing was sent."""
    try:
        return means.identify(due.account, due.partner)
    except Outcome:
        raise
    except Exception as error:
        raise NeverSent(detail=f"the account could not be opened: {type(error).__name__}") from error


def _send_issue(means: Means, claimed: Claimed, who: Identity) -> Receipt | datetime:
    post_id = claimed.due.ident
    progress, receipt = means.bulk[claimed.due.channel].send_issue(post_id, who, claimed.message, claimed.gate)
    if progress is Progress.DONE:
        return receipt or Receipt(external_id=f"issue-{post_id}")
    if progress is Progress.STOPPED:
        raise Stopped(detail="the issue was paused")
    with means.database.read() as session:
        return deliveries.next_try_at(session, post_id) or means.clock.now()


def _resolve_share(means: Means, claimed: Claimed, message: Message) -> Message:
    """Put the platform's id in place of the name of the post that is shared; every attempt of a post shares the same.

    It is kept before the wire: a look-up must know what went out, whatever the name leads to by then.
    """
    due, name = claimed.due, message.share_of or ""
    try:
        with means.database.write() as session:
            found = sharing.passed_on(session, due.ident, name, due.channel)
            if not found:
                raise _nothing_to_share(session, name, due.channel)
            sharing.keep(session, due.ident, claimed.number, found)
    except DatabaseAway as error:
        raise NeverSent(detail=f"the database cannot be asked for {name}") from error
    return replace(message, share_of=found)


def _nothing_to_share(session: Session, name: str, channel: str) -> Outcome:
    """Return why a share cannot go: what it shares may come yet, or is there and will never be known by an id."""
    there = sharing.original(session, name, channel)
    if there is None:
        return NeverSent(detail=f"{name} is not published yet")
    where = f"stands at {there.url}" if there.url else "is published"
    return Withheld(detail=f"{name} {where}, and nobody knows its id there: share it by hand")


def _check_media(message: Message, now: datetime) -> None:
    if ended := message.ended(now):
        raise Withheld(detail=ended)
    for item in message.media:
        if not item.path.is_file():
            raise NeverSent(detail=f"the image {item.path.name} is not in the media folder of this machine")
