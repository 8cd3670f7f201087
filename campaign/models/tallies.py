"""Sums of engagement, kept as readings are stored: ten million readings are then charted from some thousand rows.

A row says what the readings of some posts added on one local day, or ever (``day`` is empty). Channels are never added
up. What a figure has never been given is None, as in the readings. A later reading of a post counts for what it has
more than the one before it, so the rows of any days add up to each post's newest known value at the end of the last.

A reading counts on the day on which it was taken; one that failed on the day on which it was due, for that is the day
of which nothing is known, whenever it was given up. That day has a row too, be it an empty one: the log goes by the
time taken, and is bounded by the days that have rows.

Days and hours are those of the campaign's own zone as it was stored (``follow_zone``).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy import Index
from sqlmodel import Field, Session, SQLModel, col

from campaign.models.database import changed, insert_into
from campaign.models.partners import Campaign
from campaign.models.portions import some_at_a_time
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, Snapshot
from campaign.models.types import UtcDateTime, table_of

EVER = ""
_BATCH = 2000
_WALKED = ("due_at", "taken_at", "gap", *FIGURES)
"""What is asked of each reading."""


class Tally(SQLModel, table=True):
    """What some posts of a channel have gained on a day. ``part`` says which posts: all, those of a partner
    (``partner_id``), a template or a slot (``name``), of a template of a partner, or of an hour of publishing.

    ``posts`` counts those whose first figures came then, ``impressions_posts`` those whose first impressions did.
    ``gaps`` counts the readings that were due then and failed; ``taken_at`` is the newest reading with figures.
    """

    __table_args__ = (Index("tally_of_day", "part", "day", "partner_id"),)

    part: str = Field(primary_key=True)
    partner_id: int = Field(primary_key=True)
    name: str = Field(primary_key=True)
    channel: str = Field(primary_key=True)
    day: str = Field(primary_key=True)
    posts: int
    gaps: int
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    impressions: int | None = Field(default=None, sa_type=sa.BigInteger)
    reach: int | None = Field(default=None, sa_type=sa.BigInteger)
    reactions: int | None = Field(default=None, sa_type=sa.BigInteger)
    comments: int | None = Field(default=None, sa_type=sa.BigInteger)
    shares: int | None = Field(default=None, sa_type=sa.BigInteger)
    clicks: int | None = Field(default=None, sa_type=sa.BigInteger)
    impressions_posts: int
    reach_posts: int
    reactions_posts: int
    comments_posts: int
    shares_posts: int
    clicks_posts: int


Key = tuple[str, int, str, str, str]
"""Part, partner, name, channel and day of a row."""
_KEYS = ("part", "partner_id", "name", "channel", "day")
_COUNTED = ("posts", "gaps", *(f"{figure}_posts" for figure in FIGURES))


@dataclass(slots=True)
class Gain:
    """What a row gains. ``values`` in the order of ``FIGURES``."""

    posts: int = 0
    gaps: int = 0
    taken_at: datetime | None = None
    values: list[int | None] = field(default_factory=lambda: [None] * len(FIGURES))
    firsts: list[int] = field(default_factory=lambda: [0] * len(FIGURES))

    def add(self, other: "Gain", sign: int = 1) -> None:
        """Count another gain in, or out again."""
        self.posts += sign * other.posts
        self.gaps += sign * other.gaps
        self.taken_at = max(filter(None, (self.taken_at, other.taken_at)), default=None)
        for place, value in enumerate(other.values):
            if value is not None:
                self.values[place] = (self.values[place] or 0) + sign * value
            self.firsts[place] += sign * other.firsts[place]

    def row(self, key: Key) -> dict[str, object]:
        """Return the row."""
        counts = zip(_COUNTED, (self.posts, self.gaps, *self.firsts), strict=True)
        figures = zip(FIGURES, self.values, strict=True)
        return {**dict(zip(_KEYS, key, strict=True)), **dict(counts), **dict(figures), "taken_at": self.taken_at}


@dataclass(frozen=True, slots=True)
class About:
    """What decides in which rows a post counts."""

    post_id: int
    partner_id: int
    channel: str
    template: str
    slot: str
    published_at: datetime | None

    @classmethod
    def of(cls, post: Post) -> "About":
        """Take it from a post."""
        return cls(post.ident, post.partner_id, post.channel, post.template, post.slot, post.published_at)

    def keys(self, day: str, zone: ZoneInfo) -> Iterator[Key]:
        """Yield the rows of a day. The row of all posts comes first: whoever has it has the right to the others."""
        yield "all", 0, "", self.channel, day
        yield "partner", self.partner_id, "", self.channel, day
        yield "slot", 0, self.slot, self.channel, day
        yield "template", 0, self.template, self.channel, day
        if day == EVER:
            yield "partner template", self.partner_id, self.template, self.channel, day
            if self.published_at is not None:
                hour = f"{self.published_at.astimezone(zone):%H}"
                yield "hour", 0, hour, self.channel, day
                yield "partner hour", self.partner_id, hour, self.channel, day


def zone_of(session: Session) -> ZoneInfo:
    """Return the campaign's zone, whose days and hours are counted."""
    return ZoneInfo(session.execute(sa.select(col(Campaign.timezone)).limit(1)).scalar() or "UTC")


