"""The statements by which a restored copy is told that time went on without it."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import hooks, mailing
from campaign.models.database import changed
from campaign.models.holds import Hold
from campaign.models.hooks import Hook, HookCall
from campaign.models.leaving import TakeDown
from campaign.models.mailing import BOUNCED, MailingList, Subscriber, Suppression
from campaign.models.notices import Notice
from campaign.models.partners import Account, Agreement, Campaign, Lane, Partner
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Attempt, Event, Post
from campaign.models.replaced import Held, Left, OptOuts, Revoked
from campaign.models.sign_in import Ticket
from campaign.models.status import OVER, Status

_MAY_HAVE_GONE = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)
_STOPPED = (*OVER, Status.RETRACTING, Status.RETRACTED)
_UNDER_WAY = (Status.PUBLISHING, Status.BY_HAND)


def keep_opt_outs(session: Session, known: OptOuts) -> int:
    """Carry over who left or was suppressed since; returns how many that were. Of whoever joined since too a row is
    put in: the next file would have them join again.
    """
    kept = 0
    for some in some_at_a_time(known.left):
        away = _away(session, [left.facts["token"] for left in some])
        kept += sum(_leave(session, left) for left in some if left.facts["token"] not in away)
    kept += sum(_suppress(session, *one) for one in known.suppressed)
    session.flush()
    return kept


def _away(session: Session, tokens: Collection[str]) -> set[str]:
    gone = col(Subscriber.unsubscribed_at).is_not(None)
    return set(session.exec(select(Subscriber.token).where(col(Subscriber.token).in_(tokens), gone)))


def _leave(session: Session, left: Left) -> bool:
    """Take a reader off the list; returns whether they were on it, or unknown to it."""
    readers = mailing.list_by_key(session, left.readers) or MailingList(key=left.readers)
    session.add(readers)
    session.flush()
    same = select(Subscriber).where(
        col(Subscriber.list_id) == readers.ident, col(Subscriber.address_key) == mailing.folded(left.facts["email"])
    )
    found = mailing.subscriber_by_token(session, left.facts["token"]) or session.exec(same).first()
    if found is not None and found.unsubscribed_at is not None:
        return False
    found = found or Subscriber(list_id=readers.ident, **left.facts)
    found.unsubscribed_at = left.facts["unsubscribed_at"]
    session.add(found)
    session.flush()
    return True


def _suppress(session: Session, digest: str, reason: str, at: datetime) -> bool:
    """Suppress an address; its owner's wish stands above what a mail server said."""
    found = session.get(Suppression, digest) or Suppression(address_digest=digest, reason="", at=at)
    if found.reason not in {"", BOUNCED} or found.reason == reason:
        return False
    found.reason, found.at = reason, at
    session.add(found)
    return True


def perhaps_gone(session: Session, now: datetime) -> list[tuple[Post, Account]]:
    """Return posts that may have been published since the copy was made: their time has come, they were on their way
    or handed to a person, or somebody ordered them to be taken down. The window counts, not the due time: inside it a
    post may have been moved to an earlier minute.
    """
    fell_due = sa.and_(
        col(Post.status).in_([status.value for status in _MAY_HAVE_GONE]),
        sa.or_(
            col(Post.window_from) <= now,
            col(Post.due_at) <= now,
            col(Post.started_at).is_not(None),
            col(Post.id).in_(sa.select(col(TakeDown.post_id))),
        ),
    )
    statement = (
        select(Post, Account)
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(sa.or_(fell_due, col(Post.status).in_([status.value for status in _UNDER_WAY])))
        .order_by(col(Post.due_at), col(Post.id))
    )
    return list(session.exec(statement).all())


def add_doubtful_attempt(session: Session, post: Post, *, who: str, since: datetime, now: datetime) -> None:
    """Write the attempt that may have been made since the copy: it is what a look-up goes by."""
    session.add(
        Attempt(
            post_id=post.ident,
            number=post.tries + 1,
            owner=who,
            content_hash=post.content_hash,
            started_at=since,
            lease_until=now,
            closed_at=now,
            outcome="unknown",
            detail="perhaps sent after the backup was made",
        )
    )
    session.flush()


def close_attempts(session: Session, post: Post, now: datetime) -> None:
    """Close the attempts of a post that was on its way when the copy was made."""
    open_ones = sa.update(Attempt).where(col(Attempt.post_id) == post.ident, col(Attempt.closed_at).is_(None))
    values = {"closed_at": now, "lease_until": now, "outcome": "unknown", "detail": "on its way at the backup"}
    changed(session, open_ones.values(**values))


def look_anew(session: Session, now: datetime) -> int:
    """Let what was unconfirmed already be looked up from the start: it may have been sent again since."""
    waiting = sa.update(Post).where(col(Post.status) == Status.UNCONFIRMED.value, col(Post.needs_person).is_(None))
    return changed(session, waiting.values(next_look_at=now, looks=0, good_reads=0, first_read_at=None))


