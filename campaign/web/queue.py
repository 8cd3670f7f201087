"""The list of posts for everybody: by day, with filters, page by page by key."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Query
from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import holds, listing, partners
from campaign.models.listing import PostFilter, PostRow
from campaign.models.paging import Page, Place
from campaign.models.status import Status
from campaign.people import Right
from campaign.plan.days import day_start
from campaign.web import places, times
from campaign.web.area import Area, Tab
from campaign.web.forms import options
from campaign.web.items import Item, items
from campaign.web.visitor import Actor, Who
from campaign.web.words import STATES, day_name
from campaign.wording import channel

area = Area(Tab("Posts", "/posts", Right.SEE))

SIZE = 30
"""Posts on a page."""

Many = Annotated[list[str], Query(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the filter's form says; what it cannot mean is left out, and a day that is none is said."""

    partner: str
    channels: tuple[str, ...]
    statuses: tuple[str, ...]
    day_text: str
    day: date | None
    day_error: str

    @classmethod
    def of(cls, who: Actor, partner: str, channels: list[str], statuses: list[str], day_text: str) -> "Filter":
        """Read the form."""
        day = times.day(day_text)
        error = "" if day or not day_text.strip() else times.DAY_HINT
        known = tuple(name for name in channels if name in who.house.app.channels)
        return cls(partner, known, tuple(name for name in statuses if name in set(Status)), day_text, day, error)

    def wanted(self, who: Actor, zone: ZoneInfo) -> PostFilter:
        """Return the posts that are meant. Without a state and a day: what is still to come, from today on."""
        since = self.day
        if since is None and not self.statuses:
            since = who.house.now().astimezone(zone).date()
        return PostFilter(
            partners=who.partners or ((self.partner,) if self.partner else ()),
            channels=self.channels,
            statuses=self.statuses,
            since=day_start(since, zone) if since else None,
        )

    def address(self, **more: str) -> str:
        """Return the address of the list with this filter."""
        pairs = [("partner", self.partner), ("from", self.day_text), *(("channel", name) for name in self.channels)]
        pairs += [("status", name) for name in self.statuses]
        return "/posts?" + urlencode([(name, text) for name, text in [*pairs, *more.items()] if text])


@area.get("/posts", Right.SEE)
def posts(
    who: Who,
    channel: Many,
    status: Many,
    partner: str = "",
    day: Annotated[str, Query(alias="from")] = "",
    after: str = "",
    before: str = "",
) -> Response:
    """List posts by day."""
    zone = who.house.zone
    asked = Filter.of(who, partner, channel, status, day)
    with who.reading() as session:
        found = listing.posts_page(
            session, asked.wanted(who, zone), SIZE, after=place_in(after), before=place_in(before)
        )
        shown = items(session, found.rows)
        choices = _choices(session, who, asked)
        all_held = holds.everything(session)
    return who.page(
        "queue/list.html",
        filter=asked,
        all_partners=not who.partners,
        all_held=all_held,
        days=_by_day(shown, zone, who.house.now().astimezone(zone).date()),
        summary=_summary(found, asked),
        earlier=asked.address(before=place_of(found.rows[0])) if found.has_before and found.rows else None,
        later=asked.address(after=place_of(found.rows[-1])) if found.has_after and found.rows else None,
        **choices,
    )


def place_in(text: str) -> Place | None:
    """Read a place in the order of due times out of an address."""
    return places.read(text, datetime, int)


def place_of(row: PostRow) -> str:
    """Return a post's place in the order of due times as an address carries it."""
    return places.written(row.place)


def _by_day(shown: Iterable[Item], zone: ZoneInfo, today: date) -> list[tuple[str, list[Item]]]:
    def key(item: Item) -> date:
        return item.row.post.due_at.astimezone(zone).date()

    names = {today: "Today, ", today + timedelta(days=1): "Tomorrow, "}
    return [(names.get(day, "") + day_name(day, today), list(found)) for day, found in groupby(shown, key)]


def _summary(found: Page[PostRow], asked: Filter) -> str:
    if asked.day_error:
        return "The day was not understood, so every day is shown."
    if not found.rows:
        return "Nothing to show."
    return "From today on, by time." if not (asked.statuses or asked.day) else "By time."


def _choices(session: Session, who: Actor, asked: Filter) -> dict[str, Any]:
    """Return what the filter's form offers: an officer has one partner and is not asked for it."""
    named = [] if who.partners else [(row.key, row.name) for row in partners.partners(session)]
    return {
        "partners": options("All partners", named, asked.partner) if named else [],
        "channels": [
            {"value": name, "text": channel(name), "checked": name in asked.channels} for name in who.house.app.channels
        ],
        "statuses": [
            {"value": status.value, "text": tag.text, "checked": status.value in asked.statuses}
            for status, tag in STATES.items()
        ],
    }
