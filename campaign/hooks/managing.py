"""What an admin does with webhooks: adds one, switches it off and on, tries it. Each act stands in the audit."""

import json
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from campaign.clock import iso
from campaign.errors import UnknownName, WrongUse
from campaign.hooks.outside import check_address
from campaign.hooks.signing import new_message, new_secret
from campaign.models import audit, hooks
from campaign.models.hooks import EVENTS, Hook, HookCall, Kind
from campaign.people import Right, demand
from campaign.review.decisions import Desk
from campaign.vault import Vault

MOST = 20
"""Webhooks that a workspace may have."""


@dataclass(frozen=True, slots=True)
class Opened:
    """What is sealed of a webhook."""

    url: str
    secret: str


def opened(vault: Vault, hook: Hook) -> Opened:
    """Return a webhook's address and secret. Raises WrongUse where the key file does not open them."""
    found = vault.open(hook.sealed, _bound_to(hook.key))
    return Opened(found["url"], found["secret"])


def _bound_to(key: str) -> str:
    return f"webhook:{key}"


def add(desk: Desk, vault: Vault, *, url: str, kinds: Collection[str], loopback: bool) -> tuple[Hook, str]:
    """Add a webhook, which is told of what happens from now on; returns its secret too, this once.

    Raises:
        NotAllowed: the person is no admin.
        WrongUse: the address can be none, no kind is chosen, or there are too many.
        UnknownName: there is no such kind.

    """
    demand(desk.person, Right.ADMINISTER)
    place = check_address(url, loopback=loopback)
    for kind in kinds:
        if kind not in EVENTS:
            raise UnknownName(field="kinds", kind="kind", name=kind, mend=f"The kinds are {', '.join(EVENTS)}.")
    if not kinds:
        raise WrongUse(field="kinds", problem="A webhook is told of something", mend="Choose what.")
    if len(hooks.hooks(desk.session)) >= MOST:
        raise WrongUse(problem=f"There are {MOST} webhooks already", mend="Use one of those that are switched off.")
    secret, key = new_secret(), secrets.token_hex(8)
    found = Hook(
        key=key,
        place=place,
        kinds=[kind.value for kind in EVENTS if kind in kinds],
        sealed=vault.seal({"url": url, "secret": secret}, _bound_to(key)),
        made_by=desk.person.name,
        made_at=desk.now,
        seen_event=hooks.newest(desk.session).event,
    )
    desk.session.add(found)
    desk.session.flush()
    _note(desk, found, "add webhook", {"place": place, "kinds": found.kinds})
    return found, secret


def found(session: Session, ident: int) -> Hook:
    """Return a webhook by its number. Raises UnknownName."""
    hook = hooks.hook(session, ident)
    if hook is None:
        raise UnknownName(kind="webhook", name=ident, mend="The list of webhooks numbers them.")
    return hook


def switch_off(desk: Desk, hook: Hook) -> None:
    """Call a webhook no more; what happens meanwhile is told when it is switched on again. Raises NotAllowed."""
    demand(desk.person, Right.ADMINISTER)
    hook.off_at, hook.off_by, hook.off_why = hook.off_at or desk.now, desk.person.name, None
    desk.session.add(hook)
    _note(desk, hook, "switch webhook off", {})


def switch_on(desk: Desk, hook: Hook) -> int:
    """Call a webhook again: every call that it has not taken is made anew, then what happened meanwhile. Returns how
    many wait at once. Raises NotAllowed.
    """
    demand(desk.person, Right.ADMINISTER)
    hook.off_at = hook.off_by = hook.off_why = None
    hook.failures, hook.failing_since, hook.quiet_until = 0, None, None
    desk.session.add(hook)
    desk.session.flush()
    again = hooks.try_all_again(desk.session, hook.ident, desk.now)
    _note(desk, hook, "switch webhook on", {"again": again})
    return again


def test(desk: Desk, hook: Hook) -> HookCall:
    """Have the daemon make a call that tells of nothing, also of a webhook that is quiet because it failed: once the
    test is taken, the rest goes too. Raises NotAllowed, WrongUse for one that is switched off.
    """
    demand(desk.person, Right.ADMINISTER)
    if hook.off_at is not None:
        raise WrongUse(problem="This webhook is switched off", mend="Switch it on first.")
    hook.quiet_until = None
    call = call_of(hook, Kind.TEST, {"by": desk.person.name}, at=desk.now, now=desk.now)
    desk.session.add_all((hook, call))
    desk.session.flush()
    _note(desk, hook, "test webhook", {"message": call.message})
    return call


def call_of(hook: Hook, kind: Kind, data: Mapping[str, object], *, at: datetime, now: datetime) -> HookCall:
    """Return a call that is to be made now, with its words as they are signed and sent each time; ``at`` is when what
    it tells of happened.
    """
    name = "webhook.test" if kind is Kind.TEST else f"post.{kind.value}"
    document = {"type": name, "timestamp": iso(at), "data": data}
    body = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return HookCall(hook_id=hook.ident, message=new_message(), kind=kind.value, body=body, made_at=now, next_try_at=now)


def _note(desk: Desk, hook: Hook, action: str, facts: dict[str, object]) -> None:
    subject = f"webhook:{hook.ident}"
    audit.record(desk.session, who=desk.person.name, action=action, subject=subject, at=desk.now, facts=facts)
