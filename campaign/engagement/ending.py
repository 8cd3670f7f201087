"""How a due reading ends: as a snapshot with figures, or as a gap that says why there are none. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from campaign.engagement.timetable import Reading
from campaign.errors import Outcome
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, Snapshot
from campaign.ports import Figures

NOT_RUNNING = "not running: the next reading was due before this one could be taken"
NOTHING_SAID = "the platform said nothing about this post"
NO_ID = "the platform's id of this post is not known"

_GAP_LENGTH = 300

Answer = Mapping[str, Figures | Outcome] | Outcome
Unread = str
"""Why a reading was not taken at all."""


@dataclass(frozen=True, slots=True)
class Due:
    """A post's due readings: ``reading`` (number ``index``) is to be taken, those before it were missed."""

    post: Post
    missed: tuple[Reading, ...]
    reading: Reading
    index: int
    next_at: datetime | None

    @property
    def external_id(self) -> str:
        """The platform's id of the post, "" where it is not known."""
        return self.post.external_id or ""


def of(due: Due, answer: Answer | Unread) -> Figures | Outcome | Unread:
    """Return what an answer says of one post."""
    return answer if isinstance(answer, Outcome | Unread) else answer.get(due.external_id, Figures())


def row(due: Due, answer: Figures | Outcome | Unread, now: datetime) -> Snapshot:
    """Return the snapshot that a post's due reading ends as."""
    if isinstance(answer, Unread):
        return gap(due, due.reading, now, answer)
    if isinstance(answer, Outcome):
        return gap(due, due.reading, now, f"the call failed: {answer}"[:_GAP_LENGTH])
    if answer == Figures():
        return gap(due, due.reading, now, NOTHING_SAID if due.external_id else NO_ID)
    return _snapshot(due, due.reading, now, **{name: getattr(answer, name) for name in FIGURES})


def gap(due: Due, reading: Reading, now: datetime, why: str) -> Snapshot:
    """Return a reading that was not taken, with its reason."""
    return _snapshot(due, reading, now, gap=why)


def _snapshot(due: Due, reading: Reading, now: datetime, **values: Any) -> Snapshot:
    post, (name, due_at) = due.post, reading
    return Snapshot(post_id=post.ident, partner_id=post.partner_id, reading=name, due_at=due_at, taken_at=now, **values)
