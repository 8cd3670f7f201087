"""The planner: facts in, one row for every key out. Pure: it reads no clock, stores nothing, and says what it would do.

A key is (account, slot, ``for_each`` name or local date-time). What is taken or was decided by a person is never
planned again, whatever moved; what is still in review follows the timetable; what the timetable no longer wants is
withdrawn (rulings, 10 and 14 to 17).
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from campaign.errors import BadInput, Finding
from campaign.models.status import OVER, PLANNABLE, Status
from campaign.plan.audience import PartnerFacts, check_channels
from campaign.plan.events import not_sure
from campaign.plan.matching import Match, matched
from campaign.plan.moving import at_own_time, left_behind
from campaign.plan.relative import untimely
from campaign.plan.rows import SINGLE, Action, ExistingPost, Filled, PlanFacts, PlanRow
from campaign.plan.twins import without_copies
from campaign.plan.wanted import wanted_posts
from campaign.plan.words import filled, stale, stale_at
from campaign.ports import Draft


def plan(facts: PlanFacts) -> list[PlanRow]:
    """Return the plan by time, partner, channel and slot.

    A fault in one post (a missing field, an over-long text) makes a ``blocked`` row and leaves the others be.

    Raises:
        campaign.errors.BadInput: the timetable itself is at fault: an unknown channel, a slot that comes too often.

    """
    if findings := check_channels(facts.timetable, facts.channels):
        raise BadInput(findings)
    facts = _with_first_names(facts)
    partners = [_joined(partner, facts.now) for partner in facts.partners]
    wanted = wanted_posts(facts.timetable, facts.questions, partners, facts.accounts)
    stored: dict[int, list[ExistingPost]] = {}
    for post in facts.existing:
        stored.setdefault(post.account_id, []).append(post)
    rows: list[PlanRow] = []
    for account_id in sorted(wanted.keys() | stored.keys()):
        pairs, rest = matched(wanted.get(account_id, []), stored.get(account_id, []))
        rows += [_row(facts, pair) for pair in pairs]
        rows += _vanished(facts, rest)
    rows = without_copies(facts, rows)
    return sorted(rows, key=lambda row: (row.due_at, row.partner, row.channel, row.slot, row.occurrence))


def _with_first_names(facts: PlanFacts) -> PlanFacts:
    """Give each slot the name that it had when its first post was planned."""
    counting = [post for post in facts.existing if not post.given_up]
    known = {post.slot: post.first_slot for post in counting}
    slots = [replace(slot, first=known.get(slot.was or "") or known.get(slot.name)) for slot in facts.timetable.slots]
    return replace(facts, timetable=replace(facts.timetable, slots=tuple(slots)))


def _joined(partner: PartnerFacts, now: datetime) -> PartnerFacts:
    """Count a partner that joins after ``now`` as always there: only on a rehearsal's clock can that be."""
    return replace(partner, joined_at=None) if partner.joined_at and partner.joined_at > now else partner


def _row(facts: PlanFacts, pair: Match) -> PlanRow:
    """Decide about one wanted post: first what is settled, then whether it is wanted at all, then its words."""
    wanted, stored = pair.wanted, pair.stored
    if stored is not None and (stored.begun or stored.status not in PLANNABLE):
        if not stored.given_up:
            return _settled(facts, pair, stored)
        stored = None
    pair = _at_its_time(facts, pair)
    wanted = pair.wanted
    if reason := _refusal(facts, pair):
        return _answer(facts, pair, "withdraw", reason)
    if wanted.missed or (stored is None and wanted.place.due_at < facts.now):
        return _answer(facts, pair, "withdraw" if stored else "past", wanted.missed or "its time has passed")
    return _with_words(facts, pair, stored)


def _at_its_time(facts: PlanFacts, pair: Match) -> Match:
    """Put a post where a person moved it; where that falls silent, at its slot's time, if that does not. One that comes
    back stands there only if it may still go out then.
    """
    own = at_own_time(facts.timetable, pair)
    place = own.wanted.place
    if pair.stored is None or not pair.stored.given_up:
        return pair if place.skipped and not pair.wanted.place.skipped else own
    good = place.due_at >= facts.now and not (place.skipped or stale(facts, own.wanted))
    return own if good else pair


def _filled(facts: PlanFacts, pair: Match) -> Filled:
    """Fill the words. A post that comes back has its own again, unless they no longer fit: nobody can edit those."""
    stored = pair.stored
    try:
        return filled(facts, pair.wanted, stored.fields if stored else {})
    except BadInput:
        if stored is None or not (stored.given_up and stored.fields):
            raise
        return filled(facts, pair.wanted, {})


def _with_words(facts: PlanFacts, pair: Match, stored: ExistingPost | None) -> PlanRow:
    """Fill the words of a post that is wanted; where they or its event are not ready, it is blocked."""
    event = pair.wanted.occurrence.hangs_on
    hold = not_sure(facts.timetable, event, placeholders_allowed=facts.placeholders_allowed) if event else None
    if fault := pair.wanted.fault or (hold if stored is None else None):
        return _answer(facts, pair, "blocked", fault.problem, findings=(fault,))
    try:
        made = _filled(facts, pair)
    except BadInput as error:
        return _answer(facts, pair, "blocked", error.findings[0].problem, findings=error.findings)
    row = _answer(facts, pair, "add", made=made) if stored is None else _compared(facts, pair, stored, made, hold)
    left = left_behind(facts.timetable, pair)
    return replace(row, findings=(*_untimely(facts, pair, row), *([left] if left else [])))


