"""The calendar by day, and the report of one week."""

from datetime import date, timedelta
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from campaign.clock import iso
from campaign.errors import WrongUse
from campaign.models.calendar import Due
from campaign.models.snapshots import FIGURES
from campaign.people import RIGHTS, Right
from campaign.plan.days import instant
from campaign.reports import calendar, weekly
from campaign.reports.outcomes import outcome_row
from campaign.web.api.bearer import Caller, Reads
from campaign.web.api.figures import One, OutcomeOut, one_of
from campaign.web.api.shapes import Day, Page
from campaign.web.subjects import copy_of

router = APIRouter()

_MOST = 62

OfDay = Annotated[Day | None, Query()]


class Entry(BaseModel):
    """Posts of one slot and state that are due on a day. ``post``: which, where there is one."""

    slot: str
    status: str
    channels: list[str]
    posts: int
    first_at: str
    post: str | None


class EventOn(BaseModel):
    """An event of the campaign."""

    name: str
    title: str
    starts_at: str
    status: str


class DayOut(BaseModel):
    """A local day with what is on it. ``quiet``: the quiet periods in which nothing goes out."""

    day: date
    holiday: str | None
    quiet: list[str]
    events: list[EventOn]
    entries: list[Entry]


class BestPost(BaseModel):
    """A post that did best on its channel, by one figure."""

    channel: str
    figure: str
    post: str
    partner: str
    partner_name: str
    slot: str
    value: int


class ChannelWeek(BaseModel):
    """What became of a channel's posts, and what those brought that were published; null: no post has the figure."""

    channel: str
    published: int
    missed: int
    failed: int
    figures: dict[str, int | None]


class WeekOut(BaseModel):
    """The report of a week, Monday to Sunday. Channels must not be added up."""

    first: date
    last: date
    channels: list[ChannelWeek]
    best: list[BestPost]
    silent: list[str] = Field(description="Partners of which nothing went out, by name.")
    silent_keys: list[str] = Field(description="Their keys, in the same order: names may be alike.")
    waits: dict[str, int] = Field(description="Posts that wait for a person now, by state.")
    outcomes: list[OutcomeOut] = Field(description="The campaign's, so empty for one partner and an officer's token.")


def _local_today(who: Caller) -> date:
    return who.house.now().astimezone(who.house.zone).date()


@router.get("/calendar", tags=["posts"])
def show_calendar(who: Reads, since: OfDay = None, until: OfDay = None) -> Page[DayOut]:
    """Show local days, both ends included, 62 at most; without ends the seven days from today on."""
    first = since or (until - timedelta(days=6) if until else _local_today(who))
    last = until or first + timedelta(days=6)
    if not 0 <= (last - first).days < _MOST:
        raise WrongUse(problem=f"From {first} to {last} are not 1 to {_MOST} days", mend="Choose others.")
    wanted = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    copy, zone = copy_of(who.house.app), who.house.zone
    with who.house.app.database.read() as session:
        found = calendar.days(session, wanted, zone, copy, who.partners)
    return Page[DayOut](items=[_day(who, one) for one in found])


def _day(who: Caller, one: calendar.Day) -> DayOut:
    return DayOut(
        day=one.day,
        holiday=one.holiday or None,
        quiet=list(one.quiet),
        events=[
            EventOn(
                name=event.name,
                title=event.title,
                starts_at=iso(instant(event.starts, who.house.zone)),
                status=event.status,
            )
            for event in one.events
        ],
        entries=[_entry(entry) for entry in one.entries],
    )


def _entry(one: Due) -> Entry:
    return Entry(
        slot=one.slot,
        status=one.status,
        channels=list(one.channels),
        posts=one.posts,
        first_at=iso(one.first_at),
        post=None if one.post_id is None else str(one.post_id),
    )


@router.get("/figures/week", tags=["figures"])
def show_week(who: Reads, of: OfDay = None, partner: One = None) -> WeekOut:
    """Show the report of the week of a day; without one, of this week."""
    day = of or _local_today(who)
    whole = Right.HOLD in RIGHTS[who.person.role]
    with who.house.app.database.read() as session:
        own = one_of(who, session, partner)
        found = weekly.weekly(session, day, who.house.zone, partner=own, with_outcomes=whole)
    return _week(found)


def _week(found: weekly.Week) -> WeekOut:
    figures = {total.channel: dict(zip(FIGURES, total.figures, strict=True)) for total in found.figures}
    none = dict.fromkeys(FIGURES)
    return WeekOut(
        first=found.first,
        last=found.last,
        channels=[
            ChannelWeek(
                channel=name,
                figures=figures.get(name, none),
                **{what: found.counts.get(name, {}).get(what, 0) for what in ("published", "missed", "failed")},
            )
            for name in sorted({*found.counts, *figures})
        ],
        best=[
            BestPost(
                channel=name,
                figure=figure,
                post=str(post.post_id),
                partner=post.partner,
                partner_name=post.partner_name,
                slot=post.slot,
                value=post.value,
            )
            for name, (figure, posts) in found.best.items()
            for post in posts
        ],
        silent=[partner.name for partner in found.silent],
        silent_keys=[partner.key for partner in found.silent],
        waits=found.waits,
        outcomes=[OutcomeOut.model_validate(outcome_row(row)) for row in found.outcomes],
    )
