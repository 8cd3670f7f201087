"""What a post is about, in words: its template, and the event or question that it speaks of."""

from collections.abc import Mapping

from campaign.app import App
from campaign.errors import BadInput, CampaignError
from campaign.models.groups import GroupKey
from campaign.models.listing import PostRow
from campaign.plan.fill import Facts, Outline, outline
from campaign.plan.gather import Copy, partner_facts, partner_words
from campaign.plan.locked import told_lines
from campaign.plan.questions import Question, question_facts
from campaign.plan.template import Template
from campaign.plan.words import campaign_facts, event_facts
from campaign.ports import Draft
from campaign.review.comparing import template_words


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
    facts = {"event": _event_facts(copy, event), "question": _question_facts(copy, question)}
    names = {name: known for name, known in facts.items() if known is not None}
    return told_lines(template, {"campaign": copy.timetable.details, **names})


def outline_of(copy: Copy | None, template: Template, row: PostRow, draft: Draft) -> Outline:
    """Return a template's words as a post would have them before its partner wrote any; where they cannot be filled
    by what the files say now, with every field by its name.
    """
    if copy is None:
        return template_words(template)
    facts = Facts(
        campaign=campaign_facts(copy.timetable, row.post.due_at),
        partner=partner_words(partner_facts(row.partner)),
        event=_event_facts(copy, row.post.event),
        question=_question_facts(copy, row.post.question),
        fields=row.post.fields,
        channel=row.post.channel,
        zone=copy.timetable.zone,
    )
    try:
        return outline(template, facts, without=draft.link)
    except BadInput:
        return template_words(template)


def _event_facts(copy: Copy, name: str | None) -> Mapping[str, object] | None:
    found = copy.timetable.event(name) if name else None
    return event_facts(found) if found else None


def _question_facts(copy: Copy, key: str | None) -> Mapping[str, object] | None:
    found = _question(copy, key) if key else None
    return question_facts(found, copy.questions) if found else None


def _question(copy: Copy | None, key: str) -> Question | None:
    return next((one for one in copy.questions if one.key == key), None) if copy else None
