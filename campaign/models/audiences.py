"""Email lists seen from both sides: how many people stand on them, and on which of a partner's a reader stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models.deliveries import Delivery
from campaign.models.mailing import MailingList, Subscriber, Suppression, address_digest
from campaign.models.paging import Page, Place, page
from campaign.models.partners import Account, AccountMode, Partner, accounts
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Post, stands
from campaign.models.status import Status
from campaign.ports import MAIL


@dataclass(frozen=True, slots=True)
class ListCount:
    """A list: how many want its mail, how many have left it, whether an import into it has not ended, and of which
    file, where that is known.
    """

    ident: int
    key: str
    wanting: int
    left: int
    importing: bool
    file: str | None


def counts(session: Session) -> list[ListCount]:
    """Return every list with its people counted, by name."""
    left = sa.func.count(col(Subscriber.unsubscribed_at))
    statement = (
        sa.select(
            col(MailingList.id),
            col(MailingList.key),
            sa.func.count(col(Subscriber.id)) - left,
            left,
            col(MailingList.importing_at).is_not(None),
            col(MailingList.importing_file),
        )
        .join(Subscriber, col(Subscriber.list_id) == col(MailingList.id), isouter=True)
        .group_by(col(MailingList.id), col(MailingList.key))
        .order_by(col(MailingList.key))
    )
    return [ListCount(*row) for row in session.execute(statement)]


@dataclass(frozen=True, slots=True)
class BrokenOff:
    """An import that has not ended: into which list, of which file, when rows came in last, and how many issues to the
    list are soon to begin, which they do not.
    """

    key: str
    file: str | None
    at: datetime
    issues: int


def broken_off(session: Session, before: datetime, until: datetime) -> list[BrokenOff]:
    """Return the imports of which no row has come in since ``before``, by list; an issue due by ``until`` is soon."""
    begun = sa.exists(sa.select(sa.literal(1)).where(col(Delivery.post_id) == col(Post.id)).correlate(Post))
    to_it = col(Post.draft)["audience"].as_string() == col(MailingList.key)
    soon = sa.and_(col(Post.channel) == MAIL, stands(Status.APPROVED), col(Post.due_at) <= until, to_it, ~begun)
    issues = sa.select(sa.func.count()).select_from(Post).where(soon).correlate(MailingList).scalar_subquery()
    statement = (
        sa.select(col(MailingList.key), col(MailingList.importing_file), col(MailingList.importing_at), issues)
        .where(col(MailingList.importing_at) <= before)
        .order_by(col(MailingList.key))
    )
    return [BrokenOff(*row) for row in session.execute(statement)]


def without_list(session: Session) -> list[tuple[Account, Partner]]:
    """Return the accounts of the campaign that mail a list which is not there: their issues can go to nobody."""
    there = sa.select(col(MailingList.id)).where(col(MailingList.key) == col(Account.external_id)).exists()
    mails = sa.and_(
        col(Account.channel) == MAIL, col(Account.mode) == AccountMode.API, col(Account.disabled_why).is_(None)
    )
    return accounts(session, where=sa.and_(mails, ~there))


def suppressed(session: Session) -> list[tuple[str, int]]:
    """Return how many addresses are suppressed, by reason, the most first."""
    count = sa.func.count()
    statement = sa.select(col(Suppression.reason), count).group_by(col(Suppression.reason)).order_by(count.desc())
    return [(reason, number) for reason, number in session.execute(statement)]


def suppressed_among(session: Session, emails: Sequence[str]) -> int:
    """Return how many of these addresses get no mail at all."""
    digests = [address_digest(email) for email in emails]
    count, key = sa.func.count(), col(Suppression.address_digest)
    asked = (sa.select(count).where(key.in_(part)) for part in some_at_a_time(digests))
    return sum(int(session.execute(statement).scalar_one()) for statement in asked)


def readers_page(session: Session, list_id: int, size: int, *, after: Place | None = None) -> Page[Subscriber]:
    """Return ``size`` people of a list by number after one, those who left too: no place in it names an address."""
    statement = select(Subscriber).where(col(Subscriber.list_id) == list_id)
    return page(lambda some: session.exec(some.of(statement, [col(Subscriber.id)])).all(), size, after=after)


def standing(session: Session, reader: Subscriber) -> Sequence[tuple[str, Subscriber]]:
    """Return the lists on which a reader's address stands and wants mail, by key, with its row on each: of the lists
    that the partners have who mail the reader's own, and of that one itself.
    """
    mail, own = (
        col(Account.channel) == MAIL,
        sa.select(col(MailingList.key)).where(col(MailingList.id) == reader.list_id),
    )
    speakers = sa.select(col(Account.partner_id)).where(mail, col(Account.external_id).in_(own))
    theirs = sa.select(col(Account.external_id)).where(mail, col(Account.partner_id).in_(speakers))
    statement = (
        sa.select(col(MailingList.key), Subscriber)
        .join(Subscriber, col(Subscriber.list_id) == col(MailingList.id))
        .where(
            sa.or_(col(MailingList.key).in_(theirs), col(MailingList.id) == reader.list_id),
            col(Subscriber.address_key) == reader.address_key,
            col(Subscriber.unsubscribed_at).is_(None),
        )
        .order_by(col(MailingList.key))
    )
    return [(key, row) for key, row in session.execute(statement)]
