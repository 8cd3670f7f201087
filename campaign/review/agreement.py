"""A partner's own yes to speak in its name: standing, for a slot, or for one post; dated and revocable."""

from datetime import datetime

from sqlmodel import Session

from campaign.errors import UnknownName
from campaign.models import audit, listing, partners
from campaign.models.moves import void_approval
from campaign.models.partners import Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Status


def covers(session: Session, post: Post) -> bool:
    """Say whether the partner has agreed to this post."""
    return partners.covered(session, post.ident)


def agree(
    session: Session, partner: Partner, *, by: str, now: datetime, slot: str | None = None, post_id: int | None = None
) -> Agreement:
    """Record the partner's yes; an equal one that stands already is returned instead."""
    for found in partners.agreements(session, partner.ident):
        if (found.slot, found.post_id) == (slot, post_id):
            return found
    given = Agreement(partner_id=partner.ident, slot=slot, post_id=post_id, given_by=by, given_at=now)
    session.add(given)
    facts = {"slot": slot, "post": post_id}
    audit.record(session, who=by, action="agree", subject=f"partner:{partner.key}", at=now, facts=facts)
    return given


def revoke(session: Session, partner: Partner, *, by: str, now: datetime, slot: str | None = None) -> int:
    """Take back the partner's yes (all of them, or the one for a slot). What is approved and no longer covered goes
    back to review, and cannot be approved before the partner agrees again. Returns how many posts that were.

    Raises:
        UnknownName: there is no such yes to take back; a standing one is not undone by the name of a slot.

    """
    given = [found for found in partners.agreements(session, partner.ident) if slot in (None, found.slot)]
    if not given:
        name = f"{partner.key} for slot {slot}" if slot else partner.key
        mend = "Take the standing yes back without --slot." if slot else "It has not agreed, or took it back before."
        raise UnknownName(kind="agreement of", name=name, mend=mend)
    for found in given:
        found.revoked_by, found.revoked_at = by, now
        session.add(found)
    session.flush()
    facts = {"slot": slot}
    audit.record(session, who=by, action="revoke", subject=f"partner:{partner.key}", at=now, facts=facts)
    wanted = listing.PostFilter(partners=(partner.key,), statuses=(Status.APPROVED.value,))
    uncovered = [row.post for row in listing.posts(session, wanted) if not covers(session, row.post)]
    why = "the partner revoked its agreement"
    return sum(void_approval(session, post, who=by, at=now, why=why) for post in uncovered)
