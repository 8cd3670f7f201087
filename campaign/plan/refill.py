"""Filling one template outside a run of the planner: an edited post, and a single post that no timetable asked for."""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.errors import BadInput, Finding
from campaign.models import listing
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.plan.addressing import addressed
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.days import local
from campaign.plan.entries import Event, Slot, Timetable
from campaign.plan.events import notice_key
from campaign.plan.fields import FieldSpec
from campaign.plan.fill import parts
from campaign.plan.gather import Source, account_facts, partner_facts
from campaign.plan.occurrences import Occurrence
from campaign.plan.placing import Place, quiet_on
from campaign.plan.questions import Question, question_facts
from campaign.plan.rows import SINGLE, ExistingPost, PlanFacts, PlanRow
from campaign.plan.template import CORRECTION, Template
from campaign.plan.twins import copy_finding, text_key
from campaign.plan.wanted import Wanted
from campaign.plan.words import TOKEN, campaign_facts, event_facts, filled, stale, stale_at
from campaign.ports import Draft

_TIED = re.compile(r"\b(?:event|question)\.")


def tied(template: Template) -> bool:
    """Say whether a template speaks of what only something else gives: an event or a question of the timetable, or the
    issue that it corrects.
    """
    return template.name == CORRECTION or bool(
        _TIED.search(" ".join(filter(None, (template.words, template.subject, template.link))))
    )


class Said:
    """What the accounts of a channel say by now, where it forbids copies: found by the digest of the words in what is
    stored, and among the new posts that were noted.
    """

    def __init__(self, session: Session, source: Source, channel: str) -> None:
        self._session = session
        self._source = source
        self._channel = channel
        self._forbids = not source.channels[channel].copies
        self._by_words: dict[str, set[int]] = {}

    def note(self, account_id: int, draft: Draft) -> None:
        """Note that an account says it. A share says nothing of its own."""
        if self._forbids and not draft.share_of:
            self._by_words.setdefault(self._key(draft), set()).add(account_id)

    def by_another(self, account_id: int, draft: Draft) -> bool:
        """Say whether another account says the same, where the channel forbids it."""
        if not self._forbids or draft.share_of:
            return False
        key = self._key(draft)
        noted = self._by_words.get(key, set()) - {account_id}
        return bool(noted) or listing.others_say(self._session, self._channel, account_id, key)

    def _key(self, draft: Draft) -> str:
        return text_key(self._source.compose(self._channel, draft, TOKEN))


def refilled(session: Session, source: Source, row: PostRow, fields: Mapping[str, str]) -> Draft:
    """Return the draft of a stored post's template with other field values. Raises BadInput."""
    post, account, partner = row.post, row.account, row.partner
    timetable = source.copy.timetable
    template = source.copy.templates.pick(post.template, post.channel)
    if unknown := unknown_fields(template.name, template.fields, fields):
        raise BadInput(unknown)
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
    if Said(session, source, post.channel).by_another(account.ident, draft):
        raise BadInput([copy_finding(post.channel, partner.key, post.template)])
    return addressed(draft, account_facts(account, partner), partner_facts(partner), source.letterhead)


def unknown_fields(
    where: str, known: Mapping[str, FieldSpec], values: Mapping[str, str], *, also: Collection[str] = ()
) -> list[Finding]:
    """Find values for fields that there are not. ``where`` names what has the fields, ``also`` what may be named beside
    them.
    """
    strange = sorted(values.keys() - {part for spec in known.values() for part in parts(spec)} - set(also))
    mend = f"There are: {', '.join(sorted({*known, *also})) or 'none'}."
    return [Finding(where, name, "there is no such field", mend) for name in strange]


def pictures_named(where: str, known: Mapping[str, FieldSpec], values: Mapping[str, str], mend: str) -> list[Finding]:
    """Find the names of pictures. Whoever does not sit in the workspace may not name its files, nor learn which there
    are: a picture comes in by a form, or from the partner's details.
    """
    pictures = [part for spec in known.values() if spec.type == "image" for part in parts(spec)]
    return [Finding(where, part, "no picture comes in here", mend) for part in pictures if part in values]


def _event_words(timetable: Timetable, post: Post) -> Mapping[str, object] | None:
    found = next((event for event in timetable.events if post.occurrence in {event.key, notice_key(event)}), None)
    return event_facts(found) if found else None


