"""The engagement log: every reading, sorted and filtered, page by page by key; as files; and one page for each post."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import clicks, figures, lanes
from campaign.models.figures import ORDERS, Order
from campaign.models.listing import PostRow
from campaign.models.paging import Page, Place
from campaign.models.snapshots import FIGURES, LogLine
from campaign.newsletter.render import links as counted_links
from campaign.people import Right
from campaign.ports import MAIL
from campaign.reports.log import LOG_COLUMNS, each_log_row, log_row
from campaign.reports.svg import Bar, bar_chart
from campaign.web import places
from campaign.web.area import Area
from campaign.web.asked import Asked, asked, choices
from campaign.web.downloads import as_csv, as_xlsx
from campaign.web.subjects import copy_of, template_title
from campaign.web.visitor import Who
from campaign.web.words import FIGURE_NAMES, tag_of, titled

area = Area()

SIZE = 50
"""Readings on a page."""

_COLUMNS = (("taken_at", "Taken"), *FIGURE_NAMES.items())


@area.get("/engagement/log", Right.SEE)
def log(who: Who, sort: str = "", after: str = "", before: str = "") -> Response:
    """List readings."""
    found, order = asked(who), _order(sort)
    with who.reading() as session:
        page = figures.log_page(
            session,
            found.wanted,
            order,
            SIZE,
            after=place_in(order, after),
            before=place_in(order, before),
        )
        offered = choices(session, who, found)
    return who.page(
        "engagement/log.html",
        section="log",
        lines=page.rows,
        titles=partial(template_title, copy_of(who.house.app)),
        heads=[_head(found, order, *column) for column in _COLUMNS],
        order=order,
        left_out=order.column != "taken_at",
        sort=_said(order),
        **_ways(found, order, page),
        **offered,
    )


def _ways(found: Asked, order: Order, page: Page[LogLine]) -> dict[str, Any]:
    """Return the addresses of the pages before and after this one."""

    def address(name: str, index: int) -> str:
        return found.address("/engagement/log", sort=_said(order), **{name: place_of(order, page.rows[index])})

    return {
        "previous": address("before", 0) if page.has_before and page.rows else None,
        "following": address("after", -1) if page.has_after and page.rows else None,
    }


def _order(sort: str) -> Order:
    """Read the order; what is none is the newest first."""
    column = sort.removeprefix("-")
    return Order(column, descending=sort.startswith("-")) if column in ORDERS else Order()


def _said(order: Order) -> str:
    return f"{'-' if order.descending else ''}{order.column}"


def _head(found: Asked, order: Order, column: str, name: str) -> dict[str, str]:
    """Return a column's head: how it is sorted now, and what a click makes of it."""
    here = order.column == column
    turned = Order(column, descending=not (here and order.descending))
    state = ("descending" if order.descending else "ascending") if here else "none"
    return {"name": name, "sorted": state, "address": found.address("/engagement/log", sort=_said(turned))}


def place_in(order: Order, text: str) -> Place | None:
    """Read a place in an order out of an address."""
    return places.read(text, datetime if order.column == "taken_at" else int, int)


def place_of(order: Order, line: LogLine) -> str:
    """Return a reading's place in an order as an address carries it."""
    return places.written(order.place(line))


@area.get("/engagement/log.csv", Right.SEE)
def log_csv(who: Who) -> Response:
    """Give the readings of the filter as a file, all of them, oldest first."""
    rows = each_log_row(who.house.app.database, asked(who).wanted)
    return as_csv(rows, LOG_COLUMNS, "engagement-log")


@area.get("/engagement/log.xlsx", Right.SEE)
def log_xlsx(who: Who) -> Response:
    """Give the same readings as a workbook."""
    rows = each_log_row(who.house.app.database, asked(who).wanted)
    return as_xlsx(rows, LOG_COLUMNS, "engagement-log", "Engagement")


@area.get("/engagement/posts/{ident}", Right.SEE)
def post(ident: str, who: Who) -> Response:
    """Show all that was measured of a post, and every try to publish it."""
    with who.reading() as session:
        row = who.post(session, ident)
        lines = figures.readings(session, row.post.ident)
        measured_at = max((line.taken_at for line in lines if line.gap is None), default=None)
        return who.page(
            "engagement/post.html",
            post=row.post,
            partner=row.partner,
            account=row.account,
            tag=tag_of(row.post),
            figures=FIGURES,
            cards=_cards(lines) if measured_at else [],
            measured_at=measured_at,
            lines=lines,
            attempts=lanes.attempts(session, row.post.ident),
            **_funnel(session, row),
        )


def _cards(lines: Sequence[LogLine]) -> list[tuple[str, int | None, datetime | None]]:
    """Return each figure with its newest known value and when that was read, as totals count it: a platform that gives
    a figure no more does not make the last one disappear.
    """
    cards: list[tuple[str, int | None, datetime | None]] = []
    for place, name in enumerate(FIGURES):
        given = ((line.figures[place], line.taken_at) for line in reversed(lines) if line.figures[place] is not None)
        cards.append((name, *next(given, (None, None))))
    return cards


def _funnel(session: Session, row: PostRow) -> dict[str, Any]:
    """Return the ways that an issue's copies went, as a chart and its table; nothing for another post."""
    if row.post.channel != MAIL:
        return {"funnel": (), "chart": ""}
    found = figures.funnel(session, row.post)
    steps = (
        ("On the list", found.listed),
        ("Sent", found.sent),
        ("Delivered: taken by their mail server", found.delivered),
        ("Clicks on its links", found.clicks),
        ("Left the list since", found.left),
    )
    bars = [Bar(name, value, _share(value, found.listed)) for name, value in steps]
    chart = bar_chart(f"What became of the copies of {titled(row.post)}", bars, "email", ident="funnel")
    return {"funnel": bars, "chart": chart, "asides": found.asides, "links": _links(session, row)}


def _links(session: Session, row: PostRow) -> list[tuple[str, int, int]]:
    """Return the links of an issue whose clicks are counted: each with how often people followed it, and programs."""
    if not row.post.counts_clicks:
        return []
    counts = clicks.by_link(session, row.post.ident)
    addresses = counted_links(str(row.post.draft["words"]))
    return [(address, *counts.get(number, (0, 0))) for number, address in enumerate(addresses)]


def _share(value: int | None, of: int) -> str:
    if value is None:
        return "not counted"
    return f"{100 * value / of:.0f}%" if of else ""


@area.get("/engagement/posts/{ident}/readings.csv", Right.SEE)
def post_csv(ident: str, who: Who) -> Response:
    """Give the readings of a post as a file."""
    with who.reading() as session:
        lines = figures.readings(session, who.post(session, ident).post.ident)
    return as_csv(map(log_row, lines), LOG_COLUMNS, f"post-{int(ident)}")
