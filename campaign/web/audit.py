"""The audit log: who decided what, page by page by key; and the check that no row was removed or changed."""

from urllib.parse import urlencode

from fastapi.responses import Response

from campaign.intake.values import row_id
from campaign.models import audit as chain
from campaign.models.audit import AuditFilter
from campaign.people import Right
from campaign.web import places
from campaign.web.area import Area, Tab
from campaign.web.visitor import Who

area = Area(Tab("Audit log", "/admin/audit", Right.AUDIT, unless=Right.ADMINISTER))

SIZE = 50
"""Rows on a page."""
_TOLD = 20


@area.get("/admin/audit", Right.AUDIT)
def audit(who: Who, by: str = "", action: str = "", subject: str = "", newer: str = "", older: str = "") -> Response:
    """List decisions, the newest first."""
    wanted = AuditFilter(*(text.strip() if text.isprintable() else "" for text in (by, action, subject)))
    with who.reading() as session:
        page = chain.page(session, wanted, SIZE, after=places.row_in(older), before=places.row_in(newer))
        actions = chain.actions(session)
    return who.page(
        "admin/audit.html",
        section="audit",
        rows=page.rows,
        wanted=wanted,
        actions=[{"value": "", "text": "Everything"}]
        + [{"value": name, "text": name.capitalize(), "selected": name == wanted.action} for name in actions],
        newer=_address(wanted, newer=page.rows[0].id) if page.has_before and page.rows else None,
        older=_address(wanted, older=page.rows[-1].id) if page.has_after and page.rows else None,
    )


def _address(wanted: AuditFilter, **place: int | None) -> str:
    pairs = {"by": wanted.who, "action": wanted.action, "subject": wanted.subject, **place}
    return "/admin/audit?" + urlencode({name: value for name, value in pairs.items() if value})


@area.get("/admin/audit/check", Right.AUDIT)
def check(who: Who, older: str = "") -> Response:
    """Walk the newest rows of the chain, or those before a row, and say whether they are whole."""
    with who.house.app.database.at_one_instant() as session:
        found = chain.walked(session, chain.WALKED, before=row_id(older))
        head = chain.head(session)
    return who.page(
        "admin/check.html",
        section="audit",
        faults=found.faults[:_TOLD] or (() if head else (chain.NO_HEAD,)),
        more=len(found.faults) > _TOLD,
        head=head,
        rows=found.rows,
        newest=not older,
        older=found.older,
    )
