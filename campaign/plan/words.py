"""Makes the words of one wanted post and judges them: fields, placeholders, stale copy, the platform's limits."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta

from campaign.errors import BadInput, Finding, WrongUse
from campaign.plan.addressing import addressed
from campaign.plan.audience import matches
from campaign.plan.days import day_after, instant, local, spoken_day, spoken_time
from campaign.plan.entries import Event, Timetable
from campaign.plan.marked import misplaced
from campaign.plan.pictured import unfit
from campaign.plan.placing import announced
from campaign.plan.questions import question_facts
from campaign.plan.rows import Filled, PickedTemplate, PlanFacts
from campaign.plan.wanted import Wanted
from campaign.ports import MAIL, Draft, Limits, Message

TOKEN = "00000000"  # noqa: S105 - no secret
"""A token of the right length: the real one is drawn when the post is stored."""
_X_MEND = (
    "Give the partner a line of its own (`campaign partners set {partner} x_line=…`), let it share DfE's post, "
    "or publish by hand: on X it may not repeat what others post"
)


def filled(facts: PlanFacts, wanted: Wanted, fields: Mapping[str, str]) -> Filled:
    """Return what would go out with these fields of the post's own.

    Raises:
        campaign.errors.BadInput: naming what is missing, ill-typed, over-long or still a placeholder.

    """
    made = _share(facts, wanted) if wanted.slot.action == "share" else _words(facts, wanted, fields)
    made = replace(made, draft=addressed(made.draft, wanted.account, wanted.partner, facts.letterhead))
    findings = [
        *([] if facts.placeholders_allowed else placeholders(facts.timetable, made.draft)),
        *_over_limits(facts, wanted, made),
        *unpermitted(facts.timetable, made.template_name, made.draft, wanted.place.due_at),
    ]
    if findings:
        raise BadInput(findings)
    return replace(made, fields=fields)


def _share(facts: PlanFacts, wanted: Wanted) -> Filled:
    """Return the draft that passes on another account's post; the owner must post it on this channel."""
    slot, channel = wanted.slot, wanted.account.channel
    name, _, owner = (slot.of or "").rpartition("@")
    shared = facts.timetable.slot(name)
    partner = next((one for one in facts.partners if one.key == owner), None)
    there = any(account.partner == owner and account.channel == channel for account in facts.accounts)
    if not there or shared is None or channel not in shared.channels:
        problem = f"{slot.of} publishes nothing on {channel}"
        mend = f"Import an account of {owner} on {channel}, or take {channel} out of the slot's channels"
    elif partner is not None and not matches(shared.partners, partner):
        problem = f"the slot {name} leaves {owner} out, so that there is nothing to share"
        mend = f"Let the `partners` of {name} name {owner} too, or share another post"
    else:
        return Filled(Draft(words="", share_of=slot.of), "", "")
    raise BadInput([Finding(facts.timetable.file, f"slot.{slot.name}.of", problem, mend, slot.line)])


def _words(facts: PlanFacts, wanted: Wanted, fields: Mapping[str, str]) -> Filled:
    occurrence, channel = wanted.occurrence, wanted.account.channel
    name = occurrence.template or ""
    try:
        _check_day(facts, facts.templates.pick(name, channel))
        return facts.fill(
            name,
            channel,
            campaign=campaign_facts(facts.timetable, wanted.place.due_at),
            partner=wanted.partner,
            event=event_facts(occurrence.event) if occurrence.event else None,
            question=question_facts(occurrence.question, facts.questions) if occurrence.question else None,
            fields=fields,
        )
    except BadInput as error:
        raise BadInput([_own_mend(finding, wanted) for finding in error.findings]) from error
    except WrongUse as error:
        mend = "Mend the timetable or the templates"
        place = f"slot.{wanted.slot.name}.template"
        raise BadInput([Finding(facts.timetable.file, place, str(error), mend, wanted.slot.line)]) from error


def _own_mend(finding: Finding, wanted: Wanted) -> Finding:
    """Say for X what a partner without a line of its own can do (rulings, 17)."""
    if wanted.account.channel == "x" and finding.field.rpartition(".")[2] == "x_line":
        return replace(finding, mend=_X_MEND.format(partner=wanted.partner.key), on_page=finding.mend)
    return finding


def stale(facts: PlanFacts, wanted: Wanted) -> str | None:
    """Return why the words are out of date at the time at which they would go out."""
    event = announced(facts.timetable, wanted.occurrence)
    if event and instant(event.starts, facts.timetable.zone) <= wanted.place.due_at:
        return f"the event {event.name} has begun by then"
    last = _last_day(facts, wanted)
    if last and local(wanted.place.due_at, facts.timetable.zone).date() > last:
        return f"its words hold until {spoken_day(last)} {last.year} only"
    return None


def stale_at(facts: PlanFacts, wanted: Wanted) -> datetime | None:
    """Return the instant from which the words are no longer true, None where they do not age: their last day has ended,
    or the event that they announce begins.
    """
    zone, last = facts.timetable.zone, _last_day(facts, wanted)
    event = announced(facts.timetable, wanted.occurrence)
    ends = [*([day_after(last, zone)] if last else []), *([instant(event.starts, zone)] if event else [])]
    return min(ends, default=None)


def _last_day(facts: PlanFacts, wanted: Wanted) -> date | None:
    """Return the last day for which a template vouches for its words: a date, or the name of a day (rulings, 18)."""
    until = _until(facts, wanted)
    last = facts.timetable.days.get(until) if isinstance(until, str) else until
    return last.date() if isinstance(last, datetime) else last


