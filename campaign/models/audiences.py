"""How many people stand on the email lists, and how many addresses get no mail whatever list they are on."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.mailing import MailingList, Subscriber, Suppression


@dataclass(frozen=True, slots=True)
class ListCount:
    """A list: how many want its mail, and how many have left it."""

    ident: int
    key: str
    wanting: int
    left: int


def counts(session: Session) -> list[ListCount]:
    """Return every list with its people counted, by name."""
    left = sa.func.count(col(Subscriber.unsubscribed_at))
    statement = (
        sa.select(col(MailingList.id), col(MailingList.key), sa.func.count(col(Subscriber.id)) - left, left)
        .join(Subscriber, col(Subscriber.list_id) == col(MailingList.id), isouter=True)
        .group_by(col(MailingList.id), col(MailingList.key))
        .order_by(col(MailingList.key))
    )
    return [ListCount(*row) for row in session.execute(statement)]


def suppressed(session: Session) -> list[tuple[str, int]]:
    """Return how many addresses are suppressed, by reason, the most first."""
    count = sa.func.count()
    statement = sa.select(col(Suppression.reason), count).group_by(col(Suppression.reason)).order_by(count.desc())
    return [(reason, number) for reason, number in session.execute(statement)]
