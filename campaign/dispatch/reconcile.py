"""Looking up posts whose end nobody knows: found and adopted, proven absent and sent again, or given to a person."""

from datetime import datetime

import structlog
from sqlmodel import Session

from campaign.dispatch import budget, tell
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Looks, absent_leads_to, nth, proves_absence
from campaign.dispatch.settle import published_changes
from campaign.errors import CannotLook, CredentialDead, MoveRefused, Outcome
from campaign.models import lanes, partners, upkeep
from campaign.models.moves import move
from campaign.models.posts import Attempt, Post
from campaign.models.status import Move, Status
from campaign.ports import Evidence, Finds, Receipt, Sighting

log = structlog.get_logger(__name__)


def look_up(means: Means, post_id: int) -> None:
    """Look once for an unconfirmed post and write down what was seen."""
    try:
        sighting = _look(means, post_id)
    except (CannotLook, CredentialDead) as error:
        permanent = isinstance(error, CredentialDead) or bool(error.facts.get("permanent"))
        _note_failed(means, post_id, str(error), permanent=permanent)
    except Outcome as error:
        _note_failed(means, post_id, str(error), permanent=False)
    except Exception as error:
        log.exception("look-up broke", post=post_id)
        _note_failed(means, post_id, type(error).__name__, permanent=False)
    else:
        _weigh(means, post_id, sighting)


def _look(means: Means, post_id: int) -> Sighting:
    with means.database.read() as session:
        post = session.get_one(Post, post_id)
        account, partner = partners.account_with_partner(session, post.account_id)
        evidence = _evidence(session, means, post)
    channel = means.channel(post.channel)
    if not isinstance(channel, Finds):
        raise CannotLook(detail=f"{post.channel} does not let us look", permanent=True)
    return channel.find(means.identify(account, partner), evidence)


def _evidence(session: Session, means: Means, post: Post) -> Evidence:
    tried = lanes.attempts(session, post.ident)
    doubtful = [attempt for attempt in tried if attempt.outcome in {None, "unknown", "duplicate"}] or tried
    message = means.contents.message(post)
    return Evidence(
        message=message,
        started_at=min((attempt.started_at for attempt in doubtful), default=post.due_at),
        media_ids=tuple(media_id for attempt in doubtful for media_id in attempt.media_ids),
        known_ids=upkeep.known_ids(session, post.account_id, post.ident),
        control_id=upkeep.control_id(session, post.account_id, post.ident),
    )


def _note_failed(means: Means, post_id: int, why: str, *, permanent: bool) -> None:
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        if permanent:
            _ask_person(session, post, why, now)
            return
        values = {"looks": post.looks + 1, "next_look_at": now + nth(means.policy.lookups, post.looks + 2)}
        upkeep.set_look(session, post_id, values)


def _ask_person(session: Session, post: Post, why: str, now: datetime) -> None:
    upkeep.set_needs_person(session, post.ident, why)
    body = (
        f"Post {post.id} ({post.slot}, {post.channel}) may or may not be published: {why}.\n"
        f"Look at the account. Then `campaign settle {post.id} --published URL` or "
        f"`campaign settle {post.id} --not-published`. Nothing is sent again before that.\n"
    )
    tell.officers(session, post, "is this post published?", body, now)


def _weigh(means: Means, post_id: int, sighting: Sighting) -> None:
    now = means.clock.now()
    with means.database.write() as session:
        post = session.get_one(Post, post_id)
        if post.status != Status.UNCONFIRMED:
            return
        if len(sighting.matches) > 1:
            ids = ", ".join(receipt.external_id for receipt in sighting.matches)
            _ask_person(session, post, f"it stands there more than once ({ids})", now)
        elif sighting.matches:
            adopt(session, means, post, sighting.matches[0], who=means.owner, now=now)
        else:
            _count_absent(session, means, post, sighting, now)


def adopt(session: Session, means: Means, post: Post, receipt: Receipt, *, who: str, now: datetime) -> None:
    """Take what was found as the receipt of an unconfirmed post. Raises MoveRefused where it is not unconfirmed."""
    if post.status != Status.UNCONFIRMED:
        mend = "See `campaign posts show` for where it stands."
        raise MoveRefused(post=post.id, status=post.status, move="be settled by what was found", mend=mend)
    changes = published_changes(means, post.channel, receipt, now)
    move(session, post, Move.FOUND, who=who, at=now, why=f"found as {receipt.external_id}", changes=changes)


def _count_absent(session: Session, means: Means, post: Post, sighting: Sighting, now: datetime) -> None:
    good = post.good_reads + int(sighting.control_seen)
    first = post.first_read_at or (now if sighting.control_seen else None)
    attempt = lanes.open_attempt(session, post.ident)
    lease_until = attempt.lease_until if attempt else now
    if not proves_absence(Looks(good, first, lease_until), now, means.policy):
        delay = nth(means.policy.lookups, post.looks + 2)
        values = {"looks": post.looks + 1, "good_reads": good, "first_read_at": first, "next_look_at": now + delay}
        upkeep.set_look(session, post.ident, values)
    elif _refused_as_duplicate(attempt):
        _ask_person(session, post, "the platform calls it a duplicate, yet it is not in the listing", now)
    else:
        declare_absent(session, means, post, who=means.owner, now=now, why=f"{good} good reads do not show it")


def _refused_as_duplicate(attempt: Attempt | None) -> bool:
    return attempt is not None and attempt.outcome == "duplicate"


def declare_absent(session: Session, means: Means, post: Post, *, who: str, now: datetime, why: str) -> None:
    """Send the post again inside the grace, else give it to a person as missed."""
    end = absent_leads_to(post.due_at, now, means.policy)
    changes = {"next_try_at": now, "next_look_at": None, "needs_person": None}
    move(session, post, Move.ABSENT, to=end, who=who, at=now, why=why, changes=changes)
    budget.absent(session, post, now)
    if end is Status.MISSED:
        tell.missed(session, post, f"it is not there ({why}), and its time has passed", now)
