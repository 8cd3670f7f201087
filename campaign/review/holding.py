"""Hold and release, from everything down to one post; release says beforehand what will happen to each item."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, holds, listing, partners, users
from campaign.models.holds import Hold
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.models.users import User
from campaign.people import Right, demand

_SCOPE = re.compile(r"everything|(channel|partner|event):\S+|(account|post):[0-9]{1,18}")

_NAMED = {
    "channel": "They are named in config.toml.",
    "event": "The timetable names those that posts hang on.",
}


def check_scope(session: Session, scope: str, channels: frozenset[str]) -> str:
    """Return the scope in its one spelling (``post:7``, never ``post:007``, which no claim would ask for).

    A scope that names nothing is refused: a hold that holds nothing would be a false comfort.
    """
    if not _SCOPE.fullmatch(scope):
        mend = "Write everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."
        raise WrongUse(problem=f"{scope!r} is no scope", mend=mend)
    kind, _, name = scope.partition(":")
    if not _is_there(session, kind, name, channels):
        mend = _NAMED.get(kind, f"`campaign {kind}s list` names them.")
        raise UnknownName(kind=kind, name=name, mend=mend)
    return f"{kind}:{int(name)}" if kind in {"account", "post"} else scope


def _is_there(session: Session, kind: str, name: str, channels: frozenset[str]) -> bool:
    match kind:
        case "channel":
            return name in channels
        case "partner":
            return partners.partner_by_key(session, name) is not None
        case "event":
            return name in listing.events_with_posts(session)
        case "account":
            return session.get(Account, int(name)) is not None
        case "post":
            return listing.post(session, int(name)) is not None
        case _:
            return True


def hold(session: Session, person: User, scope: str, reason: str, now: datetime) -> Hold:
    """Stop what falls under the scope; an officer may hold what is its own partner's."""
    if not _is_own(session, person, scope):
        demand(person, Right.HOLD)
    row = Hold(scope=scope, reason=reason, held_by=person.name, held_at=now)
    session.add(row)
    audit.record(session, who=person.name, action="hold", subject=scope, at=now, facts={"reason": reason})
    return row


def _is_own(session: Session, person: User, scope: str) -> bool:
    """Say whether the scope covers nothing but posts of the officer's partner."""
    kind, _, name = scope.partition(":")
    key: str | None = None
    if kind == "partner":
        key = name
    elif kind == "account":
        key = partners.account_with_partner(session, int(name))[1].key
    elif kind == "post" and (row := listing.post(session, int(name))) is not None:
        key = row.partner.key
    return person.role == "officer" and key is not None and key == person.partner_key


@dataclass(frozen=True, slots=True)
class Release:
    """What a release will do to one held post that fell due meanwhile."""

    row: PostRow
    outcome: str


def foresee(session: Session, scope: str, now: datetime, grace: timedelta) -> list[Release]:
    """Say of every approved post under the scope that is due already what its release will bring."""
    wanted = PostFilter(statuses=(Status.APPROVED.value,), until=now + timedelta.resolution)  # due now goes too
    others = [row.scope for row in holds.active(session) if row.scope != scope]
    return [
        Release(row, _outcome(row, others, now, grace))
        for row in listing.posts(session, wanted)
        if scope in scopes(row)
    ]


def scopes(row: PostRow) -> list[str]:
    """Return every scope that the post falls under."""
    post = row.post
    return holds.scopes_of(post.ident, post.channel, row.partner.key, row.account.ident, post.event)


def _outcome(row: PostRow, others: Sequence[str], now: datetime, grace: timedelta) -> str:
    """Say what happens to a due post once only the ``others`` are held."""
    account = row.account
    if row.post.due_at + grace < now:
        return "missed"
    if still := [scope for scope in others if scope in scopes(row)]:
        return f"still held: {', '.join(dict.fromkeys(still))}"
    if account.stopped_why and (account.stopped_until is None or account.stopped_until > now):
        return f"waits: its account has stopped ({account.stopped_why})"
    return "handed over at once" if account.mode == "by-hand" else "sent at once"


def standing(session: Session, scope: str) -> list[Hold]:
    """Return the holds that are on with exactly this scope. Raises UnknownName when there is none."""
    found = [row for row in holds.active(session) if row.scope == scope]
    if not found:
        raise UnknownName(kind="hold on", name=scope, mend="`campaign hold --list` shows the holds that are on.")
    return found


def release(session: Session, person: User, scope: str, now: datetime) -> int:
    """Let go the holds with exactly this scope; returns how many there were. What a reviewer holds, no officer may
    let go.
    """
    found = standing(session, scope)
    holders = [users.user(session, row.held_by) for row in found]
    if not _is_own(session, person, scope) or any(holder is None or holder.role != "officer" for holder in holders):
        demand(person, Right.HOLD)
    for row in found:
        row.released_by, row.released_at = person.name, now
        session.add(row)
    audit.record(session, who=person.name, action="release", subject=scope, at=now)
    return len(found)
