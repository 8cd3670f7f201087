"""The audit log: who decided what, page by page by key; and the check that no row was removed or changed."""

from itertools import islice
from urllib.parse import urlencode

from fastapi.responses import Response

from campaign.intake.values import row_id
from campaign.models import audit as chain
from campaign.models.audit import AuditFilter
from campaign.people import Right
from campaign.web.area import Area
from campaign.web.visitor import Who

area = Area()

SIZE = 50
"""Rows on a page."""
_TOLD = 20


@area.get("/admin/audit", Right.ADMINISTER)
def audit(who: Who, by: str = "", action: str = "", subject: str = "", before: str = "", after: str = "") -> Response:
    """List decisions, the newest first."""
    wanted = AuditFilter(*(text.strip() if text.isprintable() else "" for text in (by, action, subject)))
    with who.reading() as session:
        page = chain.page(session, wanted, SIZE, before=row_id(before), after=row_id(after))
        actions = chain.actions(session)
    return who.page(
        "admin/audit.html",
        section="audit",
        rows=page.rows,
        wanted=wanted,
        actions=[{"value": "", "text": "Everything"}]
        + [{"value": name, "text": name.capitalize(), "selected": name == wanted.action} for name in actions],
        newer=_address(wanted, after=page.rows[0].id) if page.has_newer and page.rows else None,
        older=_address(wanted, before=page.rows[-1].id) if page.has_older and page.rows else None,
    )


def _address(wanted: AuditFilter, **place: int | None) -> str:
    pairs = {"by": wanted.who, "action": wanted.action, "subject": wanted.subject, **place}
    return "/admin/audit?" + urlencode({name: value for name, value in pairs.items() if value})


@area.get("/admin/audit/check", Right.ADMINISTER)
def check(who: Who) -> Response:
    """Walk the whole chain and say whether it is whole."""
    with who.reading() as session:
        faults = list(islice(chain.faults(session), _TOLD + 1))
        head = chain.head(session)
    more = len(faults) > _TOLD
    return who.page("admin/check.html", section="audit", faults=faults[:_TOLD], more=more, head=head)