def _untimely(facts: PlanFacts, pair: Match, row: PlanRow) -> Iterator[Finding]:
    """Warn of words that are not true on the day on which the post goes out, naming whose they are; it is no reason to
    keep the post back.
    """
    if row.draft is not None and row.action != "withdraw" and row.due_at >= facts.now:
        event = pair.wanted.occurrence.event
        for found in untimely(facts.timetable, row.template, row.draft, row.due_at, event):
            yield replace(found, field=f"{row.partner}.{found.field}")


def _refusal(facts: PlanFacts, pair: Match) -> str | None:
    """Return why nothing shall go out: a quiet period, a cancelled event, words that are no longer true."""
    wanted = pair.wanted
    event = wanted.occurrence.hangs_on
    if event and event.status == "cancelled":
        return f"the event {event.name} is cancelled"
    return wanted.place.skipped or stale(facts, wanted)


def _settled(facts: PlanFacts, pair: Match, stored: ExistingPost) -> PlanRow:
    """Keep a post that is taken or decided; where it was due says more of it than where it would be due now."""
    reason = "copies of it are out" if stored.begun else f"it is {stored.status.replace('_', ' ')} already"
    row = _answer(facts, pair, "keep", reason)
    occurrence = stored.occurrence if pair.wanted.slot.for_each is None else row.occurrence
    return replace(row, occurrence=occurrence, due_at=stored.due_at, slot_at=stored.slot_at, draft=stored.draft)


def _compared(facts: PlanFacts, pair: Match, stored: ExistingPost, made: Filled, hold: Finding | None) -> PlanRow:
    """Say whether the stored post still is what the timetable wants."""
    due_at = pair.wanted.place.due_at
    words, moved = not same_draft(made.draft, stored.draft), due_at != stored.due_at
    sender = made.draft.envelope != stored.draft.envelope
    if due_at < facts.now:
        row = _answer(facts, pair, "withdraw" if moved else "keep", "its time has passed", made=made)
        return replace(row, draft=stored.draft)
    held = hold is not None and stored.status == Status.APPROVED
    changes = {
        "its words change": words,
        "what goes with its words changes": sender or stored.drifted,
        "its time changes": moved,
        "its slot moves, and it stays where a person put it": left_behind(facts.timetable, pair) is not None,
    }
    reasons = [text for text, true in changes.items() if true]
    changed = held or any(changes.values())
    if hold:
        reasons.append(hold.problem)
    return _answer(facts, pair, "change" if changed else "keep", ", ".join(reasons), made=made)


def same_draft(one: Draft, other: Draft) -> bool:
    """Say whether two drafts say the same; an image is its bytes, its alt text and its permission, wherever it lies. An
    envelope is no words.
    """
    images = [[(media.digest, media.alt, media.until) for media in draft.media] for draft in (one, other)]
    return images[0] == images[1] and replace(one, media=(), envelope=None) == replace(other, media=(), envelope=None)


def _answer(
    facts: PlanFacts,
    pair: Match,
    action: Action,
    reason: str = "",
    *,
    made: Filled | None = None,
    findings: Iterable[Finding] = (),
) -> PlanRow:
    """Build the row of a wanted post."""
    wanted, place, about = pair.wanted, pair.wanted.place, pair.wanted.occurrence
    return PlanRow(
        action=action,
        partner=wanted.partner.key,
        account_id=wanted.account.id,
        channel=wanted.account.channel,
        slot=wanted.slot.name,
        occurrence=wanted.occurrence.key,
        due_at=place.due_at,
        window_from=place.window_from,
        window_until=place.window_until,
        draft=made.draft if made else None,
        template=(made.template_name if made else wanted.occurrence.template) or "",
        template_version=made.template_version if made else "",
        share_of=wanted.slot.of,
        reason=reason,
        event=about.hangs_on.name if about.hangs_on else None,
        question=about.question.key if about.question else None,
        first_slot=wanted.slot.identity,
        slot_at=(wanted.by_slot or place).base_at,
        stale_at=stale_at(facts, wanted),
        findings=tuple(findings),
        post_id=pair.stored.id if pair.stored else None,
        fields=made.fields if made else {},
        moved=wanted.by_slot is not None,
    )


def _vanished(facts: PlanFacts, posts: Iterable[ExistingPost]) -> list[PlanRow]:
    """Withdraw what the timetable no longer wants; warn where a slot's name is gone, as it may have been renamed."""
    accounts = {account.id: account for account in facts.accounts}
    rows: list[PlanRow] = []
    for post in posts:
        unknown = facts.timetable.slot(post.slot) is None
        open_still = post.status in PLANNABLE and not post.begun
        if post.slot in {"", SINGLE} or post.status in OVER or not (open_still or unknown):
            continue
        account = accounts.get(post.account_id)
        row = PlanRow(
            action="withdraw" if open_still else "keep",
            partner=account.partner if account else "",
            account_id=post.account_id,
            channel=account.channel if account else "",
            slot=post.slot,
            occurrence=post.occurrence,
            due_at=post.due_at,
            window_from=post.due_at,
            window_until=post.due_at,
            draft=post.draft,
            template=post.template,
            template_version=post.template_version,
            share_of=post.draft.share_of,
            reason="the timetable no longer has it" if account else "the account is no longer there",
            findings=(_renamed(facts, post.slot),) if unknown else (),
            post_id=post.id,
        )
        rows.append(row)
    return rows


def _renamed(facts: PlanFacts, slot: str) -> Finding:
    mend = f'If it was renamed, write was = "{slot}" in the slot, so that its posts do not go out twice'
    problem = f'the timetable has no slot "{slot}", and posts were planned for it'
    return Finding(facts.timetable.file, "slot", problem, mend, severity="warning")
