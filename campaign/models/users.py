"""People who use the program, and which mail they want."""

from collections.abc import Iterable
from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlmodel import Field, Session, col, select

from campaign.models.types import Numbered, UtcDateTime


class Mail(StrEnum):
    """Which notices a person wants by mail."""

    ALL = "all"
    NEEDS_ME = "needs_me"
    NONE = "none"


class User(Numbered, table=True):
    """A person: ``role`` is officer (of one partner), reviewer or admin; ``mail`` is a ``Mail``."""

    __tablename__ = "users"

    name: str = Field(unique=True)
    role: str
    partner_key: str | None = None
    email: str | None = None
    active: bool = True
    mail: str = Mail.ALL.value
    added_at: datetime = Field(sa_type=UtcDateTime)

    def wants(self, *, asks: bool) -> bool:
        """Say whether the person wants a notice; ``asks``: it asks something of whoever gets it."""
        return self.mail == Mail.ALL or (asks and self.mail == Mail.NEEDS_ME)


def user(session: Session, name: str) -> User | None:
    """Return the person with this name."""
    return session.exec(select(User).where(col(User.name) == name)).first()


def user_by_id(session: Session, user_id: int) -> User | None:
    """Return the person with this id."""
    return session.get(User, user_id)


def user_by_email(session: Session, email: str) -> User | None:
    """Return the active person with this address, in whatever case; None too where several have it."""
    found = [one for one in with_email(session, email) if one.active]
    return found[0] if len(found) == 1 else None


def with_email(session: Session, email: str) -> list[User]:
    """Return everybody with this address, in whatever case, those who were sent away too."""
    return list(session.exec(select(User).where(sa.func.lower(col(User.email)) == email.lower())))


def users(session: Session) -> list[User]:
    """Return everybody by name."""
    return list(session.exec(select(User).order_by(col(User.name))))


def officers(session: Session, partner_key: str | None = None) -> list[User]:
    """Return the active officers who have an address, of one partner or of all."""
    statement = select(User).where(col(User.partner_key).is_not(None), *_reached())
    if partner_key is not None:
        statement = statement.where(col(User.partner_key) == partner_key)
    return list(session.exec(statement.order_by(col(User.id))))


def in_roles(session: Session, *roles: str) -> list[User]:
    """Return the active people of these roles who have an address."""
    return list(session.exec(select(User).where(col(User.role).in_(roles), *_reached()).order_by(col(User.id))))


def set_mail(session: Session, user_id: int, mail: Mail) -> None:
    """Keep which notices a person wants."""
    session.execute(sa.update(User).where(col(User.id) == user_id).values(mail=mail.value))


def addresses(people: Iterable[User]) -> set[str]:
    """Return the addresses of people."""
    return {person.email for person in people if person.email}


def _reached() -> tuple[sa.ColumnElement[bool], ...]:
    return col(User.active).is_(True), col(User.email).is_not(None), col(User.email) != ""
