"""Engagement added up by channel: totals, how they grew by day, and what the hour of publishing brought.

Answered from the sums that are kept (``models.tallies``) where they can answer, else from every reading
(``models.summed``): a day that is cut, or two filters that no sum has together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col

from campaign.models import newest, summed, tallies
from campaign.models.partners import Partner
from campaign.models.snapshots import FIGURES, LogFilter
from campaign.models.summed import ChannelTotal, Growth, Published
from campaign.models.tallies import EVER, Tally

PARTS = ("template", "partner", "region")
"""What totals can be split by, beside the channel."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """The rows that answer a question."""

    part: str
    conditions: Sequence[sa.ColumnElement[bool]]


def totals(session: Session, wanted: LogFilter, by: str | None = None) -> list[ChannelTotal]:
    """Return, per channel, the newest known figures of its posts added up, by channel name; ``by`` splits each channel
    by one of ``PARTS``.

    Newest is taken figure by figure: a platform that stops giving a figure for old posts (X gives clicks for thirty
    days) does not make the last one that it gave disappear. With ``wanted.since`` they are what was gained from then
    on, of the channels that were read since; the posts are counted all the same.
    """
    if by is None and newest.answers(wanted):
        return newest.totals(session, wanted)
    kept, zone = _answering(wanted, by), tallies.zone_of(session)
    of_days = wanted.since is not None or wanted.until is not None
    if kept is None or _cut(wanted, zone) or (of_days and " " in kept.part):
        return summed.totals(session, wanted, by)
    days = [col(Tally.day) != EVER, *_until(wanted, zone)] if of_days else [col(Tally.day) == EVER]
    rows = sa.and_(col(Tally.part) == kept.part, *kept.conditions, *days)
    return _added_up(session, rows, by, _since(wanted, zone))


def _added_up(
    session: Session, rows: sa.ColumnElement[bool], by: str | None, since: Sequence[sa.ColumnElement[bool]]
) -> list[ChannelTotal]:
    """Return kept sums added up by channel and ``by``; of the rows ``since`` the gains, of all of them the posts."""

    def gained(column: Any) -> Any:
        return sa.case((since[0], column)) if since else column

    part, partner = summed.parts(by, col(Tally.name))
    sums = summed.added(lambda name: sa.func.sum(gained(getattr(Tally, name))))
    known = [sa.func.sum(getattr(Tally, f"{name}_posts")) for name in FIGURES]
    keys, taken_at = (col(Tally.channel), part, partner), sa.func.max(gained(col(Tally.taken_at)))
    statement = (
        sa.select(*keys, sa.func.sum(col(Tally.posts)), taken_at, *sums, *known)
        .join(Partner, col(Partner.id) == col(Tally.partner_id), isouter=True)
        .where(rows)
        .group_by(*keys)
        .having(taken_at.is_not(None))
        .order_by(*keys)
    )
    return [
        ChannelTotal(channel, int(posts), taken_at, *summed.halves(each), name, key)
        for channel, name, key, posts, taken_at, *each in session.execute(statement)
    ]


def growth(session: Session, wanted: LogFilter, figure: str, zone: ZoneInfo) -> list[Growth]:
    """Return how a figure grew, by channel and local day, from ``wanted.since`` or the beginning on."""
    kept = _answering(wanted, None)
    if kept is None or " " in kept.part or _cut(wanted, zone) or zone.key != tallies.zone_of(session).key:
        return summed.growth(session, wanted, figure, zone)
    days = [*_since(wanted, zone), *_until(wanted, zone)]
    value = getattr(Tally, figure)
    statement = (
        sa.select(col(Tally.channel), col(Tally.day), sa.func.sum(value), sa.func.sum(col(Tally.gaps)))
        .where(col(Tally.part) == kept.part, *kept.conditions, col(Tally.day) != EVER, *days)
        .where(sa.or_(value.is_not(None), col(Tally.gaps) > 0))
        .group_by(col(Tally.channel), col(Tally.day))
        .order_by(col(Tally.channel), col(Tally.day))
    )
    return [
        Growth(channel, date.fromisoformat(day), int(grown or 0), was_read=grown is not None, gaps=int(gaps))
        for channel, day, grown, gaps in session.execute(statement)
    ]


def by_publishing(session: Session, wanted: LogFilter, figure: str, zone: ZoneInfo) -> list[Published]:
    """Return the newest known values of a figure by channel and local hour of publishing, or what was gained from
    ``wanted.since`` on.
    """
    narrow = wanted.since or wanted.until or wanted.template is not None or wanted.slot is not None
    if narrow or _answering(wanted, None) is None or zone.key != tallies.zone_of(session).key:
        return summed.by_publishing(session, wanted, figure, zone)
    part = "hour" if wanted.partner is None else "partner hour"
    conditions = [*_of_channel(wanted), *_of_partner(wanted)]
    value, posts = getattr(Tally, figure), getattr(Tally, f"{figure}_posts")
    statement = (
        sa.select(col(Tally.channel), col(Tally.name), posts, value)
        .where(col(Tally.part) == part, *conditions, col(Tally.day) == EVER, posts > 0)
        .order_by(col(Tally.channel), col(Tally.name))
    )
    return [
        Published(channel, int(hour), count, int(total)) for channel, hour, count, total in session.execute(statement)
    ]


def _answering(wanted: LogFilter, by: str | None) -> _Kept | None:
    """Return the sums that answer a question about any day; None where there are none."""
    if wanted.post_id is not None or wanted.published_from or wanted.published_until:
        return None
    filters = {name for name in ("partner", "template", "slot") if getattr(wanted, name) is not None}
    asked = filters | ({"partner"} if by == "region" else {by} if by else set())
    parts = {
        frozenset[str](): "all",
        frozenset({"partner"}): "partner",
        frozenset({"template"}): "template",
        frozenset({"slot"}): "slot",
        frozenset({"partner", "template"}): "partner template",
    }
    part = parts.get(frozenset(asked))
    if part is None:
        return None
    name = wanted.slot if part == "slot" else wanted.template
    named = [col(Tally.name) == name] if name is not None else []
    return _Kept(part, [*named, *_of_channel(wanted), *_of_partner(wanted)])


def _of_channel(wanted: LogFilter) -> list[sa.ColumnElement[bool]]:
    return [col(Tally.channel) == wanted.channel] if wanted.channel is not None else []


def _of_partner(wanted: LogFilter) -> list[sa.ColumnElement[bool]]:
    if wanted.partner is None:
        return []
    mine = sa.select(col(Partner.id)).where(col(Partner.key) == wanted.partner).scalar_subquery()
    return [col(Tally.partner_id) == mine]


def _cut(wanted: LogFilter, zone: ZoneInfo) -> bool:
    """Say whether the bounds cut a day, of which sums know the whole alone."""
    return any(at is not None and _begun_at(at, zone) is None for at in (wanted.since, wanted.until))


def _since(wanted: LogFilter, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
    day = _begun_at(wanted.since, zone) if wanted.since else None
    return [col(Tally.day) >= day.isoformat()] if day else []


def _until(wanted: LogFilter, zone: ZoneInfo) -> list[sa.ColumnElement[bool]]:
    day = _begun_at(wanted.until, zone) if wanted.until else None
    return [col(Tally.day) < day.isoformat()] if day else []


def _begun_at(at: datetime, zone: ZoneInfo) -> date | None:
    """Return the day that begins at an instant; None where a day is cut there."""
    local = at.astimezone(zone)
    return local.date() if local.replace(tzinfo=None).time() == datetime.min.time() else None
