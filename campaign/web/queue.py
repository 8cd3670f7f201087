"""The list of posts for everybody: by day, with filters, page by page by key."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Annotated, Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Depends, Query
from fastapi.responses import Response
from sqlmodel import Session

from campaign.intake.posts import ROWS_MAX
from campaign.intake.values import row_id
from campaign.models import holds, partners
from campaign.models.listing import PostFilter, PostRow
from campaign.models.paging import Place
from campaign.models.searching import Found
from campaign.models.status import OUT, Status
from campaign.people import Right
from campaign.plan.days import day_after, day_start
from campaign.reports.export import Row
from campaign.reports.posts import POST_COLUMNS, each_post, post_line
from campaign.review import searching
from campaign.review.searching import Search
from campaign.web import held, places, times
from campaign.web.area import Area, Tab
from campaign.web.downloads import as_csv, as_xlsx
from campaign.web.forms import options
from campaign.web.items import Item, items
from campaign.web.visitor import Actor, Who
from campaign.web.words import DRAFTS, STATES, day_name, excerpt, sentence
from campaign.wording import channel, counted, some_of

area = Area(Tab("Posts", "/posts", Right.SEE))

SIZE = 30
"""Posts on a page."""
MOST = 500
"""Posts that a page of a search looks at: a browser with scripts goes on by itself."""
_OFTEN = frozenset(
    {
        *(Status.DRAFT.value, Status.IN_REVIEW.value, Status.APPROVED.value, Status.PUBLISHED.value),
        *(Status.BY_HAND.value, Status.MISSED.value, Status.FAILED.value),
    }
)
"""States that people look for; the filter folds the others."""
_LONGEST = 200
_IN_WORDS = "words"

Many = Annotated[list[str], Query(default_factory=list)]


@dataclass(frozen=True, slots=True)
class Filter:
    """What the filter's form says; what it cannot mean is left out, and a day that is none is said.

    ``search`` is a text to look for; ``within`` says that it is no number and no name. ``ids``: these posts alone, as a
    page that has just made them leads here.
    """

    search: str
    within: str
    partner: str
    channels: tuple[str, ...]
    statuses: tuple[str, ...]
    day_text: str
    day: date | None
    day_error: str
    last_text: str = ""
    last: date | None = None
    slot: str = ""
    ids: tuple[int, ...] = ()

    def wanted(self, who: Actor) -> PostFilter:
        """Return the posts among which is searched. Without a text, a state and a day: what is still to come, from
        today on.
        """
        since, zone = self.day, who.house.zone
        if since is None and self.last is None and not (self.statuses or self.search or self.ids):
            since = who.house.now().astimezone(zone).date()
        return PostFilter(
            ids=self.ids,
            partners=who.partners or ((self.partner,) if self.partner else ()),
            channels=self.channels,
            statuses=self.statuses,
            slots=(self.slot,) if self.slot else (),
            since=day_start(since, zone) if since else None,
            until=day_after(self.last, zone) if self.last else None,
        )

    def begun(self, search: Search, now: datetime) -> Search:
        """Return a search for words, the latest first, that begins where the first of them may be: PostgreSQL would go
        through all that is still to come to find what is out. A day more, for other machines' clocks. For a first page
        alone: beside the place of a later one SQLite would go by this bound.
        """
        if not search.words or self.last or not self.statuses or not OUT.issuperset(self.statuses):
            return search
        return replace(search, wanted=replace(search.wanted, until=now + timedelta(days=1)))

    def read(self, session: Session, who: Actor) -> Search:
        """Return the posts that are meant."""
        return searching.read(session, self.search, self.wanted(who), in_words=self.within == _IN_WORDS)

    def address(self, path: str = "/posts", **more: str) -> str:
        """Return the address of the list, or of its file, with this filter."""
        pairs = [("search", self.search), ("within", self.within), ("partner", self.partner)]
        pairs += [("from", self.day_text), ("to", self.last_text), ("slot", self.slot)]
        pairs += [*(("channel", name) for name in self.channels), *(("status", name) for name in self.statuses)]
        pairs.append(("ids", ",".join(map(str, self.ids))))
        said = urlencode([(name, text) for name, text in [*pairs, *more.items()] if text])
        return f"{path}?{said}" if said else path

    @property
    def narrowed(self) -> bool:
        """Whether it says anything."""
        return self.address() != "/posts"

    @property
    def last_error(self) -> str:
        """What is wrong with the last day."""
        return times.DAY_HINT if self.last_text.strip() and self.last is None else ""

    @property
    def in_words(self) -> str:
        """The address of the same search, in words alone."""
        return self.address(within=_IN_WORDS)


def _asked(
    who: Who,
    channel: Many,
    status: Many,
    search: str = "",
    within: str = "",
    partner: str = "",
    day: Annotated[str, Query(alias="from")] = "",
    last: Annotated[str, Query(alias="to")] = "",
    slot: Annotated[str, Query(max_length=_LONGEST)] = "",
    ids: str = "",
) -> Filter:
    text = " ".join(search.split())[:_LONGEST]
    found = times.day(day)
    return Filter(
        text if text.isprintable() else "",
        _IN_WORDS if text and within == _IN_WORDS else "",
        partner if partner.isprintable() else "",
        tuple(name for name in channel if name in who.house.app.channels),
        tuple(name for name in status if name in set(Status)),
        day,
        found,
        "" if found or not day.strip() else times.DAY_HINT,
        last,
        times.day(last),
        slot if slot.isprintable() else "",
        tuple(ident for one in ids.split(",")[:ROWS_MAX] if (ident := row_id(one)) is not None),
    )


Asks = Annotated[Filter, Depends(_asked)]


@area.get("/posts", Right.SEE)
def posts(who: Who, asked: Asks, after: str = "", before: str = "") -> Response:
    """List posts by day; what is searched for with the latest first."""
    zone, newest_first = who.house.zone, bool(asked.search)
    with who.reading() as session:
        search = asked.read(session, who)
        ways = {"after": place_in(after), "before": place_in(before)}
        begun = search if any(ways.values()) else asked.begun(search, who.house.now())
        found = begun.page(session, SIZE, newest_first=newest_first, most=MOST, **ways)
        on = holds.active(session)
        shown = items(on, found.page.rows)
        banners = held.over_lists(session, who, on)
        choices = _choices(session, who, asked)
    return who.page(
        "queue/list.html",
        filter=asked,
        all_partners=not who.partners,
        banners=banners,
        may_hold=who.may(Right.HOLD),
        days=_by_day(shown, zone, who.house.now().astimezone(zone).date()),
        summary=_summary(found, asked, search),
        named=search.named,
        excerpts={row.post.ident: excerpt(row.post, search.words) for row in found.page.rows} if search.words else {},
        most=MOST,
        onward=not place_in(before),
        **_ways(asked, found, backward=bool(place_in(before))),
        **choices,
    )


@area.get("/posts.csv", Right.SEE)
def posts_csv(who: Who, asked: Asks) -> Response:
    """Give every post of the filter as a file, in the order of the list."""
    return as_csv(_lines(who, asked), POST_COLUMNS, "posts")


@area.get("/posts.xlsx", Right.SEE)
def posts_xlsx(who: Who, asked: Asks) -> Response:
    """Give the same posts as a workbook."""
    return as_xlsx(_lines(who, asked), POST_COLUMNS, "posts", "Posts")


def _lines(who: Actor, asked: Filter) -> Iterator[Row]:
    with who.reading() as session:
        search = asked.read(session, who)
    return map(post_line, each_post(who.house.app.database, search, newest_first=bool(asked.search)))


def _ways(asked: Filter, found: Found, *, backward: bool) -> dict[str, Any]:
    """Return the addresses of the pages before and after this one, and of the rest of a search that stopped."""
    page, stopped = found.page, found.stopped
    first = asked.address(before=place_of(page.rows[0])) if page.has_before and page.rows else None
    last = asked.address(after=place_of(page.rows[-1])) if page.has_after and page.rows else None
    further = asked.address(**{"before" if backward else "after": places.written(stopped)}) if stopped else None
    return {"previous": first, "following": last, "further": further}


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


def _summary(found: Found, asked: Filter, search: Search) -> str:
    if asked.day_error or asked.last_error:
        return "A day was not understood, so every day is shown."
    if not found.page.rows and not found.stopped:
        return "Nothing to show."
    if search.number is not None:
        return f"Post {search.number}."
    return _of_many(asked, search)


def _of_many(asked: Filter, search: Search) -> str:
    if search.named:
        return f"Posts of {some_of(search.named)}, the latest first."
    if search.words:
        return f"Posts that say “{asked.search}”, the latest first."
    if asked.slot:
        return f"“{sentence(asked.slot)}” posts, by time."
    of = f"{counted(len(asked.ids), 'post')}, by time." if asked.ids else "By time."
    return of if asked.ids or asked.statuses or asked.day or asked.last else "From today on, by time."


def _choices(session: Session, who: Actor, asked: Filter) -> dict[str, Any]:
    """Return what the filter's form offers: an officer has one partner and is not asked for it."""
    named = [] if who.partners else partners.names(session)
    states = [
        {"value": status.value, "text": tag.text, "checked": status.value in asked.statuses}
        for status, tag in {**STATES, Status.DRAFT: DRAFTS}.items()
    ]
    return {
        "partners": options("All partners", named, asked.partner) if named else [],
        "channels": [
            {"value": name, "text": channel(name), "checked": name in asked.channels} for name in who.house.app.channels
        ],
        "statuses": [one for one in states if one["value"] in _OFTEN],
        "more_statuses": [one for one in states if one["value"] not in _OFTEN],
    }
