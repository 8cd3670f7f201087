"""Who takes part, and how far each partner has come: a page, and the same as CSV."""

import csv
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fastapi.responses import Response

from campaign.models import participation
from campaign.models.participation import Progress
from campaign.people import Right
from campaign.reports.export import safe
from campaign.web.area import Area, Tab
from campaign.web.visitor import Who
from campaign.wording import channel

area = Area(Tab("Taking part", "/participation", Right.HOLD))

_STEPS: tuple[tuple[str, Callable[[Progress], bool]], ...] = (
    ("Partners", lambda _one: True),
    ("Has an officer", lambda one: one.invited),
    ("Gave details", lambda one: one.has_details),
    ("Has an account", lambda one: bool(one.channels)),
    ("Agreed", lambda one: one.agreed),
    ("Published", lambda one: bool(one.published)),
)
STEPS = tuple(name for name, _ in _STEPS)


@dataclass(frozen=True, slots=True)
class Part:
    """Some partners, counted step by step."""

    name: str
    counts: tuple[int, ...]


def _counted(name: str, some: Iterable[Progress]) -> Part:
    rows = list(some)
    return Part(name, tuple(sum(has(one) for one in rows) for _, has in _STEPS))


def _by(rows: Sequence[Progress], key: Callable[[Progress], Iterable[str]]) -> list[Part]:
    names = sorted({name for one in rows for name in key(one)})
    return [_counted(name or "Not given", (one for one in rows if name in set(key(one)))) for name in names]


def next_step(one: Progress) -> str:
    """Return the first step that a partner has not taken; empty when it has taken all."""
    return next((name for name, has in _STEPS if not has(one)), "")


@area.get("/participation", Right.HOLD)
def show(who: Who) -> Response:
    """Show how many partners have come how far, and each of them."""
    with who.reading() as session:
        rows = participation.progress(session)
    tables = [
        ("By kind", _by(rows, lambda one: [one.partner.kind])),
        ("By region", _by(rows, lambda one: [one.partner.region])),
        ("By channel", [Part(channel(part.name), part.counts) for part in _by(rows, lambda one: one.channels)]),
    ]
    return who.page(
        "participation/participation.html",
        steps=STEPS,
        whole=_counted("All partners", rows),
        tables=[(title, parts) for title, parts in tables if parts],
        rows=[(one, next_step(one), sum(one.published.values())) for one in rows],
    )


@area.get("/participation.csv", Right.HOLD)
def download(who: Who) -> Response:
    """Give the same as a table for a spreadsheet; no cell is read as a formula."""
    with who.reading() as session:
        rows = participation.progress(session)
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["partner", "name", "kind", "region", "channels", *STEPS[1:-1], "published", "next step"])
    for one in rows:
        partner = one.partner
        steps = ["yes" if has(one) else "no" for _, has in _STEPS[1:-1]]
        names = [partner.key, partner.name, partner.kind, partner.region, " ".join(one.channels)]
        writer.writerow([safe(cell) for cell in (*names, *steps, str(sum(one.published.values())), next_step(one))])
    headers = {"Content-Disposition": 'attachment; filename="participation.csv"'}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
