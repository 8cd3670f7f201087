"""Who takes part, and how far each partner has come: a page, and the same as CSV."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import urlencode

from fastapi.responses import Response

from campaign.models import participation
from campaign.models.participation import MANY, Progress
from campaign.people import Right
from campaign.reports.export import Row
from campaign.reports.participation import HAS, counted, parts
from campaign.review.reminding import Step, Wanted, step_of
from campaign.web.area import Area, Tab
from campaign.web.downloads import as_csv
from campaign.web.forms import options
from campaign.web.visitor import Who
from campaign.web.words import sentence
from campaign.wording import channel

area = Area(Tab("Taking part", "/participation", Right.HOLD))

_LABELS: Mapping[str, str] = MappingProxyType(
    {
        "partners": "Partners",
        "invited": "Has an officer",
        "details": "Gave details",
        "account": "Has an account",
        "agreed": "Agreed",
        "published": "Published",
    }
)
_STEP_NAMES: Mapping[str, str] = MappingProxyType(
    {Step.DETAILS: "Give details", Step.ACCOUNT: "Connect an account", Step.AGREE: "Agree"}
)


def next_step(one: Progress) -> str:
    """Say what a partner has to do next, in the words of the filter; empty when it has done all."""
    step = step_of(one)
    if step is None:
        return ""
    return _STEP_NAMES[step] if one.invited else f"{_STEP_NAMES[step]} (nobody is invited yet)"


def _filters(rows: Sequence[Progress], wanted: Wanted) -> list[tuple[str, str, list[dict[str, object]]]]:
    """Return the selects of the filter: name, label, options."""
    kinds, regions = {one.partner.kind for one in rows}, {one.partner.region for one in rows}
    return [
        ("step", "What comes next", options("All", _STEP_NAMES.items(), wanted.step)),
        ("kind", "Kind", options("All", [(name, sentence(name)) for name in sorted(kinds - {""})], wanted.kind)),
        ("region", "Region", options("All", [(name, name) for name in sorted(regions - {""})], wanted.region)),
    ]


def _published(one: Progress) -> str:
    """Return how many posts a partner has published, as far as they are counted."""
    return str(one.published) if one.published < MANY else f"{MANY} or more"


@area.get("/participation", Right.HOLD)
def show(who: Who, step: str = "", kind: str = "", region: str = "") -> Response:
    """Show how many partners have come how far, and each of those that the filter takes."""
    wanted = Wanted(step, kind, region)
    with who.reading() as session:
        rows = participation.progress(session)
    shown = [one for one in rows if wanted.takes(one)]
    found = parts(rows)
    tables = [
        ("By kind", [replace(part, name=part.name or "Not given") for part in found["kind"]]),
        ("By region", [replace(part, name=part.name or "Not given") for part in found["region"]]),
        ("By channel", [replace(part, name=channel(part.name)) for part in found["channel"]]),
    ]
    return who.page(
        "participation/participation.html",
        steps=_LABELS,
        whole=counted("All partners", rows),
        tables=[(title, some) for title, some in tables if some],
        rows=[(one, next_step(one), _published(one)) for one in shown],
        filters=_filters(rows, wanted),
        narrowed=wanted != Wanted(),
        to_remind=sum(step_of(one) is not None for one in shown),
        remind=f"/participation/remind?{urlencode({'step': step, 'kind': kind, 'region': region})}",
    )


@area.get("/participation.csv", Right.HOLD)
def download(who: Who) -> Response:
    """Give the same as a table for a spreadsheet; no cell is read as a formula."""
    with who.reading() as session:
        rows = participation.progress(session)
    return as_csv(map(_row, rows), _COLUMNS, "participation")


_BETWEEN = tuple(HAS)[1:-1]
_COLUMNS = (
    "partner",
    "name",
    "kind",
    "region",
    "channels",
    *[_LABELS[step] for step in _BETWEEN],
    "published",
    "next step",
)


def _row(one: Progress) -> Row:
    partner = one.partner
    steps = ["yes" if HAS[step](one) else "no" for step in _BETWEEN]
    names = [partner.key, partner.name, partner.kind, partner.region, " ".join(one.channels)]
    return dict(zip(_COLUMNS, (*names, *steps, _published(one), next_step(one)), strict=True))
