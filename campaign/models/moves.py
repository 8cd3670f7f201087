"""The one door through which a post moves: a guarded UPDATE and an Event row, in the caller's transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.errors import MoveRefused
from campaign.models import deliveries, listing
from campaign.models.database import changed
from campaign.models.posts import Event, Post
from campaign.models.prepared import Batch, inserted
from campaign.models.status import Move, Status, target
from campaign.models.types import table_of
from campaign.ports import MAIL

_EVENTS = inserted(table_of(Event), ["post_id", "at", "who", "move", "from_status", "to_status", "why"])
_MOVED_ON = "changed by somebody else meanwhile"

_ANEW = frozenset({Move.EDIT, Move.REVIVE, Move.REARRANGE})
"""What a person decides anew after these is another sending: an issue that nobody has got begins with its list."""


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

    The UPDATE names the status, the version, the number of tries and the due time that the caller saw and counts its
    rows, so of two movers one is refused; a new time inside the window leaves the version as it was. ``changes`` sets
    further columns in the same statement. ``post`` is brought up to date.

    Raises:
        MoveRefused: the table does not know the move from here, or somebody else was quicker.

    """
    before = Status(post.status)
    end = _end(post.id, before, name, to)
    values: dict[str, object] = {**(changes or {}), "status": end.value}
    guarded = (
        sa.update(Post)
        .where(
            col(Post.id) == post.id,
            col(Post.status) == before.value,
            col(Post.version) == post.version,
            col(Post.tries) == post.tries,
            col(Post.due_at) == post.due_at,
        )
        .values(**values)
    )
    if changed(session, guarded) != 1:
        raise MoveRefused(post=post.id, status=_MOVED_ON, move=name, mend="Look again.")
    if name in _ANEW and post.channel == MAIL:
        deliveries.thaw(session, post.ident)
    session.add(
        Event(post_id=post.ident, at=at, who=who, move=name, from_status=before, to_status=end, why=why),
    )
    session.flush()
    if post not in session:
        session.add(post)  # the sweep reads in one transaction and moves each post in one of its own
    session.refresh(post)


def note(session: Session, post: Post, name: str, *, who: str, at: datetime, why: str) -> None:
    """Write into a post's history what leaves it where it stands."""
    stands = str(post.status)
    session.add(
        Event(post_id=post.ident, at=at, who=who, move=name, from_status=stands, to_status=stands, why=why),
    )


@dataclass(frozen=True, slots=True)
class Step:
    """One post's part in a common move: what was seen of it, why it moves, and what else changes."""

    post_id: int
    version: int
    tries: int
    due_at: datetime
    why: str
    changes: Mapping[str, object]


def move_all(session: Session, before: Status, name: Move, steps: Sequence[Step], *, who: str, at: datetime) -> None:
    """Move many posts that stand in ``before`` at once; each step changes the same columns.

    Raises:
        MoveRefused: the table does not know the move, or somebody was quicker with one of them; roll back.

    """
    end = _end(None, before, name, None)
    guarded = [
        {
            "post": step.post_id,
            "seen_version": step.version,
            "seen_tries": step.tries,
            "seen_due": step.due_at,
            **step.changes,
        }
        for step in steps
    ]
    if _guarded(before, end, frozenset(steps[0].changes)).run(session, guarded) != len(steps):
        raise MoveRefused(post=[step.post_id for step in steps], status=_MOVED_ON, move=name, mend="Look again.")
    facts = {"at": at, "who": who, "move": name.value, "from_status": before.value, "to_status": end.value}
    events = [{"post_id": step.post_id, "why": step.why, **facts} for step in steps]
    _EVENTS.run(session, events)


@cache
def _guarded(before: Status, end: Status, columns: frozenset[str]) -> Batch:
    posts = table_of(Post)
    seen = {
        "post": posts.c.id,
        "seen_version": posts.c.version,
        "seen_tries": posts.c.tries,
        "seen_due": posts.c.due_at,
    }
    return Batch(
        {name: column.type for name, column in seen.items()} | {name: posts.c[name].type for name in columns},
        lambda given: (
            sa.update(posts)
            .where(posts.c.status == before.value, *(column == given.c[name] for name, column in seen.items()))
            .values(status=end.value, **{name: given.c[name] for name in columns})
        ),
    )


def _end(post_id: int | None, before: Status, name: Move, to: Status | None) -> Status:
    end = target(before, name, to)
    if end is None:
        raise MoveRefused(post=post_id, status=before, move=name, mend="See `campaign posts show` for what it can do.")
    return end


def void_approval(session: Session, post: Post, *, who: str, at: datetime, why: str) -> bool:
    """Send an approved post back to review. False when it was claimed this instant: it goes out as it was approved."""
    try:
        move(session, post, Move.EDIT, who=who, at=at, why=why, changes={"approved_hash": None})
    except MoveRefused:
        return False
    listing.void_approvals(session, post.ident)
    return True
