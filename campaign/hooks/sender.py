"""Tells webhooks: turns new events into calls that are kept, and makes the calls that are due. One process does it.

Nothing is sent twice by intent, and all of it may be: a call whose answer was lost is made again under its own name.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from campaign.clock import NEVER, Clock, iso
from campaign.config import Settings
from campaign.errors import Outcome, WrongUse
from campaign.health.duty import Duty
from campaign.hooks import managing, signing
from campaign.hooks.managing import Opened
from campaign.models import Database, hooks
from campaign.models.hooks import Hook, HookCall, Kind, Newest
from campaign.models.partners import Partner
from campaign.models.posts import Event, Post
from campaign.scrubbing import scrub
from campaign.vault import Vault

log = structlog.get_logger(__name__)

EVERY = timedelta(seconds=5)
_MINUTE, _HOUR = timedelta(minutes=1), timedelta(hours=1)
PAUSES = (
    timedelta(seconds=10), _MINUTE, 5 * _MINUTE, 15 * _MINUTE, _HOUR, 2 * _HOUR, 4 * _HOUR, 8 * _HOUR, 8 * _HOUR,
)  # fmt: skip
"""After how long a call is made again that was not taken: over about a day, then it is given up."""
GIVE_UP = timedelta(hours=23)
"""A webhook that has failed for so long without a call that was taken is switched off: at the last try of the first."""
_LONGEST_QUIET = _HOUR
_TURN = 10.0
"""Seconds after which a turn begins no further call: the duty must still be ours when the last one ends."""
_EVENTS, _STEPS, _CALLS = 2000, 5, 20
_KEPT = timedelta(days=30)
_GONE = 410


class Sender:
    """The chore. ``vault`` is opened when there is something to send; ``pages`` is the address that people open. Once
    ``stopping`` is set, no call begins.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        owner: str,
        vault: Callable[[], Vault],
        pages: str,
        loopback: bool = False,
        stopping: threading.Event = NEVER,
    ) -> None:
        self._database = database
        self._clock = clock
        self._duty = Duty(database, clock, owner, "webhooks", EVERY)
        self._vault = vault
        self._pages = pages
        self._loopback = loopback
        self._stopping = stopping
        self._served = 0
        self._seen: Newest | None = None
        self._forget_at: datetime | None = None

    def chore(self, now: datetime) -> datetime | None:
        """Tell what there is to tell when it is time; returns when it is again. Without webhooks it writes nothing."""
        with self._database.read() as session:
            on = hooks.hooks(session, on=True)
        if not on:
            return None
        again = self._duty.next_at(now)
        if again > now:
            return again
        if self._duty.mine():
            self._turn(on, now)
        return self._duty.next_at(self._clock.now())

    def _turn(self, on: list[Hook], now: datetime) -> None:
        upto = self._whole()
        for hook in on:
            self._fill(hook, upto)
        end = self._clock.monotonic() + _TURN
        # Those after the one that was served last come first: one that is slow takes a turn, never all of them.
        for hook in sorted(on, key=lambda hook: (hook.ident <= self._served, hook.ident)):
            self._send(hook, end)
        if self._forget_at is None or now >= self._forget_at:
            self._forget_at = now + _HOUR
            with self._database.write() as session:
                hooks.forget_calls(session, now - _KEPT, limit=_EVENTS)

    # --- events become calls -----------------------------------------------------------------------------------------

    def _whole(self) -> int:
        """Return the event up to which no other can show any more."""
        with self._database.read() as session:
            found = hooks.newest(session)
        if found.follows(found):
            self._seen = None
            return found.event
        if self._seen is None or not found.follows(self._seen):
            self._seen = self._seen or found
            return 0
        whole, self._seen = self._seen, found
        return whole.event

    def _fill(self, hook: Hook, upto: int) -> None:
        for _ in range(_STEPS):
            if hook.seen_event >= upto:
                return
            until = min(upto, hook.seen_event + _EVENTS)
            with self._database.read() as session:
                found = hooks.happened(session, hook.seen_event, until)
            calls = [call for row in found if (call := self._call(hook, *row))]
            with self._database.write() as session:
                hooks.keep(session, hook, until, calls)
            hook.seen_event = until

    def _call(self, hook: Hook, event: Event, post: Post, partner: Partner) -> HookCall | None:
        kind = hooks.kind_of(event)
        if kind is None or kind.value not in hook.kinds:
            return None
        told = _told(event, post, partner, self._pages)
        call = managing.call_of(hook, kind, told, at=event.at, now=self._clock.now())
        call.event_id = event.id
        return call

    # --- calls are made ----------------------------------------------------------------------------------------------

    def _send(self, hook: Hook, end: float) -> None:
        """Make the due calls of a webhook, until one is not taken or the turn is over."""
        while self._goes_on(end):
            with self._database.read() as session:
                due = hooks.due(session, hook.ident, self._clock.now(), limit=_CALLS)
            if not due:
                return
            opened = self._opened(hook)
            self._served = hook.ident
            for call in due:
                if not self._goes_on(end) or opened is None or not self._made(opened, call):
                    return
                if call.kind == Kind.TEST:
                    break  # what waited is due by now, and older than the rest of these

    def _goes_on(self, end: float) -> bool:
        return not self._stopping.is_set() and self._clock.monotonic() < end

    def _opened(self, hook: Hook) -> Opened | None:
        vault = self._vault()
        try:
            return managing.opened(vault, hook)
        except WrongUse as error:
            log.warning("a webhook's secret does not open", webhook=hook.id, detail=str(error.facts["problem"]))
            with self._database.write() as session:
                self._switch_off(managing.found(session, hook.ident), "its secret does not open")
            return None

    def _made(self, opened: Opened, call: HookCall) -> bool:
        """Make one call, with no transaction open, and note how it went; returns whether it was taken."""
        now, body = self._clock.now(), call.body.encode()
        headers = signing.signed(opened.secret, call.message, now, body)
        try:
            status = signing.post(opened.url, headers, body, loopback=self._loopback)
        except Outcome as outcome:
            return self._missed(call, outcome.detail)
        if not 200 <= status < 300:  # noqa: PLR2004 - what HTTP calls successful
            return self._missed(call, f"HTTP {status}", gone=status == _GONE)
        with self._database.write() as session:
            hooks.taken(session, call, f"HTTP {status}", self._clock.now())
        return True

    def _missed(self, call: HookCall, why: str, *, gone: bool = False) -> bool:
        now = self._clock.now()
        again = PAUSES[call.tries] if call.tries < len(PAUSES) else None
        log.warning("a webhook's call was not taken", webhook=call.hook_id, message=call.message, detail=why)
        with self._database.write() as session:
            hook = hooks.missed(session, call, why, now, again)
            quiet = PAUSES[min(hook.failures, len(PAUSES)) - 1]
            hook.quiet_until = now + min(quiet, _LONGEST_QUIET)
            if gone or now - (hook.failing_since or now) >= GIVE_UP:
                self._switch_off(hook, why)
        return False

    def _switch_off(self, hook: Hook, why: str) -> None:
        hook.off_at, hook.off_by, hook.off_why = self._clock.now(), None, why
        log.error("a webhook is switched off", webhook=hook.id, detail=why)


def telling(
    database: Database,
    clock: Clock,
    settings: Settings,
    owner: str,
    vault: Callable[[], Vault],
    stopping: threading.Event,
) -> Callable[[datetime], datetime | None]:
    """Return the chore of a workspace."""
    pages, loopback = settings.web.public_url, settings.webhooks.loopback
    made = Sender(database, clock, owner=owner, vault=vault, pages=pages, loopback=loopback, stopping=stopping)
    return made.chore


def _told(event: Event, post: Post, partner: Partner, pages: str) -> dict[str, object]:
    """Return what a program is told: the state that the event led to, and where the post stands by now."""
    return {
        "event": str(event.id),
        "post": str(post.id),
        "partner": partner.key,
        "channel": post.channel,
        "template": post.template,
        "slot": post.slot,
        "due_at": iso(post.due_at),
        "status": event.to_status,
        "external_id": post.external_id,
        "url": post.url,
        "why": scrub(event.why),
        "page": f"{pages}/posts/{post.id}",
    }
