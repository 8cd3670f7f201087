"""What `campaign check` would find of one stored post, for whoever decides about it."""

from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session

from campaign.errors import Finding, Unread
from campaign.models import bounds, partners
from campaign.models.listing import PostRow
from campaign.models.status import PLANNABLE
from campaign.plan.entries import Timetable
from campaign.plan.gather import Copy
from campaign.plan.relative import untimely
from campaign.plan.words import over_limits, placeholders, unpermitted
from campaign.ports import Draft, Limits, Message
from campaign.review.content import Contents


def findings(
    row: PostRow, draft: Draft, message: Message, *, limits: Mapping[str, Limits], timetable: Timetable
) -> list[Finding]:
    """Find what is wrong with the words and images of a post: by its channel's limits and the campaign's own rules."""
    post = row.post
    name = post.template or f"slot {post.slot}"
    about = next((event for event in timetable.events if event.name == post.event), None)
    return [
        *over_limits(limits[post.channel], message, name),
        *placeholders(timetable, draft),
        *unpermitted(timetable, name, draft, post.due_at),
        *untimely(timetable, name, draft, post.due_at, about),
    ]


def against(
    session: Session, row: PostRow, contents: Contents, limits: Mapping[str, Limits], copy: Copy | None, now: datetime
) -> list[Finding]:
    """Find all that speaks against a post while it can still be mended; of its words only where the campaign's files
    can be read.
    """
    if row.post.status not in PLANNABLE:
        return []
    found = standing(session, row, now)
    if copy is not None:
        draft, message = contents.draft(row.post), contents.message(row.post)
        found += findings(row, draft, message, limits=limits, timetable=copy.timetable)
    return found


def refuse_unread(
    session: Session, row: PostRow, contents: Contents, limits: Mapping[str, Limits], copy: Copy | None, now: datetime
) -> None:
    """Refuse an approval, right after it, of a post in which something was found: nobody says that they have read it.

    Raises:
        Unread: names what was found; the transaction is undone by it.

    """
    if found := against(session, row, contents, limits, copy, now):
        checks = "; ".join(f"{one.field.rpartition('.')[2]}: {one.problem}" for one in found)
        raise Unread(post=row.post.id, checks=checks)


def standing(session: Session, row: PostRow, now: datetime) -> list[Finding]:
    """Find what speaks against the post as it stands: its time, and whether its partner has agreed."""
    post, found = row.post, list[Finding]()
    if post.due_at <= now:
        found.append(Finding(post.slot, "time", "its time has passed", "Give it another one, or withdraw it"))
    elif quiet := bounds.quiet_at(session, post.partner_id, post.due_at):
        problem = f"it lies in the quiet period {quiet.name}"
        found.append(Finding(post.slot, "time", problem, "Choose a time before or after it"))
    if post.stale_at is not None and post.due_at >= post.stale_at:
        problem = "its words are no longer true at its time"
        found.append(Finding(post.slot, "time", problem, "Choose an earlier time, or withdraw it"))
    if not partners.covered(session, post.ident):
        problem = f"{row.partner.name} has not agreed to it yet"
        found.append(
            Finding(
                post.slot,
                "agreement",
                problem,
                "Its officer agrees to this post, or to all under Details",
                severity="warning",
            )
        )
    return found
