"""What waits for a person's word: posts that nobody could confirm, and posts to be taken down by hand."""

from campaign.models.listing import PostRow
from campaign.models.status import Status


def name_of(row: PostRow) -> str:
    """Return how people name a post of a list: its number, partner, channel and slot."""
    return f"Post {row.post.id} ({row.partner.key}, {row.post.channel}, {row.post.slot})"


def question(row: PostRow) -> str:
    """Say what is asked of a person, and why."""
    if row.post.status == Status.RETRACTING:
        return f"{name_of(row)} is to be taken down: {row.post.needs_person}"
    return f"{name_of(row)} may or may not be published: {row.post.needs_person}"


def settled_by(row: PostRow) -> str:
    """Return what a person does, with the command that says it."""
    command = f"`campaign settle {row.post.id}"
    if row.post.status == Status.RETRACTING:
        return f"Delete it on the platform, then {command} --not-published`; if it stays: {command} --published URL`."
    return f"Look at the account, then {command} --published URL` or {command} --not-published`."
