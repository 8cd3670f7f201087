"""Filling one template outside a run of the planner: an edited post, and a single post that no timetable asked for."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.errors import BadInput, Finding
from campaign.models import listing
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.plan.addressing import addressed
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.days import local
from campaign.plan.entries import Slot, Timetable
from campaign.plan.fill import parts
from campaign.plan.gather import Source, account_facts, partner_facts
from campaign.plan.occurrences import Occurrence
from campaign.plan.placing import Place, quiet_on
from campaign.plan.questions import Question, question_facts
from campaign.plan.rows import SINGLE, ExistingPost, PlanFacts, PlanRow
from campaign.plan.twins import Speakers, copy_finding
from campaign.plan.wanted import Wanted
from campaign.plan.words import campaign_facts, event_facts, filled, stale, stale_at
from campaign.ports import Draft

_OVER = frozenset({Status.WITHDRAWN, Status.REJECTED})


def refilled(session: Session, source: Source, row: PostRow, fields: Mapping[str, str]) -> Draft:
    """Return the draft of a stored post's template with other field values. Raises BadInput."""
    post, account, partner = row.post, row.account, row.partner
    timetable = source.copy.timetable
    known = source.copy.templates.pick(post.template, post.channel).fields
    if unknown := sorted(fields.keys() - {part for spec in known.values() for part in parts(spec)}):
        mend = f"It has {', '.join(sorted(known)) or 'none'}."
        raise BadInput([Finding(post.template, name, "the template has no such field", mend) for name in unknown])
    made = source.filler(
        post.template,
        post.channel,
        campaign=campaign_facts(timetable, post.due_at),
        partner=partner_facts(partner),
        event=_event_words(timetable, post),
        question=_question_words(source.copy.questions, post),
        fields=fields,
    )
    draft = replace(made.draft, audience=post.draft.get("audience"))
    if copied := _copied(session, source, account, partner, draft, post.template):
        raise BadInput(copied)
    return addressed(draft, account_facts(account, partner), partner_facts(partner), source.letterhead)


def _copied(
    session: Session, source: Source, account: Account, partner: Partner, draft: Draft, template: str
) -> list[Finding]:
    """Find that a stored post of another account says what the draft says, where the channel forbids it."""
    if source.channels[account.channel].copies:
        return []
    speakers = Speakers(source.channels, source.compose)
    wanted = PostFilter(channels=(account.channel,), statuses=tuple(status for status in Status if status not in _OVER))
    others = [row for row in listing.posts(session, wanted) if row.account.id != account.id]
    for row in others:
        speakers.repeats(account.channel, row.account.ident, source.draft_of(row.post))
    if speakers.repeats(account.channel, account.ident, draft):
        return [copy_finding(account.channel, partner.key, template)]
    return []


def _event_words(timetable: Timetable, post: Post) -> Mapping[str, object] | None:
    found = next((event for event in timetable.events if event.key == post.occurrence), None)
    return event_facts(found) if found else None


def _question_words(questions: tuple[Question, ...], post: Post) -> Mapping[str, object] | None:
    """Return the words of the post's question: the planner named it, for a slot in rotation keys a post by its time."""
    found = next((question for question in questions if question.key in {post.question, post.occurrence}), None)
    return question_facts(found, questions) if found else None


def single(
    session: Session,
    source: Source,
    account: Account,
    partner: Partner,
    template: str,
    due_at: datetime,
    fields: Mapping[str, str],
) -> PlanRow:
    """Return the row of a post that no timetable asked for; what is wrong with it is in its findings."""
    owner = partner_facts(partner)
    facts = PlanFacts(
        timetable=source.copy.timetable,
        templates=source.copy.templates,
        fill=source.filler,
        partners=[owner],
        accounts=[],
        now=due_at,
        channels=source.channels,
        compose=source.compose,
        placeholders_allowed=source.placeholders_allowed,
        letterhead=source.letterhead,
    )
    row = PlanRow(
        action="add",
        partner=partner.key,
        account_id=account.ident,
        channel=account.channel,
        slot=SINGLE,
        occurrence=f"{local(due_at, source.copy.timetable.zone):%Y-%m-%dT%H:%M:%S} {secrets.token_hex(4)}",
        due_at=due_at,
        window_from=due_at,
        window_until=due_at,
    )
    wanted = _wanted(row, account_facts(account, partner), owner, template)
    try:
        made = filled(facts, wanted, _holder(row, fields))
    except BadInput as error:
        return replace(row, action="blocked", findings=error.findings)
    findings = _out_of_bounds(facts, wanted) + _copied(session, source, account, partner, made.draft, template)
    if findings:
        return replace(row, action="blocked", findings=tuple(findings))
    return replace(
        row,
        draft=made.draft,
        template=made.template_name,
        template_version=made.template_version,
        stale_at=stale_at(facts, wanted),
    )


def _out_of_bounds(facts: PlanFacts, wanted: Wanted) -> list[Finding]:
    """Find what speaks against the time: a quiet period of the partner, or words that are no longer true then."""
    due_at, timetable = wanted.place.due_at, facts.timetable
    quiet = quiet_on(timetable, wanted.partner, local(due_at, timetable.zone).date())
    reason = f"it lies in the quiet period {quiet.name}" if quiet else stale(facts, wanted, due_at)
    return [Finding("the new post", "at", reason, "Choose another time")] if reason else []


def _wanted(row: PlanRow, account: AccountFacts, owner: PartnerFacts, template: str) -> Wanted:
    slot = Slot(name=SINGLE, channels=(row.channel,), templates=(template,))
    occurrence = Occurrence(slot, row.occurrence, row.due_at, template=template)
    return Wanted(account, owner, occurrence, Place(row.due_at, row.due_at, timedelta()))


def _holder(row: PlanRow, fields: Mapping[str, str]) -> ExistingPost:
    """Carry the post's own field values to where the planner looks for them."""
    return ExistingPost(
        id=0,
        account_id=row.account_id,
        slot=SINGLE,
        occurrence=row.occurrence,
        due_at=row.due_at,
        status="draft",
        draft=Draft(words=""),
        fields=fields,
    )