def _until(facts: PlanFacts, wanted: Wanted) -> str | date | None:
    if not wanted.occurrence.template:
        return None
    try:
        picked = facts.templates.pick(wanted.occurrence.template, wanted.account.channel)
    except WrongUse:
        return None  # an unknown template is reported when it is to be filled
    return picked.until


def _check_day(facts: PlanFacts, picked: PickedTemplate) -> None:
    """Refuse a template whose ``until`` names a day that the timetable has not: nobody could say when it is stale."""
    if isinstance(picked.until, str) and picked.until not in facts.timetable.days:
        problem = f'`until` names a day "{picked.until}" that the timetable has not'
        raise BadInput([Finding(picked.name, "until", problem, f"Add {picked.until} to [days] of the timetable")])


def campaign_facts(timetable: Timetable, due_at: datetime) -> dict[str, object]:
    """Return what templates read as ``campaign``: the details, the days as people say them, whether events remain."""
    days = {name: spoken_day(day) for name, day in timetable.days.items()}
    return {**timetable.details, "days": days, "events_open": events_open(timetable, due_at)}


def events_open(timetable: Timetable, at: datetime) -> bool:
    """Say whether an event that was not cancelled is still to come at ``at``."""
    coming = (event for event in timetable.events if event.status != "cancelled")
    return any(instant(event.starts, timetable.zone) > at for event in coming)


def event_facts(event: Event) -> Mapping[str, object]:
    """Return what templates read as ``event``, day and time as people say them."""
    return {
        "name": event.name,
        "title": event.title,
        "principle": event.principle,
        "day": spoken_day(event.starts),
        "time": spoken_time(event.starts.time()),
        "register_url": event.register_url,
        "status": event.status,
    }


def placeholders(timetable: Timetable, draft: Draft) -> Iterable[Finding]:
    """Find details in the words that the file marks as not DfE's yet."""
    seen = " ".join(text for text in (draft.words, draft.link, draft.subject, draft.preheader) if text)
    for name in timetable.placeholders:
        value = timetable.details.get(name, "")
        if value and value in seen:
            line = timetable.lines.get(f"details.{name}")
            problem = "stands in for what DfE has not published yet"
            mend = "Write what DfE published into the timetable, and take the name out of its `placeholders`"
            here = "Whoever prepares the campaign's files writes it in once it is published"
            yield Finding(timetable.file, f"details.{name}", problem, mend, line, on_page=here)


def unpermitted(timetable: Timetable, template: str, draft: Draft, due_at: datetime) -> Iterable[Finding]:
    """Find images whose permission will have ended by the time of the post (rulings, 19)."""
    for media in draft.media:
        if media.until is not None and media.ended(due_at):
            last = local(media.until, timetable.zone).date() - timedelta(days=1)
            problem = f"the permission for the image “{media.alt}” is held until {spoken_day(last)} {last.year} only"
            mend = "Have it renewed and write the new day, or take the image out"
            yield Finding(template, "media", problem, mend)


def _over_limits(facts: PlanFacts, wanted: Wanted, made: Filled) -> list[Finding]:
    """Measure what would go out, composed where the caller can, by the channel's own counting."""
    channel, draft = wanted.account.channel, made.draft
    limits = facts.channels[channel]
    message = facts.compose(channel, draft, TOKEN) if facts.compose else _plain(limits, channel, draft)
    return over_limits(limits, message, made.template_name or f"slot {wanted.slot.name}")


def over_limits(limits: Limits, message: Message, name: str) -> list[Finding]:
    """Find what of a message its channel does not take; ``name`` says where it comes from."""
    problems = _share_problems(limits, message.channel) if message.share_of else _problems(limits, message)
    return [Finding(name, field, problem, mend) for field, problem, mend in problems]


def _plain(limits: Limits, channel: str, draft: Draft) -> Message:
    """Stand in for composing where a caller has no channels at hand: words, and the link where it shows as no card."""
    text = draft.words if limits.card and not draft.media else draft.written_out
    return Message(channel, text, subject=draft.subject, media=draft.media, share_of=draft.share_of)


def _share_problems(limits: Limits, channel: str) -> list[tuple[str, str, str]]:
    if limits.shares:
        return []
    return [("action", f"{channel} cannot share posts", f"Take {channel} out of the slot's channels")]


def _problems(limits: Limits, message: Message) -> list[tuple[str, str, str]]:
    """Return field, problem and mend for each limit that the message breaks."""
    length, subject, title = limits.count(message.text), len(message.subject or ""), len(message.link_title or "")
    checks = (
        ("words", f"the text counts {length}", length, limits.text_max, "Shorten a field"),
        ("subject", f"the subject has {subject} characters", subject, limits.subject_max, "Shorten it"),
        ("link_title", f"the title of the link has {title} characters", title, limits.title_max, "Shorten it"),
    )
    broken = [
        (field, f"{problem}, and {message.channel} allows {most}", mend)
        for field, problem, count, most, mend in checks
        if most is not None and count > most
    ]
    broken += unfit(limits, message)
    if message.text and length <= limits.text_max and not limits.valid(message.text):
        mend = "Type the text anew: the character may be one that cannot be seen, such as U+FEFF"
        broken.append(("words", f"the text holds a character that {message.channel} refuses", mend))
    if message.channel == MAIL and (address := misplaced(message.text)) is not None:
        mend = "Let the mark stand behind the host, as in https://example.org/?school=⟦school⟧, or in the link's words"
        broken.append(("words", f"a mark stands where an address says where it leads ({address}⟦…⟧)", mend))
    return broken