def free_lanes(session: Session) -> None:
    """Let every lane go: whoever held it serves another database, or none."""
    changed(session, sa.update(Lane).values(owner=None, lease_until=None))


def drop_notices(session: Session, now: datetime) -> int:
    """Hold back mails that were still to go: they may have gone since, and "please publish this" must not go twice."""
    return changed(session, sa.update(Notice).where(col(Notice.sent_at).is_(None)).values(sent_at=now))


def drop_tickets(session: Session) -> int:
    """Let no open link serve: an invitation that was used since would open a second time."""
    return changed(session, sa.delete(Ticket))


def silence_webhooks(session: Session, *, by: str, why: str, now: datetime) -> int:
    """Switch every webhook off, move its mark past all that is known here, and drop the calls that it had not taken:
    they may have been made since. Returns how many webhooks there are.
    """
    session.execute(sa.delete(HookCall).where(col(HookCall.taken_at).is_(None)))
    seen = hooks.newest(session).event
    return changed(session, sa.update(Hook).values(seen_event=seen, off_at=now, off_by=by, off_why=why))


def set_salt(session: Session, salt: str) -> None:
    """Give the campaign a new salt: posts made from now on get numbers that lost ones had, and Message-IDs are made of
    both.
    """
    changed(session, sa.update(Campaign).values(salt=salt))


# --- what people stopped since ----------------------------------------------------------------------------------------


def not_stopped(session: Session, tokens: Collection[str]) -> list[Post]:
    """Return those of the posts with these tokens that are neither out of the campaign nor being taken down."""
    mine = select(Post).where(col(Post.token).in_(tokens))
    return list(session.exec(mine.where(col(Post.status).not_in([status.value for status in _STOPPED]))))


def knows(session: Session, post: Post, who: str, at: datetime | None) -> bool:
    """Say whether the copy has what somebody did to a post at an instant: where the post stands now came after it."""
    same = select(Event.id).where(col(Event.post_id) == post.ident, col(Event.who) == who, col(Event.at) == at)
    return session.exec(same.limit(1)).first() is not None


def revoke(session: Session, gone: Revoked) -> bool:
    """Take back an agreement that was taken back since; one that was given since too is put in as taken back, for a
    file must not give it anew. Returns whether anything changed.
    """
    partner_id = session.exec(select(Partner.id).where(col(Partner.key) == gone.partner)).first()
    post_id = session.exec(select(Post.id).where(col(Post.token) == gone.token)).first() if gone.token else None
    if partner_id is None or (gone.token is not None and post_id is None):
        return False
    same = select(Agreement).where(
        col(Agreement.partner_id) == partner_id,
        col(Agreement.post_id) == post_id,
        col(Agreement.slot) == gone.facts["slot"],
        col(Agreement.given_by) == gone.facts["given_by"],
        col(Agreement.given_at) == gone.facts["given_at"],
    )
    found = session.exec(same).first() or Agreement(partner_id=partner_id, post_id=post_id, **gone.facts)
    if found.id is not None and found.revoked_at is not None:
        return False
    found.revoked_by, found.revoked_at = gone.facts["revoked_by"], gone.facts["revoked_at"]
    session.add(found)
    return True


def hold_on(session: Session, held: Held) -> bool:
    """Hold what was held since, but for what the copy has no row of. Returns whether anything changed."""
    scope = _scope_here(session, held)
    if scope is None:
        return False
    same = select(Hold.id).where(
        col(Hold.scope) == scope, col(Hold.held_by) == held.held_by, col(Hold.held_at) == held.held_at
    )
    if session.exec(same).first() is not None:
        return False
    session.add(Hold(scope=scope, reason=held.reason, held_by=held.held_by, held_at=held.held_at))
    return True


def _scope_here(session: Session, held: Held) -> str | None:
    """Return the scope with the number that its post or account has in the copy, None where it is not there."""
    if not held.of:
        return held.scope
    kind, _, _ = held.scope.partition(":")
    found = (
        session.exec(select(Post.id).where(col(Post.token) == held.of[0])).first()
        if kind == "post"
        else session.scalars(_account(*held.of)).first()
    )
    return None if found is None else f"{kind}:{found}"


def disable(session: Session, account: tuple[str, str, str], why: str) -> bool:
    """Take out of the campaign an account that was taken out since. Returns whether anything changed."""
    one = sa.update(Account).where(col(Account.id).in_(_account(*account)), col(Account.disabled_why).is_(None))
    return changed(session, one.values(disabled_why=why)) == 1


def _account(partner: str, channel: str, external_id: str) -> sa.Select[int | None]:
    mine = sa.select(col(Account.id)).join(Partner, col(Partner.id) == col(Account.partner_id))
    return mine.where(
        col(Partner.key) == partner, col(Account.channel) == channel, col(Account.external_id) == external_id
    )
