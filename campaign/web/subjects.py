"""What a post is about, in words: its template, and the event or question that it speaks of."""

from campaign.app import App
from campaign.errors import CampaignError
from campaign.models.groups import GroupKey
from campaign.plan.gather import Copy
from campaign.plan.locked import told_lines
from campaign.plan.questions import Question, question_facts
from campaign.plan.template import Template
from campaign.plan.words import event_facts


def copy_of(app: App) -> Copy | None:
    """Return the campaign's files; None while they are half written: what is stored can be shown all the same."""
    try:
        return app.copy
    except (CampaignError, OSError):
        return None


def template_of(copy: Copy | None, name: str, channel: str) -> Template | None:
    """Return a template as its file stands now."""
    if copy is None:
        return None
    by_key = copy.templates.by_key
    return by_key.get((name, channel)) or by_key.get((name, None))


def title(copy: Copy | None, key: GroupKey) -> str:
    """Return the title of a group of posts."""
    if not key.template:
        return "Sharing another post"
    found = template_of(copy, key.template, key.channel)
    return found.title if found else key.template


def about(copy: Copy | None, event: str | None, question: str | None) -> str:
    """Return the event or the question that a post speaks of; empty where it speaks of none."""
    if question:
        found = _question(copy, question)
        return f"{found.lead_in} {found.question}".strip() if found else question
    if event:
        known = copy.timetable.event(event) if copy else None
        return f"Event: {known.title}" if known else f"Event: {event}"
    return ""


def told_of(copy: Copy | None, template: Template, event: str | None, question: str | None) -> frozenset[str]:
    """Return the lines that posts of a template have of an event or a question, as the timetable tells of them now."""
    if copy is None:
        return frozenset()
    names: dict[str, object] = {"campaign": copy.timetable.details}
    if event and (known := copy.timetable.event(event)):
        names["event"] = event_facts(known)
    if question and (asked := _question(copy, question)):
        names["question"] = question_facts(asked, copy.questions)
    return told_lines(template, names)


def _question(copy: Copy | None, key: str) -> Question | None:
    return next((one for one in copy.questions if one.key == key), None) if copy else None
