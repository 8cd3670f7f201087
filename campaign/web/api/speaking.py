"""A partner's yes to speak in its name: for the campaign, for a slot, for one post; and taking it back."""

from fastapi import APIRouter

from campaign.people import Right, demand
from campaign.review import agreement, speaking
from campaign.review.decisions import Desk
from campaign.web.api.bearer import Agrees
from campaign.web.api.once import Onced
from campaign.web.api.posts import decided
from campaign.web.api.shapes import Agreed, PartnerKey, PostId, PostOut, Revoked, Yes

router = APIRouter()


@router.post("/partners/{partner}/agree", tags=["partners"])
def agree(partner: PartnerKey, sent: Yes, who: Agrees, once: Onced) -> Agreed:
    """Record a partner's yes. The drafts that waited for it go to review."""
    timetable = who.house.app.copy.timetable

    def act(desk: Desk) -> dict[str, object]:
        if sent.slot is not None:
            speaking.check_slot(desk.session, sent.slot, timetable)
        count = speaking.agree(desk, who.partner(desk.session, partner), slot=sent.slot)
        return {"partner": partner, "submitted": count}

    return once.do(who, sent, Agreed, act)


@router.post("/partners/{partner}/revoke", tags=["partners"])
def revoke(partner: PartnerKey, sent: Yes, who: Agrees, once: Onced) -> Revoked:
    """Take a partner's yes back: with a slot that slot's, else every one. What is approved and not yet sent stops."""

    def act(desk: Desk) -> dict[str, object]:
        found = who.partner(desk.session, partner)
        demand(desk.person, Right.AGREE, found.key)
        count = agreement.revoke(desk.session, found, by=desk.person.name, now=desk.now, slot=sent.slot)
        return {"partner": partner, "returned": count}

    return once.do(who, sent, Revoked, act)


@router.post("/posts/{ident}/agree", tags=["posts"])
def agree_post(ident: PostId, who: Agrees, once: Onced) -> PostOut:
    """Record a partner's yes to one post. A draft goes to review by it."""
    return decided(ident, who, once, None, lambda desk, row: speaking.agree(desk, row.partner, post_id=row.post.ident))
