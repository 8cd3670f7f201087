"""How many posts stand where: as the counts that are kept say, and as the posts themselves do."""

from collections import Counter

import sqlalchemy as sa
from sqlmodel import Session

from campaign.models import counts
from campaign.models.posts import Post

_NAMES = ("hour", "slot", "channel", "status")


def kept(session: Session) -> Counter[tuple[str, ...]]:
    """The counts as they are read."""
    found = session.execute(counts.counts(_NAMES, lambda _: ()))
    return Counter({tuple(names): posts for *names, posts in found})


def counted(session: Session) -> Counter[tuple[str, ...]]:
    """The posts themselves, counted."""
    posts = session.execute(sa.select(Post)).scalars()
    return Counter((f"{post.due_at:%Y-%m-%d %H}", post.slot, post.channel, str(post.status)) for post in posts)
