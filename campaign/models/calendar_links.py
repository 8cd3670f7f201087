"""Secret addresses at which people's calendars are read, stored as digests."""

from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Field, Session, col, select

from campaign.models.database import changed
from campaign.models.types import Numbered, UtcDateTime
from campaign.models.users import User


class CalendarLink(Numbered, table=True):
    """The address of a person's calendar; whoever has it sees when what goes out that the person may see."""

    digest: str = Field(unique=True)
    user_id: int = Field(foreign_key="users.id", index=True)
    made_at: datetime = Field(sa_type=UtcDateTime)
    used_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    revoked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


def opened(session: Session, digest: str) -> tuple[CalendarLink, User] | None:
    """Return the link that serves under this digest, with its person, who must still be active."""
    serves = col(CalendarLink.digest) == digest, col(CalendarLink.revoked_at).is_(None), col(User.active).is_(True)
    joined = select(CalendarLink, User).join(User, col(User.id) == col(CalendarLink.user_id))
    return session.exec(joined.where(*serves)).first()


def of_person(session: Session, user_id: int) -> CalendarLink | None:
    """Return the link of a person that serves."""
    serves = col(CalendarLink.user_id) == user_id, col(CalendarLink.revoked_at).is_(None)
    return session.exec(select(CalendarLink).where(*serves).order_by(col(CalendarLink.id).desc())).first()


def note_use(session: Session, link_id: int, now: datetime) -> None:
    """Note when a link was used last."""
    session.execute(sa.update(CalendarLink).where(col(CalendarLink.id) == link_id).values(used_at=now))


def revoke(session: Session, user_id: int, now: datetime) -> bool:
    """Let a person's link serve no more. False when there is none that serves."""
    serves = col(CalendarLink.user_id) == user_id, col(CalendarLink.revoked_at).is_(None)
    return changed(session, sa.update(CalendarLink).where(*serves).values(revoked_at=now)) > 0
