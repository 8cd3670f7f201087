"""Partners from a CSV file: uploaded, shown row by row with nothing stored, then taken in all together."""

from collections.abc import Sequence
from typing import Any

from fastapi.responses import Response
from sqlmodel import Session

from campaign.errors import BadInput, Finding
from campaign.intake import PartnerRow, partners_of
from campaign.intake.partners import CONTACT, KNOWN
from campaign.people import Right
from campaign.plan.fill import parts
from campaign.plan.template import wanted_fields
from campaign.register import partners as register
from campaign.register.partners import Change
from campaign.web.area import Area
from campaign.web.carrying import carried, in_letters
from campaign.web.downloads import as_csv
from campaign.web.forms import CONFLICT, WRONG, Form, Sent, Upload, seen
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area()

_HOME = "/admin/partners/import"
_MOST = 400_000
"""Bytes of a file here; a longer one is for `campaign partners import`."""
_CHANGED = "What this file would do has changed since you saw it. Look at it again"


@area.get(_HOME, Right.ADMINISTER)
def ask(who: Who) -> Response:
    """Ask for the file, and say what it holds."""
    return _asked(who, Form())


def _asked(who: Actor, form: Form[Any], findings: Sequence[Finding] = (), status: int = 200) -> Response:
    return who.page(
        "admin/partners_import.html",
        status=status,
        section="partners",
        form=form,
        findings=findings,
        details=_details(who),
        most_kilobytes=_MOST // 1000,
        standing=who.house.app.settings.review.agree == "standing",
    )


def _details(who: Actor) -> list[str]:
    """Return the details that templates ask for, but for pictures, which are uploaded."""
    fields = wanted_fields(who.house.app.copy.templates).values()
    found = [part for spec in fields if spec.type != "image" for part in parts(spec)]
    return [CONTACT, *(name for name in found if name not in KNOWN)]


@area.get(f"{_HOME}/template.csv", Right.ADMINISTER)
def template_csv(who: Who) -> Response:
    """Give a file to fill in."""
    return as_csv(iter(()), (*KNOWN, *_details(who)), "partners")


@area.post(_HOME, Right.ADMINISTER, most_bytes=2 * _MOST)
def take(who: Who, sent: Sent) -> Response:
    """Show what the file would do, or take it in."""
    file = carried(sent)
    if file is None:
        return _asked(who, Form(sent, None, {"file": "Choose a CSV file"}), status=WRONG)
    try:
        rows = partners_of(file.name or "partners.csv", file.content, _MOST)
        register.refuse_pictures(rows, wanted_fields(who.house.app.copy.templates))
    except BadInput as error:
        said = {"file": "Nothing can be imported yet. See below what to mend in the file"}
        return _asked(who, Form(sent, None, said), error.findings, WRONG)
    if not rows:
        return _asked(who, Form(sent, None, {"file": "The file has no rows"}), status=WRONG)
    if sent.one("do") == "import" and (words := _stored(who, rows, sent.one("told"))):
        return who.redirect("/admin/partners", words)
    with who.reading() as session:
        changes = _changes(session, who, rows)
    form: Form[Any] = Form(sent, None, {"rows": _CHANGED}) if sent.one("do") == "import" else Form()
    return _shown(who, file, changes, form, CONFLICT if form.errors else 200)


def _changes(session: Session, who: Actor, rows: Sequence[PartnerRow]) -> list[Change]:
    return register.preview(session, rows, who.house.app.settings.review, by=who.person, now=who.house.now())


def _shown(who: Actor, file: Upload, changes: Sequence[Change], form: Form[Any], status: int = 200) -> Response:
    return who.page(
        "admin/partners_preview.html",
        status=status,
        section="partners",
        form=form,
        name=file.name,
        content=in_letters(file),
        told=seen(changes),
        changes=changes,
        counts={state: sum(one.state == state for one in changes) for state in ("new", "changed", "same")},
        yes=sum(one.agrees is not None for one in changes),
    )


def _stored(who: Actor, rows: Sequence[PartnerRow], told: str) -> str:
    """Take the partners in and say what came of it; nothing where the rows would do another thing than was shown."""
    with who.desk() as desk:
        if seen(_changes(desk.session, who, rows)) != told:
            return ""
        done = register.take(desk.session, rows, who.house.app.settings.review, by=desk.person, now=desk.now)
    return f"{counted(done.added, 'partner')} added, {done.changed} changed, {done.same} as before."
