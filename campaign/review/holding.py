"""Hold and release, from everything down to one post. What a release will bring, ``foresight`` says."""

import re
from datetime import datetime

from sqlmodel import Session

from campaign.config import told
from campaign.errors import UnknownName, WrongUse
from campaign.intake.values import row_id
from campaign.models import audit, holds, listing, partners, users
from campaign.models.holds import Hold
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import OUT, Status
from campaign.models.users import User
from campaign.people import Right, demand

_SCOPE = re.compile(r"everything|(channel|partner|event):\S+|(account|post):[0-9]{1,10}")

_NAMED = {
    "channel": "They are named in config.toml.",
    "event": "The timetable names those that posts hang on.",
}


def check_scope(session: Session, scope: str, channels: frozenset[str], own: str | None = None) -> str:
    """Return the scope in its one spelling (``post:7``, never ``post:007``, which no claim would ask for).

    A scope that names nothing is refused: a hold that holds nothing would be a false comfort. ``own``: the key of the
    one partner that is there for who asks, as for an officer; what is another's is refused like what there is none of.

    Raises WrongUse, UnknownName.
    """
    if not _SCOPE.fullmatch(scope):
        mend = "Write everything, channel:NAME, partner:KEY, event:NAME, account:ID or post:ID."
        raise WrongUse(problem=f"{scope!r} is no scope", mend=mend)
    kind, _, name = scope.partition(":")
    if not _is_there(session, kind, name, channels, own):
        mend = _NAMED.get(kind, f"`campaign {kind}s list` names them.")
        raise UnknownName(kind=kind, name=name, mend=mend)
    return f"{kind}:{int(name)}" if kind in {"account", "post"} else scope


def _is_there(session: Session, kind: str, name: str, channels: frozenset[str], own: str | None) -> bool:
    match kind:
        case "channel":
            return name in channels
        case "event":
            return name in listing.events_with_posts(session)
        case "everything":
            return True
        case _:
            partner = _partner_of(session, kind, name)
            return partner is not None and own in {None, partner.key}


def _partner_of(session: Session, kind: str, name: str) -> Partner | None:
    """Return the partner of what a scope names; None where that is no partner's, or is not there."""
    if kind == "partner":
        return partners.partner_by_key(session, name)
    number = row_id(name) if kind in {"account", "post"} else None
    if number is None:
        return None
    row = session.get(Account, number) if kind == "account" else session.get(Post, number)
    return session.get_one(Partner, row.partner_id) if row is not None else None


def hold(session: Session, person: User, scope: str, reason: str, now: datetime) -> Hold:
    """Stop what falls under the scope; an officer may hold what is its own partner's."""
    if not _is_own(session, person, scope):
        demand(person, Right.HOLD)
    _refuse_too_late(session, scope)
    reason = told("reason", reason)
    row = Hold(scope=scope, reason=reason, held_by=person.name, held_at=now)
    session.add(row)
    audit.record(session, who=person.name, action="hold", subject=scope, at=now, facts={"reason": reason})
    return row


def _refuse_too_late(session: Session, scope: str) -> None:
    """Refuse to hold a post that is out already: the person must know that it is."""
    kind, _, name = scope.partition(":")
    found = listing.post(session, int(name)) if kind == "post" else None
    if found is not None and found.post.status in OUT:
        mend = (
            f"`campaign retract {scope} --reason ...` takes it down." if found.post.status == Status.PUBLISHED else ""
        )
        raise WrongUse(problem=f"It is too late to hold post {name}: it is {found.post.status}", mend=mend)


def _is_own(session: Session, person: User, scope: str) -> bool:
    """Say whether the scope covers nothing but posts of the officer's partner."""
    kind, _, name = scope.partition(":")
    partner = _partner_of(session, kind, name) if person.role == "officer" else None
    return partner is not None and partner.key == person.partner_key


def seen_by(session: Session, person: User) -> list[Hold]:
    """Return the holds that are on and concern the person: an officer those on all, and on what is its partner's."""
    on = holds.active(session)
    if person.role != "officer":
        return on
    common = ("everything", "channel", "event")
    return [row for row in on if row.scope.partition(":")[0] in common or _is_own(session, person, row.scope)]


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
    _refuse_disabled(session, scope)
    holders = [users.user(session, row.held_by) for row in found]
    if not _is_own(session, person, scope) or any(holder is None or holder.role != "officer" for holder in holders):
        demand(person, Right.HOLD)
    for row in found:
        row.released_by, row.released_at = person.name, now
        session.add(row)
    audit.record(session, who=person.name, action="release", subject=scope, at=now)
    return len(found)


def _refuse_disabled(session: Session, scope: str) -> None:
    """Refuse to let go what is held because its account is disabled: enabling does that."""
    kind, _, name = scope.partition(":")
    if kind == "account" and session.get_one(Account, int(name)).disabled_why is not None:
        mend = f"`campaign accounts enable {name} --reason R` takes it back."
        raise WrongUse(problem=f"The account {name} is disabled, not merely held", mend=mend)
