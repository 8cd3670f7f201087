"""Figures added up, as the charts show them: totals, how they grew, the best hours, issues; and outcomes beside them.

Channels are never added up: each platform counts in its own way.
"""

from dataclasses import replace
from datetime import date
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from campaign.intake.outcomes import read_outcomes
from campaign.intake.values import ROW_MAX
from campaign.models import figures, listing, outcomes
from campaign.models.figures import Funnel
from campaign.models.listing import PostFilter, PostRow
from campaign.models.snapshots import LogFilter
from campaign.people import Right, demand
from campaign.plan.days import local
from campaign.ports import MAIL
from campaign.register import outcomes as register
from campaign.reports import log as reports
from campaign.reports import trends
from campaign.reports.outcomes import outcome_row
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Administers, Caller, Reads
from campaign.web.api.once import Onced
from campaign.web.api.query import place
from campaign.web.api.shapes import Cursor, Instant, Name, Page, Sent, Size
from campaign.web.charts import OUT
from campaign.web.queue import place_in, place_of

router = APIRouter(tags=["figures"])

One = Annotated[Name | None, Query()]
Figure = Literal["impressions", "reach", "reactions", "comments", "shares", "clicks"]


class Figures(BaseModel):
    """What is counted on a channel at one instant; null where it is not known."""

    channel: str
    taken_at: str
    impressions: int | None
    reach: int | None
    reactions: int | None
    comments: int | None
    shares: int | None
    clicks: int | None


class Reading(Figures):
    """The figures of a post at one instant; null where the platform does not give one. ``gap``: why there are none."""

    id: str
    partner: str
    external_id: str | None
    reading: str
    slot: str
    template: str
    gap: str | None


class Total(Figures):
    """The newest known figures of a channel's posts, or what they gained, added up; null where no post has it."""

    part: str = Field(description="The template, the partner's name or the region; empty where nothing was split.")
    partner: str | None = Field(description="The partner's key where totals are split by partner: names may be alike.")
    posts: int = Field(description="Posts with any figures; how many have each one stands beside it.")
    impressions_posts: int
    reach_posts: int
    reactions_posts: int
    comments_posts: int
    shares_posts: int
    clicks_posts: int


class Day(BaseModel):
    """Each channel's total, or what it gained, at the end of a local day; null where it is not known."""

    day: date
    channels: dict[str, int | None]


class Hour(BaseModel):
    """What the posts brought that a channel published in one local hour of the day."""

    channel: str
    hour: int
    posts: int
    average: int


class Issue(BaseModel):
    """What became of an issue's copies. ``clicks``: how often people followed its links; null: not counted."""

    id: str
    partner: str
    slot: str
    listed: int
    sent: int
    delivered: int
    clicks: int | None
    left: int


class OutcomeOut(BaseModel):
    """One number of one day that was counted elsewhere."""

    day: date
    name: str
    number: int
    source: str


class OutcomeFile(Sent):
    """A file of outcomes: the columns `day`, `name`, `number`, `source`."""

    csv: Annotated[str, StringConstraints(min_length=1, max_length=80_000)]
    name: Name = Field(default="outcomes.csv", description="What the file is called where it is spoken of.")


class OutcomesTaken(BaseModel):
    """How many numbers came in, how many were there already, and how many of these days the file no longer says."""

    added: int
    changed: int
    same: int
    removed: int


class Filter:
    """Which readings count. An officer's token asks about its own partner; another one is not there."""

    def __init__(
        self,
        partner: One = None,
        channel: One = None,
        slot: One = None,
        template: One = None,
        since: Instant | None = None,
        until: Instant | None = None,
        post: Annotated[int | None, Query(ge=1, le=ROW_MAX, description="The post's number.")] = None,
    ) -> None:
        self._given = LogFilter(partner, channel, slot, template, post, since, until)

    def of(self, who: Caller, session: Session) -> LogFilter:
        """Return the filter for who calls. Raises UnknownName."""
        who.channels(*filter(None, [self._given.channel]))
        return replace(self._given, partner=one_of(who, session, self._given.partner))


