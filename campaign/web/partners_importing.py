"""Partners from a CSV file: uploaded, shown row by row with nothing stored, then taken in all together."""

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.intake import PartnerRow, partners_of
from campaign.intake.partners import KNOWN
from campaign.models.partners import CONTACT
from campaign.people import Right
from campaign.plan.fill import parts
from campaign.plan.template import wanted_fields
from campaign.register import partners as register
from campaign.register.partners import Change
from campaign.review.decisions import Desk
from campaign.web.area import Area
from campaign.web.carrying import MOST, Carrier, counts
from campaign.web.downloads import as_csv
from campaign.web.forms import Form, Sent, Upload
from campaign.web.visitor import Actor, Who

area = Area()

_HOME = "/admin/partners/import"


@area.get(_HOME, Right.ADMINISTER)
def ask(who: Who) -> Response:
    """Ask for the file, and say what it holds."""
    return _carrier(who).ask(Form())


@area.get(f"{_HOME}/template.csv", Right.ADMINISTER)
def template_csv(who: Who) -> Response:
    """Give a file to fill in."""
    return as_csv(iter(()), (*KNOWN, *_details(who)), "partners")


def _details(who: Actor) -> list[str]:
    """Return the details that templates ask for, but for pictures, which are uploaded."""
    fields = wanted_fields(who.house.app.copy.templates).values()
    found = [part for spec in fields if spec.type != "image" for part in parts(spec)]
    return [CONTACT, *(name for name in found if name not in KNOWN)]


@area.post(_HOME, Right.ADMINISTER, most_bytes=2 * MOST)
def take(who: Who, sent: Sent) -> Response:
    """Show what the file would do, or take it in."""
    return _carrier(who).answer(sent)


def _carrier(who: Actor) -> Carrier[PartnerRow, Change]:
    rules = who.house.app.settings.review

    def read(file: Upload) -> list[PartnerRow]:
        rows = partners_of(file.name or "partners.csv", file.content, MOST)
        register.refuse_pictures(rows, wanted_fields(who.house.app.copy.templates))
        return rows

    def foresee(session: Session, rows: Sequence[PartnerRow]) -> list[Change]:
        return register.preview(session, rows, rules, by=who.person, now=who.house.now())

    def store(desk: Desk, rows: Sequence[PartnerRow]) -> str:
        quiet = who.house.quiet
        return register.take(desk.session, rows, rules, quiet=quiet, by=desk.person, now=desk.now).said("partner")

    names = {"section": "partners", "details": _details(who), "standing": rules.agree == "standing"}
    pages = ("admin/partners_import.html", "admin/partners_preview.html", "/admin/partners")
    return Carrier(who, *pages, read, foresee, store, _sums, names)


def _sums(changes: Sequence[Change]) -> Mapping[str, Any]:
    return {"counts": counts(changes), "yes": sum(one.agrees is not None for one in changes)}
