"""Alerts: an error that is found is told once, again when it changes or has lasted a day, and when it is over."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlmodel import Session

from campaign.clock import Clock, iso
from campaign.errors import Outcome
from campaign.health.duty import Duty
from campaign.health.finding import Finding, Severity, section
from campaign.health.webhook import Webhook
from campaign.models import Database, alerts, notices, partners, users
from campaign.models.alerts import Alert
from campaign.models.notices import Notice

log = structlog.get_logger(__name__)

_CALM = timedelta(minutes=2)
"""A finding that is away for less is not over: what comes and goes is told once."""
_FIRST_PAUSE = timedelta(seconds=30)
_LONGEST_PAUSE = timedelta(hours=1)
_GIVE_UP = timedelta(days=3)
_SUBJECT = 80


@dataclass(frozen=True, slots=True)
class Told:
    """How alerts are told. ``mail`` empty means the active admins; ``runbook`` is where people read the runbook."""

    campaign: str
    mail: tuple[str, ...]
    webhook: Webhook | None
    repeat: timedelta
    runbook: str


class Alerts:
    """Looks at the findings once a turn, from one process, and tells what is new."""

    def __init__(
        self, database: Database, clock: Clock, *, duty: Duty, told: Told, examine: Callable[[], Iterable[Finding]]
    ) -> None:
        self._database = database
        self._clock = clock
        self._duty = duty
        self._told = told
        self._examine = examine

    def chore(self, now: datetime) -> datetime | None:
        """Look and tell when it is time; returns when it is again."""
        if self._duty.mine():
            found = [one for one in self._examine() if one.severity is Severity.ERROR]
            with self._database.write() as session:
                self._weigh(session, found, now)
            if self._told.webhook is not None:
                self._call(self._told.webhook, now)
        return self._duty.next_at(now)

    # --- what is new -------------------------------------------------------------------------------------------------

    def _weigh(self, session: Session, found: Sequence[Finding], now: datetime) -> None:
        fresh = {finding.key: finding for finding in found}
        told = []
        for alert in alerts.standing(session):
            event = self._follow(alert, fresh.pop((alert.rule, alert.subject), None), now)
            session.add(alert)
            if event is not None:
                alert.event, alert.turn = event, alert.turn + 1
                told.append(alert)
        told += [_raised(finding, now) for finding in fresh.values()]
        for alert in told:
            alert.told_at = now
            alert.call_at, alert.calls = (now if self._told.webhook else None), 0
            session.add(alert)
            log.warning("alert", told=alert.event, rule=alert.rule, subject=alert.subject)
        if told:
            self._mail(session, told, now)

    def _follow(self, alert: Alert, finding: Finding | None, now: datetime) -> str | None:
        """Bring an alert up to date; returns what is to be told of it."""
        if finding is None:
            alert.gone_at = alert.gone_at or now
            if now - alert.gone_at < _CALM:
                return None
            alert.closed_at = now
            return "over"
        alert.gone_at, alert.what, alert.mend = None, finding.what, finding.mend
        if _changed(alert.sign, finding.sign):
            alert.sign = finding.sign
            return "changed"
        return "reminded" if now - alert.told_at >= self._told.repeat else None

    # --- mail --------------------------------------------------------------------------------------------------------

    def _mail(self, session: Session, told: Sequence[Alert], now: datetime) -> None:
        first = told[0]
        more = f" and {len(told) - 1} more" if len(told) > 1 else ""
        subject = f"{self._told.campaign}: {first.event}: {first.what[:_SUBJECT]}{more}"
        body = "\n".join(self._lines(alert) for alert in told)
        people = self._told.mail or users.addresses(users.in_roles(session, "admin"))
        for address in sorted(set(people)):
            notices.write(session, Notice(to=address, subject=subject, body=body, created_at=now, next_try_at=now))

    def _lines(self, alert: Alert) -> str:
        head = f"{alert.event.upper()} {alert.rule} (since {iso(alert.opened_at)})\n{alert.what}\n"
        mend = "" if alert.closed_at else f"{alert.mend}\n"
        return f"{head}{mend}{section(self._told.runbook, alert.rule)}\n"

    # --- webhook -----------------------------------------------------------------------------------------------------

    def _call(self, webhook: Webhook, now: datetime) -> None:
        with self._database.read() as session:
            waiting = alerts.to_call(session, now)
            campaign = partners.campaign(session)
        if not waiting:
            return
        salt = campaign.salt if campaign else ""
        document = {
            "campaign": self._told.campaign,
            "sent_at": iso(now),
            "alerts": [self._document(alert, salt) for alert in waiting],
        }
        values: dict[str, object] = {"call_at": None}
        try:
            webhook.send(document, now)
        except Outcome as outcome:
            log.warning("webhook not taken", detail=str(outcome), alerts=len(waiting))
            values = _later(waiting, now)
        with self._database.write() as session:
            alerts.set_calls(session, waiting, values)

    def _document(self, alert: Alert, salt: str) -> dict[str, object]:
        """Return one alert as JSON; ``id`` and ``turn`` tell a call that came twice. A database restored from a backup
        counts on from where that stood, and has another salt: its alerts are none of those that were told before.
        """
        return {
            "id": hashlib.sha256(f"alert {alert.id} {salt}".encode()).hexdigest()[:16],
            "turn": alert.turn,
            "event": alert.event,
            "rule": alert.rule,
            "subject": alert.subject,
            "what": alert.what,
            "mend": alert.mend,
            "runbook": section(self._told.runbook, alert.rule),
            "opened_at": iso(alert.opened_at),
            "closed_at": iso(alert.closed_at) if alert.closed_at else None,
        }


def _raised(finding: Finding, now: datetime) -> Alert:
    return Alert(
        rule=finding.rule.value,
        subject=finding.subject,
        sign=finding.sign,
        what=finding.what,
        mend=finding.mend,
        opened_at=now,
        told_at=now,
    )


def _changed(before: str, after: str) -> bool:
    """Say whether a sign changed; one that is a count's order only by growing, or a pile that melts would be told."""
    if before.isdecimal() and after.isdecimal():
        return int(after) > int(before)
    return before != after


def _later(waiting: Sequence[Alert], now: datetime) -> dict[str, object]:
    """Return when a refused call is made again: ever later, and after three days no more."""
    calls = max(alert.calls for alert in waiting) + 1
    if now - max(alert.told_at for alert in waiting) > _GIVE_UP:
        return {"call_at": None}
    return {"calls": calls, "call_at": now + min(_FIRST_PAUSE * 2 ** min(calls - 1, 10), _LONGEST_PAUSE)}
