"""What a post is about, by the campaign's files: its template, and what these say of its event or question."""

from collections.abc import Mapping

from campaign.errors import BadInput
from campaign.models.groups import GroupKey
from campaign.models.listing import PostRow
from campaign.plan.fill import Facts, Outline, outline
from campaign.plan.fixed_lines import FixedLines, fixed_lines, told_lines
from campaign.plan.gather import Copy, partner_facts, partner_words
from campaign.plan.questions import Question, question_facts
from campaign.plan.template import Template
from campaign.plan.words import campaign_facts, event_facts
from campaign.ports import Draft
from campaign.review.comparing import template_words


def template_of(copy: Copy | None, name: str, channel: str) -> Template | None:
    """Return a template as its file stands now."""
    if copy is None:
        return None
    by_key = copy.templates.by_key
    return by_key.get((name, channel)) or by_key.get((name, None))


def question_of(copy: Copy | None, key: str) -> Question | None:
    """Return a question as the files have it now."""
    return next((one for one in copy.questions if one.key == key), None) if copy else None


def fixed_of(copy: Copy | None, key: GroupKey, event: str | None, question: str | None) -> FixedLines:
    """Return the lines of a group's template, with what it says of an event or a question by what the files say now;
    none where its own file is no longer the one that the posts were filled from.
    """
    template = template_of(copy, key.template, key.channel)
    if copy is None or template is None or template.version != key.version:
        return FixedLines()
    facts = {"event": _event_facts(copy, event), "question": _question_facts(copy, question)}
    names = {name: known for name, known in facts.items() if known is not None}
    return fixed_lines(template).and_at_times(told_lines(template, {"campaign": copy.timetable.details, **names}))


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
    found = question_of(copy, key) if key else None
    return question_facts(found, copy.questions) if found else None
