"""A partner's details: what is wrong with them, and what becomes of its posts when they change."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from functools import partial

from sqlmodel import Session

from campaign.errors import BadInput, Finding, UnknownName, WrongUse
from campaign.models import partners
from campaign.models.partners import Account, Partner
from campaign.models.users import User
from campaign.plan.fields import FieldSpec, checked
from campaign.plan.fill import REGISTERED
from campaign.plan.gather import Source
from campaign.plan.refill import NewPost, single, tied
from campaign.plan.rows import PlanRow
from campaign.ports import MAIL
from campaign.register import partners as register
from campaign.review import planning, rules
from campaign.review.decisions import Desk

_OWN = tuple(sorted(REGISTERED - {"key"}))


def described(partner: Partner) -> dict[str, str]:
    """Return what templates read of a partner: its details, and above them what the register says of it."""
    return {**partner.details, **{name: getattr(partner, name) for name in _OWN}}


def version(partner: Partner) -> str:
    """Return the digest of what templates read of a partner, for whoever changes it to name what they saw."""
    said = [f"{name}={text}" for name, text in sorted(described(partner).items())]
    return hashlib.sha256("\0".join(said).encode()).hexdigest()


def changed(partner: Partner, typed: Mapping[str, str]) -> dict[str, str]:
    """Return what of the given values is otherwise than it is stored."""
    before = described(partner)
    return {name: text for name, text in typed.items() if text != before.get(name, "")}


def faults(fields: Mapping[str, FieldSpec], typed: Mapping[str, str]) -> list[Finding]:
    """Find what is no value of its field; one that is left empty is asked for where a post needs it."""
    found: list[Finding] = []
    for spec in fields.values():
        value: object = typed.get(spec.name, "")
        if spec.type == "image" or not value:
            continue
        if spec.type == "quote":
            value = {"text": value, "name": typed.get(f"{spec.name}_name"), "role": typed.get(f"{spec.name}_role")}
        try:
            checked(spec, value)
        except BadInput as why:
            found += why.findings
    return found


def with_details(partner: Partner, values: Mapping[str, str]) -> Partner:
    """Return a partner as it would be with other details, stored nowhere. ``name`` is its name, and so on."""
    named = {name: getattr(partner, name) for name in Partner.model_fields}
    own = {name: values[name] for name in _OWN if name in values}
    details = {name: text for name, text in values.items() if name not in own}
    return Partner(**{**named, **own, "details": details, "name": own.get("name") or partner.name})


def examples(session: Session, source: Source, partner: Partner, now: datetime) -> list[tuple[Account, PlanRow]]:
    """Return for each account of a partner a first post of the timetable as it would be with the partner's details;
    what it lacks is in its findings. Mail has a form of its own.
    """
    found: list[tuple[Account, PlanRow]] = []
    for account, _ in partners.accounts(session, partner_ids=[partner.ident]):
        if account.channel == MAIL or account.disabled_why is not None:
            continue
        if (template := _example(source, account.channel)) is not None:
            found.append((account, single(session, source, NewPost(account, partner, template, now))))
    return found


def _example(source: Source, channel: str) -> str | None:
    """Return the template of the first post that the timetable plans on a channel; None where none stands by itself."""
    slots = [slot for slot in source.copy.timetable.slots if channel in slot.channels]
    for name in (name for slot in slots for name in slot.templates):
        with suppress(UnknownName):
            if not tied(source.copy.templates.pick(name, channel)):
                return name
    return None


def plan_with(
    session: Session, source: Source, partner: Partner, typed: Mapping[str, str], by: User, now: datetime
) -> planning.Ahead:
    """Plan with other details in a session that writes nothing: a plan takes long, and who writes keeps others
    waiting. Raises what ``register.partners.put`` does.
    """
    register.put(partner, changed(partner, typed), by=by)
    return planning.plan_ahead(session, source, now)


def store(
    desk: Desk, source: Source, partner: Partner, typed: Mapping[str, str], seen: str, ahead: planning.Ahead | None
) -> Counter[str] | None:
    """Store what changed and bring the partner's posts in line; returns how many rows of each action that took, None
    where nothing changed. ``ahead``: a plan that stands. ``seen``: the version that was changed, where one is named.

    Raises:
        NotAllowed: the person may not.
        WrongUse: somebody changed the details meanwhile.
        BadInput: a detail is at fault.

    """
    if seen and seen != version(partner):
        raise WrongUse(problem="Somebody changed these details meanwhile", mend="Open them again.", field="words")
    if not (new := changed(partner, typed)):
        return None
    quiet = partial(rules.keep_quiet, source.copy.timetable)
    register.change(desk.session, partner, new, quiet=quiet, by=desk.person, now=desk.now)
    desk.session.flush()
    return planning.bring_in(desk, source, only=partner.key, ahead=ahead).queued.counts
