"""Hold and release, from everything down to one post; release says beforehand what will happen to each item."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, holds, listing, partners
from campaign.models.holds import Hold
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import Right, demand

_SCOPE = re.compile(r"everything|(channel|partner|account|post):\S+")


def check_scope(session: Session, scope: str, channels: frozenset[str]) -> None:
    """Refuse a scope that names nothing: a hold that holds nothing would be a false comfort."""
    if not _SCOPE.fullmatch(scope):
        mend = "Write everything, channel:NAME, partner:KEY, account:ID or post:ID."
        raise WrongUse(problem=f"{scope!r} is no scope", mend=mend)
    kind, _, name = scope.partition(":")
    if not _is_there(session, kind, name, channels):
        raise UnknownName(kind=kind, name=name, mend="List them first.")


def _is_there(session: Session, kind: str, name: str, channels: frozenset[str]) -> bool:
    if kind in {"account", "post"} and not name.isdigit():
        return False
    match kind:
        case "channel":
            return name in channels
        case "partner":
            return partners.partner_by_key(session, name) is not None
        case "account":
            return session.get(Account, int(name)) is not None
        case "post":
            return listing.post(session, int(name)) is not None
        case _:
            return True


def hold(session: Session, person: User, scope: str, reason: str, now: datetime) -> Hold:
    """Stop what falls under the scope; an officer may hold its own partner and single posts of it."""
    if person.role != "officer" or scope != f"partner:{person.partner_key}":
        demand(person, Right.HOLD)
    row = Hold(scope=scope, reason=reason, held_by=person.name, held_at=now)
    session.add(row)
    audit.record(session, who=person.name, action="hold", subject=scope, at=now, facts={"reason": reason})
    return row


@dataclass(frozen=True, slots=True)
class Release:
    """What a release will do to one held post that fell due meanwhile."""

    row: PostRow
    outcome: str


def foresee(session: Session, scope: str, now: datetime, grace: timedelta) -> list[Release]:
    """Say of every approved post under the scope that is due already: sent at once, or missed."""
    wanted = PostFilter(statuses=(Status.APPROVED.value,), until=now)
    return [
        Release(row, "send at once" if row.post.due_at + grace >= now else "missed")
        for row in listing.posts(session, wanted)
        if scope in holds.scopes_of(row.post.ident, row.post.channel, row.partner.key, row.account.ident)
    ]


def release(session: Session, person: User, scope: str, now: datetime) -> int:
    """Let go the holds with exactly this scope; returns how many there were."""
    if person.role != "officer" or scope != f"partner:{person.partner_key}":
        demand(person, Right.HOLD)
    found = [row for row in holds.active(session) if row.scope == scope]
    if not found:
        raise UnknownName(kind="hold on", name=scope, mend="`campaign hold --list` shows the holds that are on.")
    for row in found:
        row.released_by, row.released_at = person.name, now
        session.add(row)
    audit.record(session, who=person.name, action="release", subject=scope, at=now)
    return len(found)
