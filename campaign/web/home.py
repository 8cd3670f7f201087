"""The first page: what needs me, what comes next, what went out."""

from collections.abc import Mapping
from types import MappingProxyType

from fastapi.responses import Response
from sqlmodel import Session

from campaign.models import holds, listing, participation, partners
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import Partner
from campaign.models.status import Status
from campaign.people import Right
from campaign.review.reminding import Step, steps_of
from campaign.web import held
from campaign.web.area import Area, Tab
from campaign.web.items import items
from campaign.web.visitor import Actor, Who

area = Area(Tab("Dashboard", "/", Right.SEE))

_SHOWN = 5
_AHEAD = (Status.IN_REVIEW.value, Status.APPROVED.value)
_FOR_OFFICER = (Status.DRAFT.value, Status.BY_HAND.value, Status.MISSED.value, Status.FAILED.value)
_OUT = (Status.PUBLISHED.value, Status.RETRACTING.value)
_FOR_REVIEWER = (Status.IN_REVIEW.value,)
_STEPS: Mapping[Step, tuple[str, str]] = MappingProxyType(
    {
        Step.DETAILS: ("Fill in your details", "/details"),
        Step.ACCOUNT: ("Choose how you publish", "/accounts"),
        Step.AGREE: ("Agree that we publish in your name", "/details/agreement"),
    }
)


@area.get("/", Right.SEE)
def dashboard(who: Who) -> Response:
    """Show the dashboard of an officer, or of a reviewer or admin over all partners."""
    now = who.house.now()
    with who.reading() as session:
        own = partners.partner_by_key(session, who.partners[0]) if who.partners else None
        on = holds.active(session)
        asked = listing.waiting_for_person(session, PostFilter(partners=who.partners), limit=_SHOWN)
        ahead = PostFilter(partners=who.partners, statuses=_AHEAD, since=now)
        published = PostFilter(partners=who.partners, statuses=_OUT)
        return who.page(
            "home/home.html",
            heading=own.name if own else "Dashboard",
            all_partners=not who.partners,
            may_hold=who.may(Right.HOLD),
            unset=who.may(Right.ADMINISTER) and not partners.partners_page(session, 1).rows,
            all_held=holds.everything(on) is not None,
            banners=held.over_lists(session, who, on),
            steps=_steps(session, own) if own else [],
            needs=items(on, [*asked, *_mine(session, who)][:_SHOWN]),
            unsettled=bool(asked),
            coming=items(on, listing.posts(session, ahead, limit=_SHOWN)),
            out=items(on, listing.posts(session, published, limit=_SHOWN, newest_first=True)),
        )


def _steps(session: Session, own: Partner) -> list[tuple[str, str]]:
    """Return what an officer's organisation has still to do once: what it is called, and the page."""
    [progress] = participation.progress(session, published_up_to=0, of=[own])
    steps = [_STEPS[one] for one in steps_of(progress)]
    queued = listing.idents(session, PostFilter(partners=(own.key,)), 1)
    return steps if queued else [*steps, ("Queue the timetable", "/posts/plan")]


def _mine(session: Session, who: Actor) -> list[PostRow]:
    """Return what only this person's side can move on; what nobody could confirm comes before it."""
    statuses = _FOR_OFFICER if who.partners else _FOR_REVIEWER
    return listing.posts(session, PostFilter(partners=who.partners, statuses=statuses), limit=_SHOWN)
