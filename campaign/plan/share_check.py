"""Judges the slots that pass on another account's post: it must be out by the time at which they come. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime

from campaign.errors import Finding
from campaign.models.status import Status
from campaign.plan.days import local
from campaign.plan.rows import PlanFacts
from campaign.plan.wanted import Wanted, wanted_posts

Key = tuple[str, str, str]
"""A slot, a partner's key, a channel."""


def check_shares(facts: PlanFacts) -> list[Finding]:
    """Return a finding for each slot of shares that comes, for some account, before the post that it passes on, or
    whose post does not go out. What is past is left be, and so is the share of a post that is published.
    """
    every = [one for wanted in _wanted(facts) for one in wanted]
    originals: dict[Key, list[Wanted]] = {}
    for one in every:
        originals.setdefault((one.slot.name, one.partner.key, one.account.channel), []).append(one)
    due_at, published = _own_times(facts), _published(facts)
    found: dict[str, Finding] = {}
    for one in every:
        key = _shared(one)
        # Of a slot that has no post there at all the plan itself speaks.
        if key not in originals or key in published or one.place.skipped or due_at(one) < facts.now:
            continue
        if told := _fault(facts, one, originals[key], due_at):
            found.setdefault(one.slot.name, told)
    return list(found.values())


def _wanted(facts: PlanFacts) -> Sequence[list[Wanted]]:
    found = wanted_posts(facts.timetable, facts.questions, facts.partners, facts.accounts)
    return [found[ident] for ident in sorted(found)]


def _shared(one: Wanted) -> Key | None:
    if one.slot.action != "share":
        return None
    slot, _, partner = (one.slot.of or "").rpartition("@")
    return slot, partner, one.account.channel


def _own_times(facts: PlanFacts) -> Callable[[Wanted], datetime]:
    """Return what says when a post is due: where a person put it, else where the timetable has it."""
    moved = {(post.account_id, post.slot, post.occurrence): post.due_at for post in facts.existing if post.moved}
    return lambda one: moved.get((one.account.id, one.slot.name, one.occurrence.key), one.place.due_at)


def _published(facts: PlanFacts) -> set[Key]:
    accounts = {account.id: account for account in facts.accounts}
    out = [post for post in facts.existing if post.status == Status.PUBLISHED and post.account_id in accounts]
    return {(post.slot, accounts[post.account_id].partner, accounts[post.account_id].channel) for post in out}


def _fault(
    facts: PlanFacts, share: Wanted, originals: Sequence[Wanted], due_at: Callable[[Wanted], datetime]
) -> Finding | None:
    slot, zone = share.slot, facts.timetable.zone
    going = [one for one in originals if not (one.place.skipped or one.missed or one.fault)]
    if not going:
        why = next((reason for one in originals if (reason := one.place.skipped or one.missed)), "it is blocked")
        mend = f"Share another post, or take {share.account.channel} out of the slot's channels"
        problem = f"{slot.of} does not go out on {share.account.channel} ({why})"
        return Finding(facts.timetable.file, f"slot.{slot.name}.of", problem, mend, slot.line)
    first = min(due_at(one) for one in going)
    if first <= due_at(share):
        return None
    times = f"{local(due_at(share), zone):%Y-%m-%d %H:%M}", f"{local(first, zone):%Y-%m-%d %H:%M}"
    problem = f"{share.partner.key} shares on {share.account.channel} at {times[0]}, and {slot.of} comes at {times[1]}"
    mend = f"Write a later time, after all of the spread of {originals[0].slot.name}"
    return Finding(facts.timetable.file, f"slot.{slot.name}.{'cron' if slot.cron else 'at'}", problem, mend, slot.line)
