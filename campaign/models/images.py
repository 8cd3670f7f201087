"""Which stored images the rows speak of: those of posts in any state, and of partners' details."""

import re

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models.partners import Partner
from campaign.models.posts import Post

_DIGEST = re.compile(r"[0-9a-f]{64}")
_SHOWS = '"digest"'  # stands in a draft that has images


def digests_in(text: str) -> set[str]:
    """Return everything in a text that an image may be stored by."""
    return set(_DIGEST.findall(text))


def newest_post(session: Session) -> int:
    """Return the highest number of a post, 0 where there is none."""
    return session.execute(sa.select(sa.func.max(col(Post.id)))).scalar() or 0


def of_posts(session: Session, first: int, last: int) -> set[str]:
    """Return the digests that posts of these numbers speak of: in what they send, and in their own fields."""
    draft, fields = (sa.cast(column, sa.Text) for column in (col(Post.draft), col(Post.fields)))
    statement = sa.select(draft, fields).where(
        col(Post.id).between(first, last), sa.or_(draft.contains(_SHOWS, autoescape=True), fields != "{}")
    )
    return _found(session, statement)


def of_partners(session: Session) -> set[str]:
    """Return the digests that partners' details speak of."""
    return _found(session, sa.select(sa.cast(col(Partner.details), sa.Text)))


def _found(session: Session, statement: sa.Select[*tuple[str, ...]]) -> set[str]:
    return {digest for row in session.execute(statement) for text in row for digest in digests_in(text)}
