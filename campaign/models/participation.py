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


_USABLE = (
    sa.or_(col(Account.mode) == AccountMode.BY_HAND, col(Account.sealed).is_not(None), col(Account.channel) == MAIL),
    col(Account.disabled_why).is_(None),
)


def progress_of(session: Session, partner: Partner) -> Progress:
    """Return how far one partner has come; its published posts are not counted."""
    ident, officer = partner.ident, (col(User.partner_key) == partner.key, col(User.active))
    standing = (col(Agreement.partner_id) == ident, col(Agreement.revoked_at).is_(None))
    channels = sa.select(col(Account.channel)).where(col(Account.partner_id) == ident, *_USABLE).distinct()
    return Progress(
        partner,
        bool(session.execute(sa.select(sa.exists().where(*officer))).scalar()),
        tuple(sorted(session.execute(channels).scalars())),
        bool(session.execute(sa.select(sa.exists().where(*standing))).scalar()),
        published=0,
    )


def progress(session: Session, *, published_up_to: int = MANY) -> list[Progress]:
    """Return every partner by key. An account counts that is connected, or that a person serves."""
    officers = set(session.execute(sa.select(col(User.partner_key)).where(col(User.active))).scalars())
    standing = sa.select(col(Agreement.partner_id)).where(col(Agreement.revoked_at).is_(None))
    agreed = set(session.execute(standing.distinct()).scalars())
    accounts = sa.select(col(Account.partner_id), col(Account.channel)).where(*_USABLE)
    channels: dict[int, tuple[str, ...]] = {}
    for ident, channel in session.execute(accounts.distinct().order_by(col(Account.channel))):
        channels[ident] = (*channels.get(ident, ()), channel)
    published = _published(session, published_up_to) if published_up_to else {}
    partners = session.execute(sa.select(Partner).order_by(col(Partner.key))).scalars()
    return [
        Progress(
            one, one.key in officers, channels.get(one.ident, ()), one.ident in agreed, published.get(one.ident, 0)
        )
        for one in partners
    ]


def _published(session: Session, most: int) -> dict[int, int]:
    one = sa.select(sa.literal(1)).where(col(Post.partner_id) == col(Partner.id), col(Post.published_at).is_not(None))
    some = one.limit(most).correlate(Partner).subquery()
    counts = sa.select(col(Partner.id), sa.select(sa.func.count()).select_from(some).scalar_subquery())
    return {row[0]: row[1] for row in session.execute(counts)}
