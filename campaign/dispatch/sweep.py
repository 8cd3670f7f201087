"""What the clock does to posts: a dead process's claims are unknown, late posts are missed, by-hand posts are handed
over, retracted posts are taken down.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime, timedelta
from typing import TypeVar

import structlog
from sqlmodel import Session

from campaign import tell
from campaign.dispatch import budget, by_hand, ordered, settle, turns
from campaign.dispatch.by_hand import HandOver
from campaign.dispatch.means import Means
from campaign.dispatch.retry import nth
from campaign.errors import AccountBlocked, CredentialDead, MoveRefused, NeverSent, Outcome, Refused, Wait
from campaign.models import lanes, leaving, partners, reasons, sharing, upkeep
from campaign.models.away import is_away
from campaign.models.listing import PostRow
from campaign.models.moves import move
from campaign.models.partners import Account, AccountMode
from campaign.models.posts import Attempt, Post
from campaign.models.status import Move, Status
from campaign.notices.kinds import Kind
from campaign.ports import Retracts

log = structlog.get_logger(__name__)

_Told = TypeVar("_Told")

_TAKE_DOWN_TRIES = 6


def recover(means: Means, now: datetime, *, serving: Collection[int] = ()) -> bool:
    """Declare lost what stands in publishing under an ended lease; an issue just goes on, its deliveries know. Says
    whether none broke.

    ``serving`` are the accounts that living threads of this process serve: what they send is not lost, even where a
    clock that was set on says that the lease has ended.
    """
    with means.database.read() as session:
        found = lanes.abandoned(session, now)
    attempts = {
        post.ident: attempt for post, attempt in found if attempt.owner != means.owner or post.account_id not in serving
    }
    left = [post for post, _ in found if post.ident in attempts]
    done, broken = _each(means, left, lambda session, post: _abandon(session, means, post, attempts[post.ident], now))
    for post in done:
        means.meter.lost(post.channel)
    return not broken


def _abandon(session: Session, means: Means, post: Post, attempt: Attempt, now: datetime) -> bool:
    """Close the attempt as unknown; say whether it was open still."""
    if not lanes.close_attempt(session, post.ident, attempt.number, "unknown", "its process ended in mid-send", now):
        return False  # it ended well meanwhile, and the post may be on its way in a later attempt by now
    if post.channel in means.bulk:
        changes: dict[str, object] = {"next_try_at": now}
        move(session, post, Move.DEFER, who=means.owner, at=now, why="taken over; sending goes on", changes=changes)
        return True
    looks = upkeep.looked_up_from(now)
    why = "the process that sent it ended; nobody knows whether it is there"
    move(session, post, Move.LOSE, who=means.owner, at=now, why=why, changes=looks)
    return True


def expire(means: Means, now: datetime, *, at_once: int = 500) -> bool:
    """Declare missed what is later than the grace, and what was not approved in time; all of it, in one look. Says
    whether none broke.
    """
    whole, found = True, _overdue(means, now, at_once)
    while found:
        done, broken = _each(means, found, lambda session, post: _miss(session, means, post, now))
        whole = whole and not broken
        found = _overdue(means, now, at_once) if done and len(found) == at_once else []
    return whole


def _overdue(means: Means, now: datetime, at_once: int) -> list[Post]:
    with means.database.read() as session:
        return upkeep.overdue(session, now, means.policy.grace, limit=at_once)


def _miss(session: Session, means: Means, post: Post, now: datetime) -> bool:
    why = {
        Status.IN_REVIEW: "its time passed before it was approved",
        Status.BY_HAND: "nobody recorded where it was published",
    }.get(Status(post.status), reasons.late(_spoken(means.policy.grace)))
    if waited := lanes.waits_for(session, post.account_id, now) or _tried(session, post):
        why += f"; {waited}"
    share_of = post.draft.get("share_of")
    if post.status == Status.APPROVED and share_of and sharing.original(session, share_of, post.channel) is None:
        why += f"; the post that it shares, {share_of}, was not published"
    _miss_for(session, means, post, why, now)
    return True


def _tried(session: Session, post: Post) -> str | None:
    """Return what kept the last try of an approved post from the wire."""
    last = lanes.newest_attempt(session, post.ident) if post.status == Status.APPROVED else None
    return last.detail if last and last.outcome == NeverSent.name else None


def _miss_for(session: Session, means: Means, post: Post, why: str, now: datetime) -> None:
    move(session, post, Move.EXPIRE, who=means.owner, at=now, why=why)
    tell.missed(session, post, why, now)


def _spoken(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:g} minutes"


def hand_over(means: Means, now: datetime) -> None:
    """Give due posts of by-hand accounts to the officer, with all that is needed to publish them."""
    with means.database.read() as session:
        found = upkeep.to_hand_over(session, now)
    _, broken = _each(means, found, lambda session, post: _hand(session, means, post, now))
    for number in broken:
        settle.put_off(means, number)


def _hand(session: Session, means: Means, post: Post, now: datetime) -> bool:
    """Hand over, and say whether it was; what may not go so is missed, reviewed anew or put off."""
    account, partner = partners.account_with_partner(session, post.account_id)
    if means.contents.digest(post, account) != post.approved_hash:
        settle.back_to_review(session, means, post, account, now)
        return False
    message = means.contents.message(post)
    if ended := message.ended(now):
        _miss_for(session, means, post, ended, now)
        return False
    handed = by_hand.ready(session, means.channels, PostRow(post, account, partner), message)
    if handed.waits:
        # It goes as soon as there is something to share, or is missed when its grace has ended.
        upkeep.put_off(session, post.ident, now + nth(means.policy.retries, 1))
        return False
    move(session, post, Move.HAND_OVER, who=means.owner, at=now, why="due; the account has no API access")
    said = f"please publish this now, as {account.handle}"
    tell.of_post(session, post, Kind.BY_HAND, said, now, more=_to_publish(handed))
    return True


def _to_publish(handed: HandOver) -> str:
    shared = handed.message.share_of is not None
    body = f"\nSubject: {handed.message.subject}\n" if handed.message.subject else ""
    body += f"\n{handed.words}\n\n"
    body += f"Link: {handed.message.link}\n" if handed.message.link and not shared else ""
    body += "".join(f"Image: {item.path.name}, alt text: {item.alt}\n" for item in handed.message.media)
    return body + (f"Open: {handed.page}\n" if handed.page else "")


def carry_out_orders(means: Means, now: datetime) -> None:
    """Take down what somebody ordered to be while nobody knew whether it was there."""
    with means.database.read() as session:
        found = leaving.to_carry_out(session)
    _each(means, found, lambda session, post: ordered.carry_out(session, post, now))


def take_down(means: Means, post_id: int) -> None:
    """Take a published post down, where the platform lets us; else a person gets the task."""
    if not turns.taken(means, post_id):
        return
    with means.database.read() as session:
        post = session.get_one(Post, post_id)
        account, partner = partners.account_with_partner(session, post.account_id)
    now, channel = means.clock.now(), means.channel(post.channel)
    if not isinstance(channel, Retracts) or account.mode != AccountMode.API or not post.external_id:
        _needs_hand(means, post, f"{_no_way_to_delete(post, account)}: delete it by hand", now)
        return
    try:
        channel.retract(means.identify(account, partner), post.external_id)
    except (Refused, CredentialDead, AccountBlocked) as outcome:
        _needs_hand(means, post, str(outcome), now)
    except Outcome as outcome:
        _try_later(means, post, outcome, now)
    except Exception as error:
        log.exception("taking down broke", post=post_id)
        _try_later(means, post, NeverSent(detail=type(error).__name__), now)
    else:
        _one(means, post, lambda session, post: _gone(session, means, post, now))


def _no_way_to_delete(post: Post, account: Account) -> str:
    if account.mode != AccountMode.API:
        return "this account has no API access"
    # Without an id the platform would be asked for nothing, and would say that nothing is there.
    return f"{post.channel} does not let us delete it" if post.external_id else "nobody knows its id"


def _gone(session: Session, means: Means, post: Post, now: datetime) -> None:
    changes: dict[str, object] = {"next_reading_at": None, "next_look_at": None}
    move(session, post, Move.GONE, who=means.owner, at=now, why="deleted", changes=changes)
    budget.retracted(session, means, post, now)


def _try_later(means: Means, post: Post, outcome: Outcome, now: datetime) -> None:
    """Deleting twice harms nobody, so trouble on the way is tried again; after some tries a person gets the task."""
    tried = post.looks + 1
    if tried >= _TAKE_DOWN_TRIES:
        _needs_hand(means, post, str(outcome), now)
        return
    again_at = now + nth(means.policy.retries, tried)
    if isinstance(outcome, Wait):
        again_at = max(again_at, outcome.until or now + (outcome.after or timedelta()))
    with means.database.write() as session:
        upkeep.set_look(session, post.ident, {"looks": tried, "next_look_at": again_at})


def _needs_hand(means: Means, post: Post, why: str, now: datetime) -> None:
    with means.database.write() as session:
        upkeep.set_needs_person(session, post.ident, why)
        said = "it is to be taken down, and only a person can delete it"
        tell.of_post(session, post, Kind.TAKE_DOWN, said, now, more=f"It stands at {post.url}\n", details=why)


def _each(means: Means, posts: Sequence[Post], step: Callable[[Session, Post], bool]) -> tuple[list[Post], list[int]]:
    """Do a step of each post in a transaction of its own. Returns the posts of which it was done, and the numbers of
    those of which it broke: that is a fault of ours, or a post that a newer version of the program has stored, and
    costs the others nothing. Raises what says that the database is away.
    """
    done, broken = list[Post](), list[int]()
    for post in posts:
        number = post.ident  # a transaction that is rolled back takes away what it has touched of the row
        try:
            if _one(means, post, step):
                done.append(post)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("a step broke off", post=number)
            broken.append(number)
    return done, broken


def _one(means: Means, post: Post, step: Callable[[Session, Post], _Told]) -> _Told | None:
    """Do one post's step in its own transaction; a post that somebody else moved first is left to them.

    Returns what the step told, None where it was not done.
    """
    try:
        with means.database.write() as session:
            return step(session, post)
    except MoveRefused as refused:
        log.info("left to somebody else", detail=str(refused))
        return None
