"""Who has spoken of an event, and the notices about it that are still to go out."""

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import partners
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import PLANNABLE, Status


def untold(session: Session, event: str, slot: str, occurrence: str) -> list[tuple[Account, Partner]]:
    """Return the accounts in use on which a post about the event stands, and that have no post of this key, wherever
    that stands; by partner and channel.
    """
    standing = sa.select(col(Post.account_id)).where(col(Post.event) == event, col(Post.status) == Status.PUBLISHED)
    keyed = sa.select(col(Post.account_id)).where(col(Post.slot) == slot, col(Post.occurrence) == occurrence)
    ident = col(Account.id)
    where = sa.and_(col(Account.disabled_why).is_(None), ident.in_(standing), ident.not_in(keyed))
    return partners.accounts(session, where=where)


def open_notices(session: Session, template: str) -> list[Post]:
    """Return the posts of the template of notices that nobody has sent or withdrawn yet."""
    statement = select(Post).where(col(Post.template) == template, col(Post.status).in_(PLANNABLE))
    return list(session.exec(statement.order_by(col(Post.id))).all())
