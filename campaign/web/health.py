"""Is all well: what the doctor finds, when the daemon last ticked, and the platforms asked."""

from collections.abc import Mapping

from fastapi.responses import Response

from campaign.health.beat import pulse
from campaign.health.finding import Finding, Rule, section
from campaign.models import upkeep
from campaign.people import Right
from campaign.web.area import Area, Tab
from campaign.web.visitor import Actor, Who

area = Area(Tab("Admin", "/admin", Right.ADMINISTER))


_PAGES: Mapping[Rule, str] = {
    Rule.POST_NEEDS_PERSON: "/settle",
    Rule.POSTS_MISSED: "/posts?status=missed",
    Rule.POSTS_FAILED: "/posts?status=failed",
    Rule.MAIL_REFUSED: "/admin/people",
    Rule.WEBHOOK_OFF: "/admin/webhooks",
}
"""Where a page does what a finding asks for."""


@area.get("/admin", Right.ADMINISTER)
def admin(who: Who) -> Response:
    """Show what `campaign doctor` says."""
    return _page(who, who.house.app.doctor.examine())


@area.post("/admin/ask-platforms", Right.ADMINISTER)
def ask_platforms(who: Who) -> Response:
    """Show what `campaign doctor --probe` says: every platform is asked, each within its own time limit."""
    who.house.rates.spend("ask", "platforms")
    doctor = who.house.app.doctor
    return _page(who, doctor.examine() + doctor.probe(), asked=True)


def _page(who: Actor, found: list[Finding], *, asked: bool = False) -> Response:
    app = who.house.app
    with who.reading() as session:
        beats = upkeep.beats(session)
    runbook = app.settings.alerts.runbook
    shown = [(finding, section(runbook, finding.rule.value), _PAGES.get(finding.rule)) for finding in found]
    state = pulse(beats, who.house.now())
    return who.page("admin/health.html", section="health", found=shown, state=state, beats=beats, asked=asked)
