"""Posts by their place in the timetable, which is an account, a slot and an occurrence: no two that count share one."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models import tallies
from campaign.models.database import changed
from campaign.models.posts import Post
from campaign.models.status import Status

SHIFTED = "move"
"""What the audit chain calls ``set_due``, which leaves a post where it stands and so has no event."""


def by_key(session: Session, account_id: int, slot: str, occurrence: str) -> Post | None:
    """Return the post that has this place in the timetable."""
    return session.exec(select(Post).where(*_key(account_id, slot, occurrence))).first()


def every_plan_key(session: Session) -> list[Post]:
    """Return every post, taken or not: a plan must know of them all."""
    return list(session.exec(select(Post).order_by(col(Post.id))))


def set_due(session: Session, found: Post, due_at: datetime) -> bool:
    """Move a post inside its window: its content and its approval stay. False when it was claimed meanwhile."""
    statement = (
        sa.update(Post)
        .where(col(Post.id) == found.id, col(Post.status) == found.status, col(Post.version) == found.version)
        .values(due_at=due_at, next_try_at=due_at, moved=True)
    )
    moved = changed(session, statement) == 1
    session.refresh(found)
    return moved


def set_carried(session: Session, post: Post, values: Mapping[str, object]) -> None:
    """Write what a post carries of the timetable besides its content, where it differs."""
    if any(getattr(post, name) != value for name, value in values.items()):
        session.execute(sa.update(Post).where(col(Post.id) == post.id).values(**values))


def set_key(session: Session, post: Post, slot: str, occurrence: str) -> None:
    """Give a post the name that its slot has now; where another post that still counts bears it, both keep theirs."""
    free_key(session, post.account_id, slot, occurrence)
    other = select(Post.id).where(*_key(post.account_id, slot, occurrence), col(Post.id) != post.id)
    if session.exec(other).first() is None:
        if slot != post.slot:
            _keep_from_readings(session, post)
            tallies.recount_slot(session, post, slot)
        session.execute(sa.update(Post).where(col(Post.id) == post.id).values(slot=slot, occurrence=occurrence))


def _keep_from_readings(session: Session, post: Post) -> None:
    """Let no reading of the post be stored until the transaction ends. On SQLite a writer is alone anyway."""
    mine = sa.select(col(Post.id)).where(col(Post.id) == post.ident)
    # Without the key: bookings and attempts that refer to the post need not wait.
    session.execute(mine.with_for_update(key_share=True))


def free_key(session: Session, account_id: int, slot: str, occurrence: str) -> None:
    """Let a withdrawn post give its place in the timetable to another one."""
    statement = (
        sa.update(Post)
        .where(*_key(account_id, slot, occurrence), col(Post.status) == Status.WITHDRAWN)
        .values(occurrence=sa.literal(f"{occurrence} withdrawn ") + sa.cast(col(Post.id), sa.Text))
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _key(account_id: int, slot: str, occurrence: str) -> tuple[sa.ColumnElement[bool], ...]:
    return col(Post.account_id) == account_id, col(Post.slot) == slot, col(Post.occurrence) == occurrence
