"""What is due, counted: a month of many partners by slot, channel and status, and what goes out together by its slot's
occurrence. A calendar is read as counts, never as rows without a bound.
"""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import counts
from campaign.models.audit import Audit
from campaign.models.hours import begins, hour_at, parts_of_day, quarter_of
from campaign.models.partners import Partner
from campaign.models.planned import SHIFTED
from campaign.models.posts import Event, Post


@dataclass(frozen=True, slots=True)
class Due:
    """Posts of one slot in one state, with their channels by name; the first of them by time. ``post_id`` is None where
    they are many.
    """

    slot: str
    status: str
    channels: tuple[str, ...]
    posts: int
    first_at: datetime
    post_id: int | None

    def joined(self, other: "Due") -> "Due":
        """Return these and others of the same slot and state."""
        names = tuple(sorted({*self.channels, *other.channels}))
        first_at = min(self.first_at, other.first_at)
        return replace(self, channels=names, posts=self.posts + other.posts, first_at=first_at)


def due(session: Session, edges: Sequence[datetime], partners: Sequence[str] = ()) -> list[list[Due]]:
    """Return what is due from each of these instants on and before the next, of these partners or of all, by time."""
    utc = [edge.astimezone(UTC) for edge in edges]
    in_whole_hours = not any(edge.minute or edge.second for edge in utc)
    # What is kept is kept by the hour, and of all partners; a few of them have few posts.
    statement = _kept(session, utc) if in_whole_hours and not partners else _read(session, utc, partners)
    found: dict[tuple[int, str, str], Due] = {}
    for slot, status, channels, posts, first_at, ident in session.execute(statement):
        names = tuple(sorted(set(channels.split(","))))
        one, key = Due(slot, status, names, posts, first_at, ident), (bisect_right(utc, first_at), slot, status)
        found[key] = found[key].joined(one) if key in found else one
    spans: list[list[Due]] = [[] for _ in utc[1:]]
    for (after, *_), one in found.items():
        spans[after - 1].append(one if one.posts == 1 else replace(one, post_id=None))
    return [sorted(span, key=lambda one: (one.first_at, one.slot, one.status)) for span in spans]


def _read(session: Session, edges: Sequence[datetime], partners: Sequence[str]) -> sa.Select[*tuple[Any, ...]]:
    """Return the statement that counts the posts themselves, by the quarters of an hour: no time zone divides one."""
    names = (col(Post.slot), col(Post.status))
    facts = (_joined(col(Post.channel)), sa.func.count(), sa.func.min(col(Post.due_at)), sa.func.min(col(Post.id)))
    within = (col(Post.due_at) >= edges[0], col(Post.due_at) < edges[-1])
    return sa.select(*names, *facts).where(*within, *_of(partners)).group_by(*names, quarter_of(session, Post.due_at))


def _kept(session: Session, edges: Sequence[datetime]) -> sa.Select[*tuple[Any, ...]]:
    """Return the same from the counts that are kept. Which post is the first of its hours is one look into an index."""
    hours = [hour_at(edge) for edge in edges]
    every = counts.every(
        ("hour", "slot", "status", "channel"), lambda of: (of.c.hour >= hours[0], of.c.hour < hours[-1])
    )
    # By days of UTC, divided where a day begins that is asked for: at 23 in summer. Which it is, the first post tells.
    within = [*parts_of_day(every.c.hour, hours), every.c.slot, every.c.status]
    rows = counts.summed(every, [*within, every.c.channel], sa.func.min(every.c.hour).label("hour")).subquery()
    keys = [rows.c[key.name] for key in within]
    # A note may tell of an hour that has none any more; no post of these lies before their first hour all the same.
    posts, hour = sa.cast(sa.func.sum(rows.c.posts), sa.Integer).label("posts"), sa.func.min(rows.c.hour).label("hour")
    each = sa.select(*keys[-2:], _joined(rows.c.channel), posts, hour).group_by(*keys).subquery("each")
    first = (
        sa.select(col(Post.id))
        .where(col(Post.slot) == each.c.slot, col(Post.status) == each.c.status)
        .where(col(Post.due_at) >= begins(session, each.c.hour))
        .order_by(col(Post.due_at), col(Post.id))
        .limit(1)
        .correlate(each)
        .scalar_subquery()
    )
    about = (each.c.slot, each.c.status, each.c.channels, each.c.posts)
    return sa.select(*about, col(Post.due_at), col(Post.id)).join(Post, col(Post.id) == first)


def _joined(channels: Any) -> sa.Label[str]:
    return sa.func.aggregate_strings(channels, ",").label("channels")


def _of(partners: Sequence[str], channels: Sequence[str] = ()) -> list[sa.ColumnElement[bool]]:
    """Return the conditions that posts are of these partners and channels; empty means all."""
    theirs = sa.select(col(Partner.id)).where(col(Partner.key).in_(partners))
    return [
        *([col(Post.partner_id).in_(theirs)] if partners else []),
        *([col(Post.channel).in_(channels)] if channels else []),
    ]


@dataclass(frozen=True, slots=True)
class Together:
    """Posts of one occurrence of a slot on one channel, by status; the first of them by time."""

    slot: str
    occurrence: str
    channel: str
    first_at: datetime
    counts: Mapping[str, int]


def together(
    session: Session, since: datetime, partners: Sequence[str], channels: Sequence[str], *, limit: int
) -> list[Together]:
    """Return what goes out together from ``since`` on, by time; the first ``limit`` counts by status."""
    first = sa.func.min(col(Post.due_at))
    names = (col(Post.slot), col(Post.occurrence), col(Post.channel), col(Post.status))
    statement = sa.select(*names, sa.func.count(), first).where(col(Post.due_at) >= since, *_of(partners, channels))
    found: dict[tuple[str, str, str], tuple[datetime, dict[str, int]]] = {}
    for *key, status, count, at in session.execute(statement.group_by(*names).order_by(first, *names).limit(limit)):
        found.setdefault((key[0], key[1], key[2]), (at, {}))[1][status] = count
    return [Together(*key, *facts) for key, facts in found.items()]


def changes_made(session: Session, post_ids: Sequence[int]) -> dict[int, int]:
    """Return how often each post has moved, or got another time inside its window: a number that never falls."""
    moves = sa.select(col(Event.post_id), sa.func.count()).where(col(Event.post_id).in_(post_ids))
    subjects = {f"post:{ident}": ident for ident in post_ids}
    shifts = sa.select(col(Audit.subject), sa.func.count()).where(
        col(Audit.subject).in_(subjects), col(Audit.action) == SHIFTED
    )
    found = Counter[int]()
    for ident, count in session.execute(moves.group_by(col(Event.post_id))):
        found[ident] += count
    for subject, count in session.execute(shifts.group_by(col(Audit.subject))):
        found[subjects[subject]] += count
    return found
