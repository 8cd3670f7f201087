"""People who use the program, and the notices that go to them by mail."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Index, text
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.types import UtcDateTime

_UNSENT = text("sent_at IS NULL")


class User(SQLModel, table=True):
    """A person: ``role`` is officer (of one partner), reviewer or admin."""

    __tablename__ = "users"

    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    role: str
    partner_key: str | None = None
    email: str | None = None
    active: bool = True
    added_at: datetime = Field(sa_type=UtcDateTime)

    @property
    def ident(self) -> int:
        """Return the row's id; only a stored row has one."""
        if self.id is None:
            msg = "the person has not been stored yet"
            raise LookupError(msg)
        return self.id


class Notice(SQLModel, table=True):
    """A mail to a person: what concerns them and the one thing that settles it."""

    __table_args__ = (Index("notice_unsent", "id", sqlite_where=_UNSENT, postgresql_where=_UNSENT),)

    id: int | None = Field(default=None, primary_key=True)
    to: str
    subject: str
    body: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


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


def concerned(session: Session, partner_key: str) -> list[str]:
    """Return the addresses of the active officers of a partner."""
    statement = select(User).where(
        col(User.partner_key) == partner_key, col(User.active).is_(True), col(User.email).is_not(None)
    )
    return [person.email for person in session.exec(statement) if person.email]


def reviewers(session: Session) -> list[str]:
    """Return the addresses of the active reviewers and admins."""
    statement = select(User).where(
        col(User.role).in_(["reviewer", "admin"]), col(User.active).is_(True), col(User.email).is_not(None)
    )
    return [person.email for person in session.exec(statement) if person.email]


def admins(session: Session) -> list[str]:
    """Return the addresses of the active admins."""
    statement = select(User).where(col(User.role) == "admin", col(User.active).is_(True), col(User.email).is_not(None))
    return [person.email for person in session.exec(statement) if person.email]


def unsent(session: Session, now: datetime, *, limit: int = 50) -> list[Notice]:
    """Return notices that are to go now."""
    statement = (
        select(Notice)
        .where(col(Notice.sent_at).is_(None), col(Notice.next_try_at) <= now)
        .order_by(col(Notice.id))
        .limit(limit)
    )
    return list(session.exec(statement))


def claim_notice(session: Session, notice_id: int, now: datetime, until: datetime) -> bool:
    """Take a notice that is to go now until ``until``; False when somebody else has it or it has gone."""
    free = sa.and_(col(Notice.sent_at).is_(None), col(Notice.next_try_at) <= now)
    mine = sa.update(Notice).where(col(Notice.id) == notice_id, free).values(next_try_at=until)
    return changed(session, mine) == 1


def change_notice(session: Session, notice_id: int, values: Mapping[str, object]) -> None:
    """Note how the sending of a notice went."""
    session.execute(sa.update(Notice).where(col(Notice.id) == notice_id).values(**values))
