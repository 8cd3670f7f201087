"""The story of one post: its row, its events, its attempts, and how many copies of an issue stand where."""

from typing import Any

from sqlmodel import Session

from campaign.clock import iso
from campaign.models import deliveries, lanes, listing
from campaign.models.listing import PostRow
from campaign.reports.documents import row_document


def story(session: Session, row: PostRow) -> dict[str, Any]:
    """Return all that is known of a post."""
    ident = row.post.ident
    events = [
        {
            "at": iso(event.at),
            "who": event.who,
            "move": event.move,
            "from": event.from_status,
            "to": event.to_status,
            "why": event.why,
        }
        for event in listing.events(session, ident)
    ]
    attempts = [
        {
            "number": attempt.number,
            "started_at": iso(attempt.started_at),
            "closed_at": iso(attempt.closed_at) if attempt.closed_at else None,
            "outcome": attempt.outcome,
            "detail": attempt.detail,
            "media_ids": attempt.media_ids,
        }
        for attempt in lanes.attempts(session, ident)
    ]
    counted = deliveries.count(session, ident)
    return row_document(row) | {"events": events, "attempts": attempts, "deliveries": counted}


def copies(session: Session, post_id: int) -> list[dict[str, Any]]:
    """Return each copy of an issue with its reader's address: for whoever runs the program, not for other programs."""
    found = deliveries.of_issue(session, post_id)
    return [{"recipient": one.email, "status": one.status, "reply": one.reply} for one in found]
