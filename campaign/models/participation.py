"""How far each partner has come: joined, details, an account, its yes, published."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.partners import Account, AccountMode, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.users import User
from campaign.ports import MAIL

MANY = 100
"""Published posts that are counted at most: whether a partner takes part is told by few."""


@dataclass(frozen=True, slots=True)
class Progress:
    """One partner. ``channels`` are those on which it can post; of its published posts no more are counted than were
    asked for.
    """

    partner: Partner
    invited: bool
    channels: tuple[str, ...]
    agreed: bool
    published: int

    @property
    def has_details(self) -> bool:
        """Say whether it has given any words of its own."""
        return any(text.strip() for text in self.partner.details.values())


def progress(session: Session, *, published_up_to: int = MANY, of: Partner | None = None) -> list[Progress]:
    """Return every partner by key, or one alone. An account counts that is connected, or that a person serves."""
    active, given = sa.select(col(User.partner_key)).where(col(User.active)), col(Agreement.revoked_at).is_(None)
    usable = sa.or_(
        col(Account.mode) == AccountMode.BY_HAND, col(Account.sealed).is_not(None), col(Account.channel) == MAIL
    )
    standing = sa.select(col(Agreement.partner_id)).where(given).distinct()
    having = sa.select(col(Account.partner_id), col(Account.channel)).where(usable, col(Account.disabled_why).is_(None))
    if of is not None:
        active = active.where(col(User.partner_key) == of.key)
        standing = standing.where(col(Agreement.partner_id) == of.ident)
        having = having.where(col(Account.partner_id) == of.ident)
    officers, agreed = (set(session.execute(statement).scalars()) for statement in (active, standing))
    channels: dict[int, tuple[str, ...]] = {}
    for ident, channel in session.execute(having.distinct().order_by(col(Account.channel))):
        channels[ident] = (*channels.get(ident, ()), channel)
    published = _published(session, published_up_to) if published_up_to else {}
    return [
        Progress(
            one, one.key in officers, channels.get(one.ident, ()), one.ident in agreed, published.get(one.ident, 0)
        )
        for one in (
            [of] if of is not None else session.execute(sa.select(Partner).order_by(col(Partner.key))).scalars()
        )
    ]


def _published(session: Session, most: int) -> dict[int, int]:
    one = sa.select(sa.literal(1)).where(col(Post.partner_id) == col(Partner.id), col(Post.published_at).is_not(None))
    some = one.limit(most).correlate(Partner).subquery()
    counts = sa.select(col(Partner.id), sa.select(sa.func.count()).select_from(some).scalar_subquery())
    return {row[0]: row[1] for row in session.execute(counts)}