def one_of(who: Caller, session: Session, partner: str | None) -> str | None:
    """Return the one partner that is asked about, None for all. Raises UnknownName."""
    return next(iter(who.only(session, *filter(None, [partner]))), None)


Filtered = Annotated[Filter, Depends(Filter)]


@router.get("/figures/totals")
def totals(who: Reads, wanted: Filtered, by: Literal["template", "partner", "region"] | None = None) -> Page[Total]:
    """Add up each channel's newest known figures; `by` splits each channel. Channels must not be added up.

    `since` counts what was gained from then on alone, `until` what was known then.
    """
    with who.house.app.database.read() as session:
        rows = reports.totals(session, wanted.of(who, session), by)
    return Page[Total](items=[_total(row, by) for row in rows])


def _total(row: reports.LogRow, by: str | None) -> Total:
    label = "name" if by == "partner" else by
    return Total.model_validate({"partner": None, **row, "part": row[label] if label else ""})


@router.get("/figures/over-time")
def over_time(who: Reads, wanted: Filtered, figure: Figure = "impressions") -> Page[Day]:
    """Show each channel's total at the end of each local day, of 400 days at most: the newest.

    `since` counts what was gained from then on alone: the last day has what `/figures/totals` says.
    """
    with who.house.app.database.read() as session:
        trend = trends.over_time(session, wanted.of(who, session), figure, who.house.zone)
    days = [
        Day(day=day, channels={name: values[place] for name, values in trend.channels.items()})
        for place, day in enumerate(trend.days)
    ]
    return Page[Day](items=days)


@router.get("/figures/hours")
def hours(who: Reads, wanted: Filtered, figure: Figure = "impressions") -> Page[Hour]:
    """Show by channel and local hour of publishing how many posts have the figure, and their average.

    `since` counts what was gained from then on alone.
    """
    with who.house.app.database.read() as session:
        rows = trends.best_hours(session, wanted.of(who, session), figure, who.house.zone)
    return Page[Hour](items=[Hour.model_validate(row) for row in rows])


@router.get("/figures/issues")
def issues(who: Reads, partner: One = None, limit: Size = 50, cursor: Cursor = "") -> Page[Issue]:
    """List the newsletters that have gone out, the newest first, with what became of their copies."""
    after = place(cursor, place_in)
    with who.house.app.database.read() as session:
        mine = who.only(session, *filter(None, [partner]))
        wanted = PostFilter(partners=mine, channels=(MAIL,), statuses=OUT)
        page = listing.posts_page(session, wanted, limit, after=after, newest_first=True)
        funnels = figures.funnels(session, [row.post for row in page.rows])
        items = [_issue(row, funnels[row.post.ident]) for row in page.rows]
    return Page[Issue](items=items, next=place_of(page.rows[-1]) if page.has_after else None)


def _issue(row: PostRow, found: Funnel) -> Issue:
    return Issue(
        id=str(row.post.id),
        partner=row.partner.key,
        slot=row.post.slot,
        listed=found.listed,
        sent=found.sent,
        delivered=found.delivered,
        clicks=found.clicks,
        left=found.left,
    )


@router.get("/outcomes")
def list_outcomes(who: Reads, since: date | None = None, until: date | None = None) -> Page[OutcomeOut]:
    """List what was counted elsewhere, by day, both ends included. It is the campaign's, so no officer's token may."""
    demand(who.person, Right.HOLD)
    with who.house.app.database.read() as session:
        rows = outcomes.between(session, since, until)
    return Page[OutcomeOut](items=[OutcomeOut.model_validate(outcome_row(row)) for row in rows])


@router.post("/outcomes")
def import_outcomes(sent: OutcomeFile, who: Administers, once: Onced) -> OutcomesTaken:
    """Take in a file of outcomes, all of it or nothing. What it says of a day stands in the place of what was there."""
    rows = read_outcomes(sent.name, sent.csv.encode(), local(who.house.now(), who.house.zone).date())

    def act(desk: Desk) -> dict[str, object]:
        done = register.take(desk.session, rows, by=desk.person, now=desk.now)
        return {"added": done.added, "changed": done.changed, "same": done.same, "removed": done.removed}

    return once.do(who, sent, OutcomesTaken, act)
