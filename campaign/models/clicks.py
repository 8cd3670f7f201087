"""Clicks on the links of issues, counted by link and day: how many, never whose.

What programs follow (mail scanners open every link) is counted apart.
"""

from collections.abc import Collection

import sqlalchemy as sa
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import insert_into
from campaign.models.deliveries import copies_out
from campaign.models.posts import Post
from campaign.models.status import TAKEN
from campaign.ports import MAIL


class Click(SQLModel, table=True):
    """How often a link of an issue was followed on a local day. ``number`` is its place among the counted links."""

    post_id: int = Field(foreign_key="post.id", primary_key=True)
    number: int = Field(primary_key=True)
    day: str = Field(primary_key=True)
    people: int
    machines: int


def issue(session: Session, token: str) -> Post | None:
    """Return the issue of a link's token, once it has begun to go out: else a draft would lead to any address."""
    post = session.exec(select(Post).where(col(Post.token) == token, col(Post.channel) == MAIL)).first()
    return post if post is not None and _has_begun(session, post) else None


def _has_begun(session: Session, post: Post) -> bool:
    """Say whether the approved words are on their way or out. While a copy is, nobody changes them, whatever becomes
    of the issue.
    """
    on_its_way = post.status in TAKEN and post.approved_hash == post.content_hash
    return on_its_way or copies_out(session, post.ident)


def count(session: Session, post_id: int, number: int, day: str, *, machine: bool) -> None:
    """Count one click."""
    more = {"people": int(not machine), "machines": int(machine)}
    statement = insert_into(session, Click).values(post_id=post_id, number=number, day=day, **more)
    added = {name: getattr(Click, name) + value for name, value in more.items()}
    session.execute(statement.on_conflict_do_update(index_elements=["post_id", "number", "day"], set_=added))


def followed(session: Session, post_ids: Collection[int]) -> dict[int, int]:
    """Return by issue how often people followed any of its links; those whose links nobody followed are not there."""
    statement = sa.select(col(Click.post_id), sa.func.sum(col(Click.people))).where(col(Click.post_id).in_(post_ids))
    return {post_id: int(people) for post_id, people in session.execute(statement.group_by(col(Click.post_id)))}


def by_link(session: Session, post_id: int) -> dict[int, tuple[int, int]]:
    """Return by the number of a link how often people followed it, and how often programs."""
    sums = (sa.func.sum(col(Click.people)), sa.func.sum(col(Click.machines)))
    statement = sa.select(col(Click.number), *sums).where(col(Click.post_id) == post_id).group_by(col(Click.number))
    return {number: (int(people), int(machines)) for number, people, machines in session.execute(statement)}