def _question_words(questions: tuple[Question, ...], post: Post) -> Mapping[str, object] | None:
    """Return the words of the post's question: the planner named it, for a slot in rotation keys a post by its time."""
    found = next((question for question in questions if question.key in {post.question, post.occurrence}), None)
    return question_facts(found, questions) if found else None


@dataclass(frozen=True, slots=True)
class NewPost:
    """A post that no timetable asked for: what a template says for an account of a partner, due at ``due_at`` (aware
    UTC). ``event``: the one it speaks of, where it is a notice of one.
    """

    account: Account
    partner: Partner
    template: str
    due_at: datetime
    fields: Mapping[str, str] = field(default_factory=dict)
    event: Event | None = None


def single(session: Session, source: Source, new: NewPost, said: Said | None = None) -> PlanRow:
    """Return the row of a new post that stands for itself; what is wrong with it is in its findings. ``said``: what the
    channel's accounts say, where it was read already.
    """
    if tied(source.copy.templates.pick(new.template, new.account.channel)):
        problem = "it speaks of an event, a question or an issue, which a new post has not"
        finding = Finding(new.template, "template", problem, "Choose another template")
        return replace(_row(source, new), action="blocked", findings=(finding,))
    return about(session, source, new, said)


def about(session: Session, source: Source, new: NewPost, said: Said | None = None) -> PlanRow:
    """Return the row of a new post that has what its template speaks of: in its fields, or as its event."""
    account, partner = new.account, new.partner
    owner = partner_facts(partner)
    facts = PlanFacts(
        timetable=source.copy.timetable,
        templates=source.copy.templates,
        fill=source.filler,
        partners=[owner],
        accounts=[],
        now=new.due_at,
        channels=source.channels,
        compose=source.compose,
        placeholders_allowed=source.placeholders_allowed,
        letterhead=source.letterhead,
    )
    row = _row(source, new)
    wanted = _wanted(row, account_facts(account, partner), owner, new)
    try:
        made = filled(facts, wanted, _holder(row, new.fields))
    except BadInput as error:
        return replace(row, action="blocked", findings=error.findings)
    findings = _out_of_bounds(facts, wanted)
    if (said or Said(session, source, account.channel)).by_another(account.ident, made.draft):
        findings.append(copy_finding(account.channel, partner.key, new.template))
    if findings:
        return replace(row, action="blocked", findings=tuple(findings))
    return replace(
        row,
        draft=made.draft,
        template=made.template_name,
        template_version=made.template_version,
        stale_at=stale_at(facts, wanted),
    )


def _row(source: Source, new: NewPost) -> PlanRow:
    return PlanRow(
        action="add",
        partner=new.partner.key,
        account_id=new.account.ident,
        channel=new.account.channel,
        slot=SINGLE,
        occurrence=notice_key(new.event) if new.event else _key(local(new.due_at, source.copy.timetable.zone)),
        due_at=new.due_at,
        window_from=new.due_at,
        window_until=new.due_at,
    )


def _out_of_bounds(facts: PlanFacts, wanted: Wanted) -> list[Finding]:
    """Find what speaks against the time: a quiet period of the partner, or words that are no longer true then."""
    due_at, timetable = wanted.place.due_at, facts.timetable
    quiet = quiet_on(timetable, wanted.partner, local(due_at, timetable.zone).date())
    reason = f"it lies in the quiet period {quiet.name}" if quiet else stale(facts, wanted)
    return [Finding("the new post", "at", reason, "Choose another time")] if reason else []


def _key(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%S} {secrets.token_hex(4)}"


def _wanted(row: PlanRow, account: AccountFacts, owner: PartnerFacts, new: NewPost) -> Wanted:
    slot = Slot(name=SINGLE, channels=(row.channel,), templates=(new.template,))
    occurrence = Occurrence(slot, row.occurrence, row.due_at, template=new.template, event=new.event)
    return Wanted(account, owner, occurrence, Place(row.due_at, row.due_at, timedelta()))


def _holder(row: PlanRow, fields: Mapping[str, str]) -> ExistingPost:
    """Carry the post's own field values to where the planner looks for them."""
    return ExistingPost(
        id=0,
        account_id=row.account_id,
        slot=SINGLE,
        occurrence=row.occurrence,
        due_at=row.due_at,
        status=Status.DRAFT,
        draft=Draft(words=""),
        fields=fields,
    )
