"""A partner's agreement that the campaign speaks in its name, on a page of its own: no other form is lost by it."""

from fastapi.responses import Response

from campaign.models import listing, partners
from campaign.people import Right
from campaign.review import agreement, speaking
from campaign.web.area import Area
from campaign.web.details import named_partner
from campaign.web.forms import Sent
from campaign.web.visitor import Actor, Who
from campaign.wording import counted

area = Area()

_HOME = "/details/agreement"
_SHOWN = 50
"""Drafts on the page at most."""


@area.get(_HOME, Right.AGREE)
def show(who: Who, partner: str = "") -> Response:
    """Show what the partner has agreed to, and the drafts that wait for its yes."""
    with who.reading() as session:
        found = named_partner(session, who, partner)
        given = partners.agreements(session, found.ident)
        wanted = listing.PostFilter(partners=(found.key,), statuses=("draft",))
        drafts = listing.posts(session, wanted, limit=_SHOWN)
        waiting = [row for row in drafts if not agreement.covers(session, row.post)]
    return who.page(
        "details/agreement.html",
        partner=found,
        back=_address(who, "/details", found.key),
        standing=next((one for one in given if one.slot is None and one.post_id is None), None),
        others=[one for one in given if one.slot is not None or one.post_id is not None],
        waiting=waiting,
    )


@area.post("/details/agree", Right.AGREE)
def agree(who: Who, sent: Sent) -> Response:
    """Record the partner's standing yes."""
    with who.desk() as desk:
        count = speaking.agree(desk, named_partner(desk.session, who, sent.one("partner")))
    words = f"You have agreed. {counted(count, 'draft')} went to review."
    return who.redirect(_address(who, _HOME, sent.one("partner")), words)


@area.post("/details/revoke", Right.AGREE)
def revoke(who: Who, sent: Sent) -> Response:
    """Take every yes of the partner back; what is approved stops."""
    with who.desk() as desk:
        partner = named_partner(desk.session, who, sent.one("partner"))
        count = agreement.revoke(desk.session, partner, by=desk.person.name, now=desk.now)
    words = f"You no longer agree. {counted(count, 'approved post')} went back to review and cannot go out."
    return who.redirect(_address(who, _HOME, sent.one("partner")), words)


def _address(who: Actor, path: str, key: str) -> str:
    """Return the address of a partner's page: an officer has one partner, and no other is named."""
    return path if who.partners else f"{path}?partner={key}"
