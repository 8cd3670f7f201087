"""Engagement in charts: totals over time, by template, partner and region, the best hours, and the newsletters.

Beside each chart stands its table, and its figures as a file. No figure is ever added up over channels.
"""

from collections import Counter
from itertools import groupby

from fastapi.responses import Response

from campaign.errors import UnknownName
from campaign.models import figures, listing, outcomes
from campaign.models.listing import PostFilter
from campaign.models.snapshots import FIGURES
from campaign.models.status import Status
from campaign.models.totals import PARTS
from campaign.people import Right
from campaign.plan.gather import Copy
from campaign.ports import MAIL
from campaign.reports import log as reports
from campaign.reports import trends
from campaign.reports.log import LogRow
from campaign.reports.outcomes import by_day as side_by_side
from campaign.reports.svg import NARROW, Bar, Series, bar_chart, line_chart
from campaign.web.area import Area, Tab
from campaign.web.asked import Asked, asked, choices, span
from campaign.web.downloads import as_csv
from campaign.web.queue import place_in, place_of
from campaign.web.subjects import copy_of, template_title
from campaign.web.visitor import Who
from campaign.web.words import FIGURE_NAMES, clock_hour
from campaign.wording import channel

area = Area(Tab("Engagement", "/engagement", Right.SEE))

BARS = 12
"""Bars in a chart at most: its table has the others."""
ROWS = 50
"""Rows in a chart's table at most: its file has them all."""
ISSUES = 20
OUT = (Status.PUBLISHING.value, Status.PUBLISHED.value, Status.UNCONFIRMED.value)
"""Where an issue stands that has gone out, or goes out."""
_TITLES = {"template": "By template", "partner": "By partner", "region": "By region"}


@area.get("/engagement", Right.SEE)
def over_time(who: Who) -> Response:
    """Show each channel's total, and how it grew."""
    found, zone = asked(who), who.house.zone
    today = who.house.now().astimezone(zone).date()
    with who.reading() as session:
        trend = trends.over_time(session, found.wanted, found.figure, zone)
        totals = reports.totals(session, found.wanted)
        beside = outcomes.between(session, trend.days[0], trend.days[-1]) if trend.days and who.may(Right.HOLD) else []
        offered = choices(session, who, found)
    outcome_names, by_day = side_by_side(beside, trend.days)
    lines = [Series(channel(name), name, values) for name, values in trend.channels.items() if set(values) - {None}]
    gained = f"gained from {span((offered['since'],), today)} on" if offered["since"] else "of all posts so far"
    title = f"{FIGURE_NAMES[found.figure]} {gained}, by channel"
    return who.page(
        "engagement/over_time.html",
        section="over-time",
        cards=[(total["channel"], total[found.figure], total[f"{found.figure}_posts"]) for total in totals],
        last=max((str(total["taken_at"]) for total in totals), default=""),
        span=span(trend.days, today),
        chart=line_chart(title, trend.days, lines, ident="growth") if lines else "",
        narrow=line_chart(title, trend.days, lines, ident="growth-narrow", frame=NARROW) if lines else "",
        days=list(reversed(list(zip(trend.days, *trend.channels.values(), strict=True)))),
        names=list(trend.channels),
        outcome_names=outcome_names,
        outcomes=by_day,
        **offered,
    )


@area.get("/engagement/over-time.csv", Right.SEE)
def over_time_csv(who: Who) -> Response:
    """Give the totals by day as a file."""
    found = asked(who)
    with who.reading() as session:
        trend = trends.over_time(session, found.wanted, found.figure, who.house.zone)
    return as_csv(iter(trend.rows()), ("day", *trend.channels), f"{found.figure}-over-time")


@area.get("/engagement/by/{part}", Right.SEE)
def by_part(part: str, who: Who) -> Response:
    """Show each channel's totals by template, partner or region."""
    found = asked(who)
    with who.reading() as session:
        rows = _by(part, reports.totals(session, found.wanted, _known(part)), found.figure)
        offered = choices(session, who, found)
    copy = copy_of(who.house.app)
    return who.page(
        "engagement/by_part.html",
        section=part,
        title=_TITLES[part],
        part=part,
        shown=[_chart_of(name, list(own), part, found.figure, copy) for name, own in groupby(rows, _channel_of)],
        most=ROWS,
        **offered,
    )


