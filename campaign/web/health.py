"""Is all well: what the doctor finds, when the daemon last ticked, and the platforms asked."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from fastapi.responses import Response
from sqlmodel import Session

from campaign.health.beat import Health, pulse
from campaign.health.finding import Finding, Rule, section
from campaign.models import groups, holds, listing, upkeep
from campaign.models.listing import PostFilter
from campaign.models.status import Status
from campaign.people import Right
from campaign.web.area import Area, Tab
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area(Tab("Admin", "/admin", Right.ADMINISTER))


_PAGES: Mapping[Rule, str] = {
    Rule.POST_NEEDS_PERSON: "/settle",
    Rule.POSTS_MISSED: "/posts?status=missed",
    Rule.POSTS_FAILED: "/posts?status=failed",
    Rule.MAIL_REFUSED: "/admin/people",
    Rule.WEBHOOK_OFF: "/admin/webhooks",
}
"""Where a page does what a finding asks for."""
_MOST = 1000
"""Posts to publish by hand that are counted."""


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
        beats, now = upkeep.beats(session), who.house.now()
        state, to_do = pulse(beats, now), _to_do(session, now)
        held = holds.everything(holds.active(session)) is not None
        ahead = bool(listing.idents(session, PostFilter(statuses=(Status.APPROVED.value,), since=now), 1))
    runbook = app.settings.alerts.runbook
    shown = [(finding, section(runbook, finding.rule.value), _PAGES.get(finding.rule)) for finding in found]
    return who.page(
        "admin/health.html",
        section="health",
        found=shown,
        state=state,
        headline=_headline(state, found, held=held, ahead=ahead),
        to_do=to_do,
        beats=beats,
        asked=asked,
    )


def _headline(state: Health, found: Sequence[Finding], *, held: bool, ahead: bool) -> str:
    """Say in a few words how it stands with what is to go out: no more than is known."""
    if not state.well:
        return "Nothing goes out now"
    if held:
        return "Everything is on hold"
    if any(one.rule == Rule.POSTS_OVERDUE for one in found):
        return "Some posts are late"
    return "Posts are going out on time" if ahead else "The publishing service runs, and no approved post waits for it"


def _to_do(session: Session, now: datetime) -> list[tuple[str, str]]:
    """Return what waits for people, which no rule of the doctor finds wrong: each with the page that shows it."""
    review = sum(one.posts for one in groups.waiting(session, ()))
    by_hand = len(listing.idents(session, PostFilter(statuses=(Status.BY_HAND.value,), until=now), _MOST))
    more = " or more" if by_hand == _MOST else ""
    found = [
        (review, f"{counted(review, 'post')} to review", "/review"),
        (by_hand, f"{counted(by_hand, 'post')}{more} due to be published by hand", "/posts?status=by_hand"),
    ]
    return [(words, page) for count, words, page in found if count]