def follow_zone(session: Session, zone: str) -> None:
    """Let days and hours be those of the campaign's ``zone``: where it was another, every reading is counted anew."""
    other = sa.update(Campaign).where(col(Campaign.timezone) != zone)
    if changed(session, other.values(timezone=zone)):
        rebuild(session)


def count(session: Session, post: Post, before: Sequence[Snapshot], after: Sequence[Snapshot]) -> None:
    """Count what the readings of a post are now, where they were others ``before``."""
    zone, about = zone_of(session), About.of(post)
    _store(session, _changes(_by_row(about, before, zone), _by_row(about, after, zone)))


def recount_slot(session: Session, post: Post, slot: str) -> None:
    """Let the readings of a post count for another slot: its slot gets that name."""
    readings = list(session.execute(sa.select(Snapshot).where(col(Snapshot.post_id) == post.ident)).scalars())
    zone, about = zone_of(session), About.of(post)
    renamed = About(about.post_id, about.partner_id, about.channel, about.template, slot, about.published_at)
    gains = _changes(_by_row(about, readings, zone), _by_row(renamed, readings, zone))
    _store(session, {key: gain for key, gain in gains.items() if key[0] == "slot"})


def rebuild(session: Session) -> None:
    """Count every reading anew, where readings were stored before sums were kept, or another zone is the campaign's."""
    session.execute(sa.delete(Tally))
    zone, gains = zone_of(session), dict[Key, Gain]()
    columns = _about_columns()
    read = (
        sa.select(*columns, *(getattr(Snapshot, name) for name in _WALKED))
        .join(Snapshot, col(Snapshot.post_id) == col(Post.id))
        .order_by(col(Snapshot.post_id), col(Snapshot.due_at))
    )
    rows = session.execute(read.execution_options(yield_per=_BATCH))
    for facts, own in groupby(rows, key=lambda row: tuple(row[: len(columns)])):
        about = About(*facts)
        for key, gain in _walked(about, (tuple(row[len(columns) :]) for row in own), zone):
            gains.setdefault(key, Gain()).add(gain)
    for part in some_at_a_time((gain.row(key) for key, gain in gains.items()), _BATCH):
        session.execute(sa.insert(table_of(Tally)), part)


