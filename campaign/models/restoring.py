"""The statements by which a restored copy is told that time went on without it."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Session, col, select

from campaign.models import copying, hooks
from campaign.models.database import changed
from campaign.models.hooks import Hook, HookCall
from campaign.models.mailing import Subscriber, Suppression
from campaign.models.notices import Notice
from campaign.models.partners import Account, Campaign, Lane
from campaign.models.posts import Attempt, Post
from campaign.models.sign_in import Ticket
from campaign.models.status import Status

_MAY_HAVE_GONE = (Status.DRAFT, Status.IN_REVIEW, Status.APPROVED)
_UNDER_WAY = (Status.PUBLISHING, Status.BY_HAND)


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Who wants no mail, by what a database said before it was replaced."""

    unsubscribed: Sequence[tuple[str, datetime]] = ()
    """Tokens of subscribers, and when each left."""
    suppressed: Sequence[tuple[str, str, datetime]] = ()
    """Digests of addresses, with reason and time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """As what a person was in, and by what they could sign in, by what a database says. ``ways`` are kind and value."""

    role: str
    partner_key: str | None
    active: bool
    ways: frozenset[tuple[str, str]] = frozenset()


def in_use(connection: Connection) -> bool:
    """Say whether the database holds more than a new workspace does."""
    telling = {"partner", "post", "mailinglist"}
    return any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
        for table in copying.tables(connection)
        if table.name in telling
    )


def opt_outs(connection: Connection) -> OptOuts:
    """Return who wants no mail, from a schema of any age."""
    found = {table.name: table.c for table in copying.tables(connection)}
    if not {"subscriber", "suppression"} <= found.keys():
        return OptOuts()
    one, other = found["subscriber"], found["suppression"]
    left = sa.select(one.token, _instant(one.unsubscribed_at)).where(one.unsubscribed_at.is_not(None))
    suppressed = sa.select(other.address_digest, other.reason, _instant(other.at))
    return OptOuts(
        [(token, at) for token, at in connection.execute(left)],
        [(digest, reason, at) for digest, reason, at in connection.execute(suppressed)],
    )


def people(connection: Connection) -> dict[str, Standing]:
    """Return everybody by name, from a schema of any age."""
    found = {table.name: table.c for table in copying.tables(connection)}
    if "users" not in found:
        return {}
    ways = defaultdict[int, set[tuple[str, str]]](set)
    for kind, statement in _ways(found):
        for user_id, *values in connection.execute(statement):
            ways[user_id].add((kind, " ".join(values)))
    one = found["users"]
    everybody = connection.execute(sa.select(one.id, one.name, one.role, one.partner_key, one.active))
    return {
        name: Standing(role, partner, bool(active), frozenset(ways[ident]))
        for ident, name, role, partner, active in everybody
    }


def _ways(found: Mapping[str, Any]) -> Iterator[tuple[str, sa.Select[Any]]]:
    """Yield by what people sign in: each kind as it is called, with whose and which they are."""
    if one := found.get("password"):
        yield "password", sa.select(one.user_id, one.hash)
    if one := found.get("passkey"):
        yield "passkey", sa.select(one.user_id, one.credential_id)
    if one := found.get("recoverycode"):
        yield "recovery code", sa.select(one.user_id, one.digest).where(one.used_at.is_(None))
    if one := found.get("elsewhere"):
        yield "sign-in elsewhere", sa.select(one.user_id, one.issuer, one.subject)


def _instant(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    return sa.type_coerce(column, sa.inspect(Suppression).local_table.c.at.type)


def keep_opt_outs(session: Session, known: OptOuts) -> int:
    """Carry over who left or was suppressed since; returns how many that were."""
    kept = 0
    for token, at in known.unsubscribed:
        statement = sa.update(Subscriber).where(
            col(Subscriber.token) == token, col(Subscriber.unsubscribed_at).is_(None)
        )
        kept += changed(session, statement.values(unsubscribed_at=at))
    for digest, reason, at in known.suppressed:
        if session.get(Suppression, digest) is None:
            session.add(Suppression(address_digest=digest, reason=reason, at=at))
            kept += 1
    session.flush()
    return kept


def perhaps_gone(session: Session, now: datetime) -> list[tuple[Post, Account]]:
    """Return posts that may have been published since the copy was made: their time has come, or they were on their
    way, or handed to a person. The window counts, not the due time: inside it a post may have been moved to an earlier minute.
    """
    fell_due = sa.and_(
        col(Post.status).in_([status.value for status in _MAY_HAVE_GONE]),
        sa.or_(col(Post.window_from) <= now, col(Post.due_at) <= now, col(Post.started_at).is_not(None)),
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
