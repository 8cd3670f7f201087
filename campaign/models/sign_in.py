"""How people prove who they are, and their sessions in the pages. Whatever opens a door is stored as its digest."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index, LargeBinary, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.types import Numbered, UtcDateTime
from campaign.models.users import User


class Visit(Numbered, table=True):
    """One browser's session. ``digest`` is of the cookie's secret; ``user_id`` None: nobody has signed in yet.

    ``form_token`` stands in every form. ``how`` says how the person signed in. ``kept`` is what one page leaves for
    the next: a notice, a challenge, the state of a sign-in elsewhere.
    """

    __table_args__ = (Index("visit_user", "user_id"), Index("visit_ends", "ends_at"))

    digest: str = Field(unique=True)
    user_id: int | None = Field(default=None, foreign_key="users.id")
    form_token: str
    how: str = ""
    browser: str = ""
    kept: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSON, nullable=False))
    began_at: datetime = Field(sa_type=UtcDateTime)
    seen_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)


class Ticket(Numbered, table=True):
    """A link that opens a door once: an invitation, or the demo's sign-in. ``email`` binds it to an address."""

    digest: str = Field(unique=True)
    purpose: str
    user_id: int = Field(foreign_key="users.id", index=True)
    email: str | None = None
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Password(SQLModel, table=True):
    """A person's password as its argon2id hash."""

    user_id: int = Field(foreign_key="users.id", primary_key=True)
    hash: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class Passkey(Numbered, table=True):
    """A passkey: its public half. ``sign_count`` rises where the device counts; one that falls is a copy."""

    user_id: int = Field(foreign_key="users.id", index=True)
    credential_id: str = Field(unique=True)
    public_key: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    sign_count: int = 0
    name: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RecoveryCode(SQLModel, table=True):
    """A code that stands in for a passkey once."""

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    digest: str
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Elsewhere(SQLModel, table=True):
    """Whom an identity provider means: its issuer and subject belong to one person, until an admin lets go."""

    __table_args__ = (UniqueConstraint("issuer", "subject"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    issuer: str
    subject: str
    added_at: datetime = Field(sa_type=UtcDateTime)


# --- visits ---------------------------------------------------------------------------------------------------------


def visit(session: Session, digest: str, now: datetime, idle_since: datetime) -> tuple[Visit, User | None] | None:
    """Return the visit with this digest that has not ended, and its person, who must still be active."""
    statement = (
        select(Visit, User)
        .outerjoin(User, col(User.id) == col(Visit.user_id))
        .where(col(Visit.digest) == digest, col(Visit.ends_at) > now, col(Visit.seen_at) > idle_since)
    )
    found = session.exec(statement).first()
    if found is None or (found[0].user_id is not None and not (found[1] and found[1].active)):
        return None
    return found[0], found[1]


def visits(session: Session, user_id: int, now: datetime) -> list[Visit]:
    """Return a person's visits that have not ended, the newest first."""
    mine = select(Visit).where(col(Visit.user_id) == user_id, col(Visit.ends_at) > now)
    return list(session.exec(mine.order_by(col(Visit.seen_at).desc(), col(Visit.id).desc())))


def change_visit(session: Session, visit_id: int, values: Mapping[str, object]) -> None:
    """Change columns of a visit."""
    session.execute(sa.update(Visit).where(col(Visit.id) == visit_id).values(**values))


def end_visit(session: Session, visit_id: int, user_id: int | None = None) -> bool:
    """End a visit; with ``user_id`` only that person's."""
    mine = sa.delete(Visit).where(col(Visit.id) == visit_id)
    return changed(session, mine if user_id is None else mine.where(col(Visit.user_id) == user_id)) == 1


def end_visits(session: Session, user_id: int, *, but: int | None = None) -> int:
    """End every visit of a person, but for one; returns how many there were."""
    theirs = sa.delete(Visit).where(col(Visit.user_id) == user_id)
    return changed(session, theirs if but is None else theirs.where(col(Visit.id) != but))


def forget_visits(session: Session, now: datetime) -> None:
    """Drop what has ended."""
    session.execute(sa.delete(Visit).where(col(Visit.ends_at) <= now))


# --- proofs ---------------------------------------------------------------------------------------------------------


def ticket(session: Session, purpose: str, digest: str, now: datetime) -> tuple[Ticket, User] | None:
    """Return a ticket that may still be used, with its person."""
    open_one = sa.and_(
        col(Ticket.digest) == digest,
        col(Ticket.purpose) == purpose,
        col(Ticket.used_at).is_(None),
        col(Ticket.ends_at) > now,
        col(User.active).is_(True),
    )
    return session.exec(select(Ticket, User).join(User, col(User.id) == col(Ticket.user_id)).where(open_one)).first()


def use_ticket(session: Session, ticket_id: int, now: datetime) -> bool:
    """Use a ticket up; of two who try one succeeds."""
    unused = sa.update(Ticket).where(col(Ticket.id) == ticket_id, col(Ticket.used_at).is_(None))
    return changed(session, unused.values(used_at=now)) == 1


def drop_tickets(session: Session, purpose: str, user_id: int) -> None:
    """Take back a person's tickets of a kind: a newer one replaces them."""
    session.execute(sa.delete(Ticket).where(col(Ticket.purpose) == purpose, col(Ticket.user_id) == user_id))


def password(session: Session, user_id: int) -> Password | None:
    """Return a person's password."""
    return session.get(Password, user_id)


def has_way_in(session: Session, user_id: int) -> bool:
    """Say whether a person can sign in: by a password, a passkey or an identity provider."""
    ways = (Password, Passkey, Elsewhere)
    return any(session.exec(select(way.user_id).where(col(way.user_id) == user_id).limit(1)).first() for way in ways)


def drop_proofs(session: Session, user_id: int) -> dict[str, int]:
    """Take a person's password, passkeys and recovery codes away; returns how many there were of each."""
    return {
        "passwords": changed(session, sa.delete(Password).where(col(Password.user_id) == user_id)),
        "passkeys": changed(session, sa.delete(Passkey).where(col(Passkey.user_id) == user_id)),
        "codes": changed(session, sa.delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id)),
    }


def passkeys(session: Session, user_id: int) -> list[Passkey]:
    """Return a person's passkeys, oldest first."""
    return list(session.exec(select(Passkey).where(col(Passkey.user_id) == user_id).order_by(col(Passkey.id))))


def passkey(session: Session, credential_id: str) -> Passkey | None:
    """Return the passkey with this id."""
    return session.exec(select(Passkey).where(col(Passkey.credential_id) == credential_id)).first()


def drop_passkey(session: Session, user_id: int, passkey_id: int) -> bool:
    """Take a passkey of a person away."""
    mine = sa.delete(Passkey).where(col(Passkey.id) == passkey_id, col(Passkey.user_id) == user_id)
    return changed(session, mine) == 1


def use_recovery_code(session: Session, user_id: int, digest: str, now: datetime) -> bool:
    """Use a recovery code up; False when the person has no such code, or used it."""
    mine = sa.update(RecoveryCode).where(
        col(RecoveryCode.user_id) == user_id, col(RecoveryCode.digest) == digest, col(RecoveryCode.used_at).is_(None)
    )
    return changed(session, mine.values(used_at=now)) == 1


def replace_recovery_codes(session: Session, user_id: int, digests: list[str]) -> None:
    """Give a person new codes; the old ones are void."""
    session.execute(sa.delete(RecoveryCode).where(col(RecoveryCode.user_id) == user_id))
    session.add_all(RecoveryCode(user_id=user_id, digest=digest) for digest in digests)


def recovery_codes_left(session: Session, user_id: int) -> int:
    """Return how many codes a person has left."""
    unused = sa.and_(col(RecoveryCode.user_id) == user_id, col(RecoveryCode.used_at).is_(None))
    return int(session.execute(sa.select(sa.func.count()).select_from(RecoveryCode).where(unused)).scalar_one())


def person_elsewhere(session: Session, issuer: str, subject: str) -> User | None:
    """Return the person whom an identity provider means."""
    statement = (
        select(User)
        .join(Elsewhere, col(Elsewhere.user_id) == col(User.id))
        .where(col(Elsewhere.issuer) == issuer, col(Elsewhere.subject) == subject)
    )
    return session.exec(statement).first()


def elsewhere(session: Session, user_id: int) -> list[Elsewhere]:
    """Return whom identity providers mean who is this person, the oldest first."""
    return list(session.exec(select(Elsewhere).where(col(Elsewhere.user_id) == user_id).order_by(col(Elsewhere.id))))


def drop_elsewhere(session: Session, user_id: int) -> int:
    """Let no identity provider mean a person any more; returns how many accounts there were."""
    return changed(session, sa.delete(Elsewhere).where(col(Elsewhere.user_id) == user_id))
