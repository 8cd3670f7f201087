"""A partner's own yes to speak in its name: standing, for a slot, or for one post; dated and revocable."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from campaign.errors import UnknownName, WrongUse
from campaign.models import audit, listing, partners
from campaign.models.moves import void_approval
from campaign.models.partners import Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Status


def covers(session: Session, post: Post) -> bool:
    """Say whether the partner has agreed to this post."""
    return partners.covered(session, post.ident)


@dataclass(frozen=True, slots=True)
class Given:
    """A yes that was given elsewhere: by whom, when (aware UTC), and where that stands (a mail, a signed form)."""

    by: str
    at: datetime
    source: str


def agree(
    session: Session,
    partner: Partner,
    *,
    by: str,
    now: datetime,
    slot: str | None = None,
    post_id: int | None = None,
    given: Given | None = None,
) -> Agreement:
    """Record the partner's yes; one for the same that stands already is returned instead. ``given``: ``by`` records
    what somebody else has said, which takes the place of what stands.

    Raises:
        WrongUse: that was said in the future, or before the partner took its yes back; or a text of it says nothing.

    """
    found = partners.agreements(session, partner.ident)
    standing = [one for one in found if (one.slot, one.post_id) == (slot, post_id)]
    if standing and given is None:
        return standing[0]
    said = given or Given(by, now, "")
    if given is not None:
        _refuse(session, partner, given, now)
    yes: dict[str, Any] = {"given_by": said.by, "given_at": said.at, "source": said.source}
    kept = standing[0] if standing else Agreement(partner_id=partner.ident, slot=slot, post_id=post_id, **yes)
    kept.sqlmodel_update(yes)
    session.add(kept)
    facts: dict[str, object] = {"slot": slot, "post": post_id}
    if given is not None:
        facts |= yes
    audit.record(session, who=by, action="agree", subject=f"partner:{partner.key}", at=now, facts=facts)
    return kept


def _refuse(session: Session, partner: Partner, given: Given, now: datetime) -> None:
    for name, text in (("given_by", given.by), ("source", given.source)):
        if not text.strip() or not text.isprintable():
            raise WrongUse(field=name, problem="That is empty or more than one line", mend="Write it on one line.")
    if given.at > now:
        raise WrongUse(field="given_on", problem="That day is still to come", mend="Give the day on which they agreed.")
    revoked_at = partners.last_revoked_at(session, partner.ident)
    if revoked_at is not None and given.at <= revoked_at:
        problem = f"They took their yes back on {revoked_at:%d/%m/%Y}"
        raise WrongUse(field="given_on", problem=problem, mend="Record a yes that was given after that.")


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
