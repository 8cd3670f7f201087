"""Outcomes that were counted elsewhere: listed by day, imported by an admin, taken away as a file."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response

from campaign.errors import BadInput, Finding
from campaign.intake.outcomes import FILE_MAX, read_outcomes
from campaign.models import outcomes
from campaign.people import Right
from campaign.plan.days import local
from campaign.register import outcomes as register
from campaign.reports.outcomes import COLUMNS, outcome_row
from campaign.web.area import Area
from campaign.web.asked import asked
from campaign.web.downloads import as_csv
from campaign.web.forms import WRONG, Form, Sent
from campaign.web.visitor import Actor, Who

area = Area()

_SHOWN = 200
"""Rows on the page at most, the newest: the file has them all."""


@area.get("/engagement/outcomes", Right.HOLD)
def show(who: Who) -> Response:
    """List the outcomes, the newest day first."""
    return _listed(who, Form())


def _listed(who: Actor, form: Form[Any], findings: Sequence[Finding] = (), status: int = 200) -> Response:
    with who.reading() as session:
        rows, count = outcomes.newest(session, _SHOWN)
    return who.page(
        "engagement/outcomes.html",
        status=status,
        section="outcomes",
        asked=asked(who),
        form=form,
        findings=findings,
        rows=rows,
        all=count,
        may_import=who.may(Right.ADMINISTER),
    )


@area.get("/engagement/outcomes.csv", Right.HOLD)
def download(who: Who) -> Response:
    """Give every outcome as a file, in the form in which it may come in again."""
    with who.reading() as session:
        found = outcomes.between(session)
    return as_csv(map(outcome_row, found), COLUMNS, "outcomes")


@area.post("/engagement/outcomes", Right.ADMINISTER, most_bytes=FILE_MAX + 10_000)
def take(who: Who, sent: Sent) -> Response:
    """Take in a file: all of it or nothing."""
    file = sent.files.get("file")
    if file is None or not file.content:
        return _listed(who, Form(sent, None, {"file": "Choose a CSV file"}), status=WRONG)
    try:
        rows = read_outcomes(file.name or "outcomes.csv", file.content, local(who.house.now(), who.house.zone).date())
    except BadInput as error:
        said = {"file": "Nothing was imported. See below what to mend in the file"}
        return _listed(who, Form(sent, None, said), error.findings, WRONG)
    with who.desk() as desk:
        done = register.take(desk.session, rows, by=desk.person, now=desk.now)
    return who.redirect("/engagement/outcomes", done.said("number"))
