"""Tokens with which programs act for a person through the API: made once, shown once, bounded in scope and time."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from sqlmodel import Session

from campaign.config import said
from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, tokens
from campaign.models.tokens import ApiToken
from campaign.models.users import User
from campaign.people.secrets import digest, new_secret

MARK = "cmp_"
"""Every token begins with it, so that scanners for leaked secrets know one."""
LONGEST = timedelta(days=365)


class Scope(StrEnum):
    """What a token may do, never more than its person may."""

    READ = "read"
    QUEUE = "queue"
    REVIEW = "review"
    HOLD = "hold"
    SETTLE = "settle"
    AGREE = "agree"
    CONNECT = "connect"
    RETRACT = "retract"
    ACCOUNT = "account"
    ADMINISTER = "administer"


SCOPES: Mapping[Scope, str] = MappingProxyType(
    {
        Scope.READ: "See posts, figures, partners, accounts and holds",
        Scope.QUEUE: "Queue, change, move, submit and withdraw posts; change the details of partners",
        Scope.REVIEW: "Approve, return and reject posts",
        Scope.HOLD: "Hold and release",
        Scope.SETTLE: "Record what was published by hand, and settle what nobody could confirm",
        Scope.AGREE: "Agree for a partner, and take that back",
        Scope.CONNECT: "Connect accounts",
        Scope.RETRACT: "Take published posts down",
        Scope.ACCOUNT: "See and end your sessions and tokens, and choose your mail",
        Scope.ADMINISTER: "Manage people, partners, accounts, lists, outcomes, webhooks; see the audit log and health",
    }
)


def issue(
    session: Session, person: User, *, name: str, scopes: Collection[str], lasts: timedelta, by: str, now: datetime
) -> str:
    """Return a new token of a person; only its digest is kept.

    Raises:
        WrongUse: it has no name or no scope, or would last too long.
        UnknownName: there is no such scope.

    """
    name = said("name of the token", name)
    for scope in scopes:
        if scope not in set(Scope):
            raise UnknownName(kind="scope", name=scope, mend=f"The scopes are {', '.join(Scope)}.")
    if not scopes:
        raise WrongUse(problem="A token needs a scope", mend=f"Choose some of {', '.join(Scope)}.")
    if not timedelta(0) < lasts <= LONGEST:
        raise WrongUse(problem="A token lasts from 1 to 365 days", mend="Choose a time between.")
    secret = MARK + new_secret()
    wanted = [scope.value for scope in Scope if scope in scopes]
    row = ApiToken(
        digest=digest(secret), user_id=person.ident, name=name, scopes=wanted, made_at=now, ends_at=now + lasts
    )
    session.add(row)
    facts = {"name": name, "scopes": wanted, "ends_at": row.ends_at}
    audit.record(session, who=by, action="make token", subject=f"user:{person.name}", at=now, facts=facts)
    return secret


def look(session: Session, secret: str, now: datetime) -> tuple[ApiToken, User] | None:
    """Return the token that this secret is, with its person; None when it never was, has ended or was revoked."""
    return tokens.token(session, digest(secret), now) if secret.startswith(MARK) else None


def revoke(session: Session, token_id: int, *, by: User, now: datetime, anybodys: bool = False) -> None:
    """Let a token serve no more: the person's own, or with ``anybodys`` whose ever it is. Raises UnknownName."""
    if not tokens.revoke(session, token_id, now, None if anybodys else by.ident):
        raise UnknownName(kind="token", name=token_id, mend="It may have been revoked already.")
    audit.record(session, who=by.name, action="revoke token", subject=f"token:{token_id}", at=now, facts={})
