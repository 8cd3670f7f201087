"""A partner says yes, and what waited for it goes to review."""

from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.models import listing
from campaign.models.partners import Partner
from campaign.models.status import Status
from campaign.people import Right, demand
from campaign.plan.entries import Timetable
from campaign.review import agreement, decisions
from campaign.review.agreement import Given
from campaign.review.decisions import Desk


def check_slot(session: Session, slot: str, timetable: Timetable) -> None:
    """Refuse a slot that neither the timetable nor any post has: a yes to it would change nothing, and say nothing.

    Raises UnknownName.
    """
    planned = {one.name for one in timetable.slots}
    if slot not in planned and slot not in listing.names(session, "slot"):
        raise UnknownName(kind="slot", name=slot, mend=f"There are {', '.join(sorted(planned)) or 'none'}.")


def agree(
    desk: Desk, partner: Partner, *, slot: str | None = None, post_id: int | None = None, given: Given | None = None
) -> int:
    """Record the partner's yes and submit the drafts that waited for it; returns how many those were.

    A draft that came back with a comment waits for its author. ``given``: an admin records what somebody of the partner
    said elsewhere.

    Raises:
        NotAllowed: the person may not.
        WrongUse: what was said elsewhere was said at no time that counts.

    """
    demand(desk.person, Right.AGREE, partner.key)
    if given is not None:
        demand(desk.person, Right.ADMINISTER)
    agreement.agree(desk.session, partner, by=desk.person.name, now=desk.now, slot=slot, post_id=post_id, given=given)
    desk.session.flush()
    wanted = listing.PostFilter(partners=(partner.key,), statuses=(Status.DRAFT.value,))
    drafts = listing.posts(desk.session, wanted)
    ready = [row for row in drafts if row.post.comment is None and agreement.covers(desk.session, row.post)]
    for row in ready:
        decisions.submit(desk, row)
    return len(ready)
