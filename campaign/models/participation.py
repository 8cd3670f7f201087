"""How far each partner has come: joined, details, an account, its yes, published."""

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.partners import Account, AccountMode, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.users import User
from campaign.ports import MAIL

_GIVEN = col(Agreement.revoked_at).is_(None)
_USABLE = (
    # Connected, or served by a person, or mail.
    sa.or_(col(Account.mode) == AccountMode.BY_HAND, col(Account.sealed).is_not(None), col(Account.channel) == MAIL),
    col(Account.disabled_why).is_(None),
)
_BLANKS = "".join(filter(str.isspace, map(chr, range(0x3001))))
"""What ``str.strip`` takes away."""
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


def progress(session: Session, *, published_up_to: int = MANY, of: Sequence[Partner] | None = None) -> list[Progress]:
    """Return how far every partner has come, by key, or these alone, in their order."""
    active, standing = sa.select(col(User.partner_key)).where(col(User.active)), sa.select(col(Agreement.partner_id))
    having = sa.select(col(Account.partner_id), col(Account.channel))
    standing, having = standing.where(_GIVEN).distinct(), having.where(*_USABLE).distinct()
    if of is not None:
        idents = [one.ident for one in of]
        active = active.where(col(User.partner_key).in_([one.key for one in of]))
        standing = standing.where(col(Agreement.partner_id).in_(idents))
        having = having.where(col(Account.partner_id).in_(idents))
    officers, agreed = (set(session.execute(statement).scalars()) for statement in (active, standing))
    channels: dict[int, tuple[str, ...]] = {}
    for ident, channel in session.execute(having.order_by(col(Account.channel))):
        channels[ident] = (*channels.get(ident, ()), channel)
    published = _published(session, published_up_to) if published_up_to else {}
    every = session.execute(sa.select(Partner).order_by(col(Partner.key))).scalars() if of is None else of
    return [
        Progress(
            one, one.key in officers, channels.get(one.ident, ()), one.ident in agreed, published.get(one.ident, 0)
        )
        for one in every
    ]


def unfinished(session: Session) -> list[Partner]:
    """Return the partners that lack details, an account or their yes, by key."""
    given = sa.exists(sa.select(sa.literal(1)).where(col(Agreement.partner_id) == col(Partner.id), _GIVEN))
    having = sa.exists(sa.select(sa.literal(1)).where(col(Account.partner_id) == col(Partner.id), *_USABLE))
    finished = sa.and_(given.correlate(Partner), having.correlate(Partner), _worded(session))
    return list(session.execute(sa.select(Partner).where(~finished).order_by(col(Partner.key))).scalars())


def _worded(session: Session) -> sa.ColumnElement[bool]:
    """Return the condition on ``Partner`` that its ``Progress`` has details."""
    if session.get_bind().dialect.name == "postgresql":
        found, trim = sa.func.json_each_text(col(Partner.details)).table_valued("key", "value"), sa.func.btrim
    else:
        found, trim = sa.func.json_each(col(Partner.details)).table_valued("key", "value"), sa.func.trim
    words = trim(sa.cast(found.c.value, sa.Text), _BLANKS)
    return sa.exists(sa.select(sa.literal(1)).select_from(found).where(words != "").correlate(Partner))


def _published(session: Session, most: int) -> dict[int, int]:
    one = sa.select(sa.literal(1)).where(col(Post.partner_id) == col(Partner.id), col(Post.published_at).is_not(None))
    some = one.limit(most).correlate(Partner).subquery()
    counts = sa.select(col(Partner.id), sa.select(sa.func.count()).select_from(some).scalar_subquery())
    return {row[0]: row[1] for row in session.execute(counts)}
