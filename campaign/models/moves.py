"""The one function that moves a post: a guarded UPDATE and an Event row, in the caller's transaction."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.errors import MoveRefused
from campaign.models import listing
from campaign.models.database import changed
from campaign.models.posts import Event, Post
from campaign.models.status import Move, Status, target


def move(
    session: Session,
    post: Post,
    name: Move,
    *,
    who: str,
    at: datetime,
    why: str = "",
    to: Status | None = None,
    changes: Mapping[str, object] | None = None,
) -> None:
    """Move ``post`` as the transition table says and write its Event.

    The UPDATE names the status and the version that the caller saw and counts its rows, so of two movers one is
    refused. ``changes`` sets further columns in the same statement. ``post`` itself is brought up to date.

    Raises:
        MoveRefused: the table does not know the move from here, or somebody else was quicker.

    """
    before = Status(post.status)
    end = target(before, name, to)
    if end is None:
        raise MoveRefused(post=post.id, status=before, move=name, mend="See `campaign posts show` for what it can do.")
    values: dict[str, object] = {**(changes or {}), "status": end.value}
    guarded = (
        sa.update(Post)
        .where(col(Post.id) == post.id, col(Post.status) == before.value, col(Post.version) == post.version)
        .values(**values)
    )
    if changed(session, guarded) != 1:
        raise MoveRefused(post=post.id, status="changed by somebody else meanwhile", move=name, mend="Look again.")
    session.add(
        Event(post_id=post.ident, at=at, who=who, move=name, from_status=before, to_status=end, why=why),
    )
    session.flush()
    if post not in session:
        session.add(post)  # the sweep reads in one transaction and moves each post in one of its own
    session.refresh(post)


def void_approval(session: Session, post: Post, *, who: str, at: datetime, why: str) -> bool:
    """Send an approved post back to review. False when it was claimed this instant: it goes out as it was approved."""
    try:
        move(session, post, Move.EDIT, who=who, at=at, why=why, changes={"approved_hash": None})
    except MoveRefused:
        return False
    listing.void_approvals(session, post.ident)
    return True
