"""Looking up posts whose end nobody knows: found and adopted, proven absent and sent again, or given to a person.

Absence is proven by reads that show what is known to be there: the newest post of the account that we know of, or,
before its first one, any post of its own. An account that shows none at all gives no such control. There it takes twice
the reads over twice the time, and the platform's own check of duplicates stands behind the second try: its answer
leads back here and never to a third.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType
from typing import Final

import structlog
from sqlmodel import Session

from campaign import tell
from campaign.dispatch import budget, ordered, turns
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Looks, absent_leads_to, nth, proves_absence
from campaign.dispatch.settle import published_changes
from campaign.errors import CannotLook, CredentialDead, Duplicate, MoveRefused, Outcome
from campaign.models import lanes, partners, sharing, upkeep
from campaign.models.moves import move
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.notices.kinds import Kind
from campaign.ports import Evidence, Finds, Receipt, Sighting

log = structlog.get_logger(__name__)

_TOLD_AT: Final = 10
"""Looks without an answer after which a person is told (a quarter of an hour with the delays that ship)."""
_ANOTHER: Final = "its account is another one since it was sent, or its words are; look where it was sent"
_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})


def look_up(means: Means, post_id: int) -> None:
    """Look once for an unconfirmed post and write down what was seen."""
    if not turns.taken(means, post_id):
        return
    try:
        sighting = _look(means, post_id)
    except CannotLook as error:
        budget.looked_up(means, post_id, error.shown)
        _note_failed(means, post_id, str(error), permanent=error.permanent)
    except CredentialDead as error:
        _note_failed(means, post_id, str(error), permanent=True)
    except Outcome as error:
        _note_failed(means, post_id, str(error), permanent=False)
    except Exception as error:
        log.exception("look-up broke", post=post_id)
        _note_failed(means, post_id, type(error).__name__, permanent=False)
    else:
        budget.looked_up(means, post_id, sighting.shown)
        _weigh(means, post_id, sighting)


def _look(means: Means, post_id: int) -> Sighting:
    with means.database.read() as session:
        post = session.get_one(Post, post_id)
        account, partner = partners.account_with_partner(session, post.account_id)
        if is_another(session, means, post, account):
            raise CannotLook(detail=_ANOTHER, permanent=True)
        evidence = _evidence(session, means, post)
    channel = means.channel(post.channel)
    if not isinstance(channel, Finds):
        raise CannotLook(detail=f"{post.channel} does not let us look", permanent=True)
    who = means.identify(account, partner)
    try:
        return channel.find(who, evidence)
    except CannotLook as error:
        if error.refused:
            means.refused(who)
        raise


def is_another(session: Session, means: Means, post: Post, account: Account) -> bool:
    """Say whether the post would go out from another account today than it was sent from, or with other words: what
    that account shows tells nothing of it, and what stands there is none of the account's present posts.
    """
    tried = lanes.newest_attempt(session, post.ident)
    return means.contents.digest(post, account) != (tried.content_hash if tried else post.content_hash)


def _evidence(session: Session, means: Means, post: Post) -> Evidence:
    tried = lanes.attempts(session, post.ident)
    doubtful = [attempt for attempt in tried if attempt.outcome in {None, "unknown", "duplicate"}] or tried
    message, first = means.contents.message(post), min((attempt.id or 0 for attempt in doubtful), default=0)
    return Evidence(
        message=replace(message, share_of=_shared(session, post, message.share_of)),
        started_at=min((attempt.started_at for attempt in doubtful), default=post.due_at),
        media_ids=tuple(media_id for attempt in doubtful for media_id in attempt.media_ids),
        known_ids=upkeep.known_ids(session, post.account_id, post.ident),
        control_id=upkeep.control_id(session, post.account_id, post.ident),
        before_id=upkeep.sent_before(session, post.account_id, first),
    )


def _shared(session: Session, post: Post, name: str | None) -> str | None:
    """Return the id of what the post passes on, None for one that passes nothing on."""
    if name is None:
        return None
    found = sharing.passed_on(session, post.ident, name, post.channel)
    if found is None:
        raise CannotLook(detail=f"nobody knows which post it passed on ({name})", permanent=True)
    return found


def _note_failed(means: Means, post_id: int, why: str, *, permanent: bool) -> None:
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        if post.status != Status.UNCONFIRMED:
            return
        if permanent:
            _ask_person(session, post, why, now)
        else:
            _look_again(session, means, post, why, now)


def _look_again(
    session: Session, means: Means, post: Post, why: str, now: datetime, values: Mapping[str, object] = _NOTHING
) -> None:
    """Look once more later. A platform that gives no clear answer for long is looked at on, and a person is told."""
    looks = post.looks + 1
    later = now + nth(means.policy.lookups, looks + 1)
    upkeep.set_look(session, post.ident, {**values, "looks": looks, "next_look_at": later})
    if looks == _TOLD_AT:
        said = f"it may or may not be published. It was looked up {looks} times without a clear answer"
        tell.of_post(session, post, Kind.DOUBT, said, now, more="It is looked up on.\n", details=why)


def _ask_person(session: Session, post: Post, why: str, now: datetime) -> None:
    upkeep.set_needs_person(session, post.ident, why)
    said = "it may or may not be published. Look at the account, then say what you see"
    more = "Nothing is sent again before somebody has looked.\n"
    tell.of_post(session, post, Kind.ASKED, said, now, more=more, details=why)


def _weigh(means: Means, post_id: int, sighting: Sighting) -> None:
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        upkeep.lock_unconfirmed(session, post.account_id)
        session.refresh(post)
        if post.status != Status.UNCONFIRMED:
            return
        taken = upkeep.known_ids(session, post.account_id, post.ident)
        if len(sighting.matches) > 1:
            ids = ", ".join(receipt.external_id for receipt in sighting.matches)
            _ask_person(session, post, f"it stands there more than once ({ids})", now)
        elif sighting.matches and sighting.matches[0].external_id in taken:
            _look_again(session, means, post, "what was found belongs to another post", now)
        elif sighting.matches:
            adopt(session, means, post, sighting.matches[0], who=means.owner, now=now)
        elif sighting.older:
            _doubt(session, means, post, sighting, now)
        else:
            _count_absent(session, means, post, sighting, now)


def _doubt(session: Session, means: Means, post: Post, sighting: Sighting, now: datetime) -> None:
    """Let what bears a time before the attempt prove nothing: if our clock was fast, it is the post. Its time may yet
    be told by a better sign; after twice the looks that absence takes, a person is asked.
    """
    ids = ", ".join(receipt.external_id or receipt.url or "?" for receipt in sighting.older)
    why = f"its words stand there from before it was sent ({ids}), unless the clock here was wrong"
    attempt = lanes.newest_attempt(session, post.ident)
    over = attempt is None or now >= attempt.lease_until + means.policy.call_timeout
    if over and post.looks + 1 >= 2 * means.policy.lookup_reads:
        _ask_person(session, post, why, now)
    else:
        _look_again(session, means, post, why, now, {"good_reads": 0, "first_read_at": None})


def adopt(session: Session, means: Means, post: Post, receipt: Receipt, *, who: str, now: datetime) -> None:
    """Take what was found as the receipt of an unconfirmed post. Raises MoveRefused where it is not unconfirmed."""
    if post.status != Status.UNCONFIRMED:
        mend = "See `campaign posts show` for where it stands."
        raise MoveRefused(post=post.id, status=post.status, move="be settled by what was found", mend=mend)
    changes = published_changes(means, post.channel, receipt, now)
    move(
        session,
        post,
        Move.FOUND,
        who=who,
        at=now,
        why=f"found as {receipt.external_id or receipt.url}",
        changes=changes,
    )
    budget.adopted(session, means, post, receipt.at or now)


def _count_absent(session: Session, means: Means, post: Post, sighting: Sighting, now: datetime) -> None:
    good = post.good_reads + int(sighting.control_seen)
    first = post.first_read_at or (now if sighting.control_seen else None)
    attempt = lanes.newest_attempt(session, post.ident)
    lease_until = attempt.lease_until if attempt else now
    if not sighting.control_seen:
        why = "the listing does not show what is known to be there"
        _look_again(session, means, post, why, now)
    elif not proves_absence(Looks(good, first, lease_until, sighting.blank), now, means.policy):
        values = {"good_reads": good, "first_read_at": first}
        _look_again(session, means, post, "too few good reads", now, values)
    elif attempt is not None and attempt.outcome == Duplicate.name:
        _ask_person(session, post, f"{attempt.detail}, yet it is not in the listing", now)
    else:
        declare_absent(session, means, post, who=means.owner, now=now, why=f"{good} good reads do not show it")


def declare_absent(session: Session, means: Means, post: Post, *, who: str, now: datetime, why: str) -> None:
    """Send the post again inside the grace, else give it to a person as missed; withdraw it where somebody has ordered
    it to be taken down once it is found.

    After a restore from a backup a post may stand here that is not due yet, or that nobody has approved: the one goes
    at its time, the other not at all.
    """
    approved = post.approved_hash == post.content_hash
    end = absent_leads_to(post.due_at, now, means.policy) if approved else Status.MISSED
    changes = {"next_try_at": max(now, post.due_at), "next_look_at": None, "needs_person": None}
    move(session, post, Move.ABSENT, to=end, who=who, at=now, why=why, changes=changes)
    budget.absent(session, means, post, now)
    if ordered.carry_out(session, post, now):
        return
    if end is Status.MISSED:
        tell.missed(session, post, f"it is not there ({why}), and its time has passed", now)
