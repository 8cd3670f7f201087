"""Filling one template outside a run of the planner: an edited post, and a single post that no timetable asked for."""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from campaign.errors import BadInput, CampaignError, Finding, WrongUse
from campaign.models import listing
from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.days import local
from campaign.plan.entries import Event, Slot, Timetable
from campaign.plan.events import notice_key
from campaign.plan.fields import FieldSpec
from campaign.plan.fill import parts
from campaign.plan.gather import Source, account_facts, partner_facts
from campaign.plan.occurrences import Occurrence
from campaign.plan.placing import Place, quiet_on
from campaign.plan.questions import Question
from campaign.plan.rows import SINGLE, PlanFacts, PlanRow
from campaign.plan.template import CORRECTION, Template, Templates
from campaign.plan.twins import copy_finding, text_key
from campaign.plan.wanted import Wanted
from campaign.plan.words import TOKEN, filled, placeholders, stale, stale_at
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


@dataclass(frozen=True, slots=True)
class Refilled:
    """A stored post filled anew: what it says, by which version of its template, and until when that is true."""

    draft: Draft
    template_version: str
    stale_at: datetime | None

    @property
    def carried(self) -> dict[str, object]:
        """Return what a post carries of its template besides the words."""
        return {"template_version": self.template_version, "stale_at": self.stale_at}


def wording(templates: Templates, post: Post) -> Template:
    """Return the template of a stored post.

    Raises:
        WrongUse: it shares another post and has no words of its own.
        UnknownName: the template is no longer there.

    """
    if not post.template:
        problem = f"Post {post.id} passes on the post {post.draft.get('share_of')} and says no words of its own"
        raise WrongUse(problem=problem, mend="Withdraw it, or queue a post of its own.")
    return templates.pick(post.template, post.channel)


def refilled(
    session: Session, source: Source, row: PostRow, fields: Mapping[str, str], due_at: datetime | None = None
) -> Refilled:
    """Return a stored post's template with other field values, due when it is or at ``due_at``. What a plan would block
    is refused; a placeholder stands where the post was queued with one. Raises BadInput, and as ``wording``.
    """
    post, account, partner = row.post, row.account, row.partner
    template = wording(source.copy.templates, post)
    if unknown := unknown_fields(template.name, template.fields, fields):
        raise BadInput(unknown)
    at = due_at or post.due_at
    facts = _facts(source, partner, at, placeholders_allowed=source.placeholders_allowed and _stands_in(source, post))
    wanted = _wanted_again(source, row, at)
    made = filled(facts, wanted, fields)
    if reason := stale(facts, wanted):
        raise BadInput([Finding(template.name, "until", reason, "Give it an earlier time, or withdraw it")])
    if Said(session, source, post.channel).by_another(account.ident, made.draft):
        raise BadInput([copy_finding(post.channel, partner.key, post.template)])
    draft = replace(made.draft, audience=post.draft.get("audience") or made.draft.audience)
    return Refilled(draft, made.template_version, stale_at(facts, wanted))


def at_another_time(session: Session, source: Source, row: PostRow, due_at: datetime) -> Refilled | None:
    """Return what a stored post would say at another time; None where that is what it says now, and where its files let
    nobody say: a plan tells of those. Raises BadInput: it may not go out then, or cannot be filled.
    """
    try:
        now = refilled(session, source, row, row.post.fields)
    except CampaignError:
        return None
    then = refilled(session, source, row, row.post.fields, due_at)
    return then if then.draft != now.draft else None


def _stands_in(source: Source, post: Post) -> bool:
    """Say whether a post says what stands in for DfE's, as whoever queued it allowed."""
    return any(placeholders(source.copy.timetable, source.draft_of(post)))


def _facts(source: Source, owner: Partner, now: datetime, *, placeholders_allowed: bool) -> PlanFacts:
    """Return the facts of a plan for one post of a partner, at its time."""
    return PlanFacts(
        timetable=source.copy.timetable,
        templates=source.copy.templates,
        fill=source.filler,
        partners=[partner_facts(owner)],
        accounts=[],
        now=now,
        channels=source.channels,
        questions=source.copy.questions,
        compose=source.compose,
        placeholders_allowed=placeholders_allowed,
        letterhead=source.letterhead,
    )


def _wanted_again(source: Source, row: PostRow, due_at: datetime) -> Wanted:
    """Return what the timetable wanted of a stored post, at this time."""
    post, timetable = row.post, source.copy.timetable
    slot = Slot(name=post.slot, channels=(post.channel,), templates=(post.template,))
    occurrence = Occurrence(
        slot,
        post.occurrence,
        post.slot_at or post.due_at,
        template=post.template,
        event=_event_of(timetable, post),
        question=_question_of(source.copy.questions, post),
        hangs_on=timetable.event(post.event) if post.event else None,
    )
    account, owner = account_facts(row.account, row.partner), partner_facts(row.partner)
    return Wanted(account, owner, occurrence, Place(due_at, due_at, timedelta()))


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


def _event_of(timetable: Timetable, post: Post) -> Event | None:
    return next((event for event in timetable.events if post.occurrence in {event.key, notice_key(event)}), None)


def _question_of(questions: tuple[Question, ...], post: Post) -> Question | None:
    """Return the post's question: the planner named it, for a slot in rotation keys a post by its time."""
    return next((question for question in questions if question.key in {post.question, post.occurrence}), None)


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
    facts = _facts(source, partner, new.due_at, placeholders_allowed=source.placeholders_allowed)
    row = _row(source, new)
    wanted = _wanted(row, account_facts(account, partner), owner, new)
    try:
        made = filled(facts, wanted, new.fields)
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
