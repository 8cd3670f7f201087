"""The statements on posts that pass on another one, which they name as ``slot@partner``."""

from dataclasses import dataclass

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models.database import changed
from campaign.models.partners import Partner
from campaign.models.posts import Attempt, Post
from campaign.models.status import Status


@dataclass(frozen=True, slots=True)
class Original:
    """A published post that another one shares: its partner's name, and where it stands."""

    partner: str
    slot: str
    url: str | None
    external_id: str | None


def original(session: Session, name: str, channel: str) -> Original | None:
    """Return the published post that a share names, None while there is none."""
    slot, _, partner_key = name.rpartition("@")
    statement = (
        select(Post, Partner)
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(
            col(Partner.key) == partner_key,
            col(Post.slot) == slot,
            col(Post.channel) == channel,
            col(Post.status) == Status.PUBLISHED.value,
        )
        .order_by(col(Post.published_at).desc())
        .limit(1)
    )
    found = session.exec(statement).first()
    return Original(found[1].name, slot, found[0].url, found[0].external_id) if found else None


def passed_on(session: Session, post_id: int, name: str, channel: str) -> str | None:
    """Return the platform's id of what a share passes on: that of its attempts so far, for each passes on the same;
    before the first one, and where a restore lost them, what its name leads to now. None where that is not published,
    or nobody knows its id.
    """
    statement = (
        sa.select(col(Attempt.share_of))
        .where(col(Attempt.post_id) == post_id, col(Attempt.share_of).is_not(None))
        .order_by(col(Attempt.number))
        .limit(1)
    )
    tried: str | None = session.execute(statement).scalar()
    if tried:
        return tried
    found = original(session, name, channel)
    return found.external_id if found else None


def keep(session: Session, post_id: int, number: int, external_id: str) -> None:
    """Store which post the attempt passes on, before it goes out."""
    mine = sa.and_(col(Attempt.post_id) == post_id, col(Attempt.number) == number)
    changed(session, sa.update(Attempt).where(mine).values(share_of=external_id))
