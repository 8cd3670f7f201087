"""The weekly report: one page that can be printed, and the same as a file."""

from datetime import date, timedelta

from fastapi.responses import Response

from campaign.models.snapshots import FIGURES
from campaign.people import Right
from campaign.reports import weekly
from campaign.reports.weekly import Week
from campaign.web import times
from campaign.web.area import Area
from campaign.web.asked import asked, choices
from campaign.web.downloads import as_csv
from campaign.web.visitor import Actor, Who
from campaign.web.words import STATES

area = Area()

_SEVEN = timedelta(days=7)
_SILENT = 60
"""Silent partners named on the page at most: the file has them all."""


@area.get("/engagement/week", Right.SEE)
def show(who: Who, of: str = "") -> Response:
    """Show the report of the week of a day; without one, of this week."""
    week, found = _week(who, of), asked(who)
    with who.reading() as session:
        offered = choices(session, who, found)
    return who.page(
        "engagement/week.html",
        section="week",
        week=week,
        totals=[(total.channel, total.posts, total.figures) for total in week.figures],
        names=FIGURES,
        most=_SILENT,
        states={status.value: tag.text for status, tag in STATES.items()},
        before=found.address("/engagement/week", of=str(week.first - _SEVEN)),
        after=found.address("/engagement/week", of=str(week.first + _SEVEN)),
        file=found.address("/engagement/week.csv", of=str(week.first)),
        with_outcomes=who.may(Right.HOLD) and found.wanted.partner is None,
        partner=found.wanted.partner,
        **offered,
    )


@area.get("/engagement/week.csv", Right.SEE)
def download(who: Who, of: str = "") -> Response:
    """Give the report as a file."""
    week = _week(who, of)
    return as_csv(weekly.rows(week), weekly.COLUMNS, f"week-{week.first}")


def _week(who: Actor, of: str) -> Week:
    """Return the report of the week that is asked for; a day that is none is today."""
    today, asked_for = who.house.now().astimezone(who.house.zone).date(), times.day(of)
    return _report(who, asked_for or today)


def _report(who: Actor, day: date) -> Week:
    partner = asked(who).wanted.partner
    with who.reading() as session:
        return weekly.weekly(session, day, who.house.zone, partner=partner, with_outcomes=who.may(Right.HOLD))