@area.get("/engagement/by/{part}/totals.csv", Right.SEE)
def by_part_csv(part: str, who: Who) -> Response:
    """Give the totals by template, partner or region as a file."""
    found = asked(who)
    with who.reading() as session:
        rows = reports.totals(session, found.wanted, _known(part))
    columns = (
        "channel",
        part,
        *(("name",) if part == "partner" else ()),
        "posts",
        "taken_at",
        *FIGURES,
        *reports.KNOWN,
    )
    return as_csv(iter(rows), columns, f"engagement-by-{part}")


def _known(part: str) -> str:
    if part not in PARTS:
        raise UnknownName(kind="way to split the totals", name=part, mend=f"There are {', '.join(PARTS)}.")
    return part


def _by(part: str, rows: list[LogRow], figure: str) -> list[LogRow]:
    """Return the rows by channel, the largest first; those without the figure come last."""

    def place(row: LogRow) -> tuple[str, bool, int, str]:
        return str(row["channel"]), row[figure] is None, -int(row[figure] or 0), str(row[part])

    return sorted(rows, key=place)


def _channel_of(row: LogRow) -> str:
    return str(row["channel"])


def _chart_of(name: str, rows: list[LogRow], part: str, figure: str, copy: Copy | None) -> dict[str, object]:
    names = Counter(row.get("name") for row in rows)
    named = [(_named(row, part, names, copy), row) for row in rows]
    given = [(name, row) for name, row in named if row[figure] is not None]
    bars = [Bar(name, _number(row[figure]), _posts(row[f"{figure}_posts"])) for name, row in given[:BARS]]
    title = f"{FIGURE_NAMES[figure]} on {channel(name)} {_TITLES[part].lower()}"
    chart = bar_chart(title, bars, name, ident=f"bars-{name}") if bars else ""
    return {"name": name, "chart": chart, "rows": named[:ROWS], "all": len(rows)}


def _named(row: LogRow, part: str, names: Counter[str | int | None], copy: Copy | None) -> str:
    """Return what a row is called; partners that share a name have their keys behind it."""
    if part == "template":
        return template_title(copy, str(row[part] or ""), _channel_of(row))
    if part != "partner":
        return str(row[part] or "Not said")
    return f"{row['name']} ({row['partner']})" if names[row["name"]] > 1 else str(row["name"])


def _number(value: str | int | None) -> int | None:
    return value if isinstance(value, int) else None


def _posts(count: str | int | None) -> str:
    return f"{count} {'post' if count == 1 else 'posts'}"


@area.get("/engagement/hours", Right.SEE)
def hours(who: Who) -> Response:
    """Show what posts had on average by the hour in which they were published."""
    found = asked(who)
    with who.reading() as session:
        rows = trends.best_hours(session, found.wanted, found.figure, who.house.zone)
        offered = choices(session, who, found)
    return who.page(
        "engagement/hours.html",
        section="hours",
        shown=[_hours_of(name, list(own), found) for name, own in groupby(rows, _channel_of)],
        **offered,
    )


def _hours_of(name: str, rows: list[LogRow], found: Asked) -> dict[str, object]:
    said = [(clock_hour(int(row["hour"] or 0)), row) for row in rows]
    bars = [Bar(hour, _number(row["average"]), _posts(row["posts"])) for hour, row in said]
    title = f"{FIGURE_NAMES[found.figure]} of a post on {channel(name)} on average, by the hour of publishing"
    return {"name": name, "chart": bar_chart(title, bars, name, ident=f"hours-{name}"), "rows": said}


@area.get("/engagement/hours.csv", Right.SEE)
def hours_csv(who: Who) -> Response:
    """Give the averages by hour as a file."""
    found = asked(who)
    with who.reading() as session:
        rows = trends.best_hours(session, found.wanted, found.figure, who.house.zone)
    return as_csv(iter(rows), trends.HOUR_COLUMNS, f"{found.figure}-by-hour")


@area.get("/engagement/newsletters", Right.SEE)
def newsletters(who: Who, before: str = "") -> Response:
    """List the issues that have gone out, the newest first, with what became of their copies."""
    found = asked(who)
    partners = (found.wanted.partner,) if found.wanted.partner else ()
    wanted = PostFilter(partners=partners, channels=(MAIL,), statuses=OUT)
    with who.reading() as session:
        page = listing.posts_page(session, wanted, ISSUES, after=place_in(before), newest_first=True)
        funnels = figures.funnels(session, [row.post for row in page.rows])
    issues = [(row, funnels[row.post.ident]) for row in page.rows]
    older = found.address("/engagement/newsletters", before=place_of(page.rows[-1])) if page.has_after else None
    return who.page("engagement/newsletters.html", section="newsletters", asked=found, issues=issues, older=older)
