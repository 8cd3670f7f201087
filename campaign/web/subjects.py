"""What a post is about, in words: its template, and the event or question that it speaks of."""

from campaign.app import App
from campaign.errors import CampaignError
from campaign.models.groups import GroupKey
from campaign.plan.gather import Copy
from campaign.review.subjects import question_of, template_of

SHARING = "Sharing another post"
"""What a post without a template does."""


def copy_of(app: App) -> Copy | None:
    """Return the campaign's files; None while they are half written: what is stored can be shown all the same."""
    try:
        return app.copy
    except (CampaignError, OSError):
        return None


def title(copy: Copy | None, key: GroupKey) -> str:
    """Return the title of a group of posts."""
    return template_title(copy, key.template, key.channel)


def template_title(copy: Copy | None, name: str, on: str = "") -> str:
    """Return the one title of a template, by its name and the channel; its name where its file is gone."""
    if not name:
        return SHARING
    found = template_of(copy, name, on)
    return found.title if found else name


def about(copy: Copy | None, event: str | None, question: str | None) -> str:
    """Return the event or the question that a post speaks of; empty where it speaks of none."""
    if question:
        found = question_of(copy, question)
        return f"{found.lead_in} {found.question}".strip() if found else question
    if event:
        known = copy.timetable.event(event) if copy else None
        return f"Event: {known.title}" if known else f"Event: {event}"
    return ""