def recount_gaps(session: Session) -> None:
    """Count the failed readings of each day anew, where they were counted by another rule; how many there are stays."""
    of_days, zone, gains = col(Tally.day) != EVER, zone_of(session), dict[Key, Gain]()
    session.execute(sa.update(Tally).where(of_days, col(Tally.gaps) != 0).values(gaps=0))
    nothing = of_days, col(Tally.posts) == 0, col(Tally.taken_at).is_(None)
    session.execute(sa.delete(Tally).where(*nothing))
    times = col(Snapshot.due_at), col(Snapshot.taken_at)
    read = sa.select(*_about_columns(), *times).join(Snapshot, col(Snapshot.post_id) == col(Post.id))
    failed = read.where(col(Snapshot.gap).is_not(None))
    for *facts, due_at, taken_at in session.execute(failed.execution_options(yield_per=_BATCH)):
        for key, gain in _failed(About(*facts), due_at, taken_at, zone):
            gains.setdefault(key, Gain()).add(gain)
    _store(session, gains)


def _about_columns() -> list[Any]:
    return [getattr(Post, name) for name in ("id", "partner_id", "channel", "template", "slot", "published_at")]


def _day(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).date().isoformat()


def _by_row(about: About, readings: Iterable[Snapshot], zone: ZoneInfo) -> dict[Key, Gain]:
    gains: dict[Key, Gain] = {}
    ordered = sorted(readings, key=lambda row: row.due_at)
    rows = (tuple(getattr(row, name) for name in _WALKED) for row in ordered)
    for key, gain in _walked(about, rows, zone):
        gains.setdefault(key, Gain()).add(gain)
    return gains


def _failed(about: About, due_at: datetime, taken_at: datetime, zone: ZoneInfo) -> Iterator[tuple[Key, Gain]]:
    """Yield what a failed reading adds: a gap on the day on which it was due, a row for that on which it was given
    up.
    """
    for at, gaps in ((due_at, 1), (taken_at, 0)):
        yield from ((key, Gain(gaps=gaps)) for key in about.keys(_day(at, zone), zone))


def _walked(about: About, readings: Iterable[tuple[Any, ...]], zone: ZoneInfo) -> Iterator[tuple[Key, Gain]]:
    """Yield what each reading (``_WALKED``), oldest first, adds to the rows of its day, and at last what all of them
    add to those of ever.
    """
    known: list[int | None] = [None] * len(FIGURES)
    seen, ever = False, Gain()
    for due_at, taken_at, gap, *figures in readings:
        if gap is not None:
            ever.gaps += 1
            yield from _failed(about, due_at, taken_at, zone)
            continue
        gain, seen = Gain(posts=0 if seen else 1, taken_at=taken_at), True
        for place, value in enumerate(figures):
            if value is not None:
                gain.values[place] = value - (known[place] or 0)
                gain.firsts[place] = 1 if known[place] is None else 0
                known[place] = value
        ever.add(gain)
        yield from ((key, gain) for key in about.keys(_day(taken_at, zone), zone))
    if seen or ever.gaps:
        yield from ((key, ever) for key in about.keys(EVER, zone))


def _changes(before: Mapping[Key, Gain], after: Mapping[Key, Gain]) -> dict[Key, Gain]:
    """Return what the rows gain. Those to which a post gives what it gave before are left alone: that is most of them,
    for a new reading of a post of forty days changes today's rows and those of ever.
    """
    gains = {key: gain for key, gain in after.items() if before.get(key) != gain}
    for key, gain in before.items():
        if after.get(key) != gain:
            gains.setdefault(key, Gain()).add(gain, -1)
    return gains


def _store(session: Session, gains: Mapping[Key, Gain]) -> None:
    """Add the gains to the rows, in one order everywhere: no two machines then wait for each other in a ring."""
    if not gains:
        return
    rows = [gain.row(key) for key, gain in sorted(gains.items())]
    statement = insert_into(session, Tally)
    new, old = statement.excluded, table_of(Tally).c
    changes: dict[str, Any] = {name: old[name] + new[name] for name in _COUNTED}
    changes |= {name: sa.func.coalesce(old[name] + new[name], old[name], new[name]) for name in FIGURES}
    older = sa.or_(old.taken_at.is_(None), new.taken_at > old.taken_at)
    changes["taken_at"] = sa.case((older, new.taken_at), else_=old.taken_at)
    session.execute(statement.on_conflict_do_update(index_elements=list(_KEYS), set_=changes), rows)
