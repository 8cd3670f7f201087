"""The doctor on what the program stands on: the daemon, clocks, disks, the key file, and mail that does not get out."""

import shutil
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import Session

from campaign.clock import iso
from campaign.errors import CredentialDead, Refused, WrongUse
from campaign.health.beat import Health
from campaign.health.finding import Finding, Rule, Severity, order
from campaign.models import alerts, hooks, notices, vitals
from campaign.models.upkeep import Beat
from campaign.vault import Vault

_GIB = 1 << 30
_DISK_WARNING = _GIB
_DISK_ERROR = 200 << 20
_OFF = timedelta(seconds=2)
"""A post is due to the second; a clock that is off by more makes it early or late."""
_FAR_OFF = timedelta(seconds=30)
_MAIL_WAITS = timedelta(minutes=15)
_CALLS = 3
_CLOCK_MEND = "Let the machine keep its time by NTP (`timedatectl set-ntp true`); see `timedatectl`."


def daemon(found: Health) -> Iterator[Finding]:
    """Find a daemon that does not tick."""
    if not found.well:
        yield Finding(Rule.DAEMON_SILENT, Severity.ERROR, "daemon", found.reason, "Start `campaign run`; read its log.")


def key(path: Path) -> Iterator[Finding]:
    """Find a key file that is missing, damaged, or open to others."""
    try:
        Vault(path)
    except WrongUse as error:
        what, mend = str(error.facts["problem"]), str(error.facts["mend"])
        yield Finding(Rule.KEY_FILE, Severity.ERROR, str(path), what, mend)


def disks(folders: Iterable[Path], *, warning: int = _DISK_WARNING, error: int = _DISK_ERROR) -> Iterator[Finding]:
    """Find a disk of the workspace or of the database's file that is nearly full; bounds in bytes."""
    seen = set[int]()
    for folder in folders:
        device = folder.stat().st_dev
        free = shutil.disk_usage(folder).free
        if device in seen or free >= warning:
            continue
        seen.add(device)
        what = f"{free / _GIB:.2f} GiB are free on the disk of {folder}"
        severity = Severity.ERROR if free < error else Severity.WARNING
        yield Finding(Rule.DISK_LOW, severity, str(folder), what, "Make room: a full disk stops all sending.")


def clocks(session: Session, beats: Iterable[Beat], now: datetime) -> Iterator[Finding]:
    """Find clocks that disagree: the database's with ours, and another process's beat that lies in the future."""
    stated = vitals.database_time(session, now)
    if stated is not None:
        yield from offset("database", "the database", now - stated)
    for beat in beats:
        if beat.tick_at > now:
            yield from offset(beat.owner, f"the process {beat.owner}", now - beat.tick_at)


def offset(subject: str, of: str, by: timedelta) -> Iterator[Finding]:
    """Find a clock that is off; ``by`` is how far ours is ahead of the other one."""
    if abs(by) < _OFF:
        return
    word = "ahead of" if by > timedelta() else "behind"
    what = f"This machine's clock is {abs(by).total_seconds():.0f} seconds {word} that of {of}"
    severity = Severity.ERROR if abs(by) >= _FAR_OFF else Severity.WARNING
    yield Finding(Rule.CLOCK_OFFSET, severity, subject, what, _CLOCK_MEND)


def messages(session: Session, now: datetime, kept_back: timedelta) -> Iterator[Finding]:
    """Find notices and alerts that do not get out; a letter may be ``kept_back`` for so long before it is tried."""
    pile = vitals.unsent_notices(session, now - _MAIL_WAITS, now - _MAIL_WAITS - kept_back)
    if pile.since is not None:
        what = f"{pile.count} mails to people do not get out, the oldest since {iso(pile.since)}"
        mend = f"{_MAIL_AWAY} If it does, see that every machine runs the newest version."
        yield Finding(Rule.MAIL_STUCK, Severity.ERROR, "mail", what, mend, order(pile.count))
    yield from _unsent(session, now)
    failing = alerts.failing_calls(session, _CALLS)
    if failing:
        what = f"The webhook has not taken {failing} alerts, each tried {_CALLS} times or more"
        mend = "See that [alerts] webhook answers 2xx; the log says what it answers."
        yield Finding(Rule.WEBHOOK_STUCK, Severity.ERROR, "webhook", what, mend)
    for hook in hooks.failed(session):
        what = f"Webhook {hook.id} ({hook.place}) is switched off since {iso(hook.off_at or now)}: {hook.off_why}"
        mend = "See that it answers 2xx, then switch it on under Admin, Webhooks: what it missed is sent then."
        yield Finding(Rule.WEBHOOK_OFF, Severity.ERROR, f"webhook {hook.id}", what, mend)


def _unsent(session: Session, now: datetime) -> Iterator[Finding]:
    """Say at once of each mail that a try was in vain: to whom, since when, why."""
    for one in notices.failing(session, now - _GIVEN_UP_SHOWN, _REASONS):
        which = f"The mail to {one.to} is" if one.count == 1 else f"{one.count} mails, one of them to {one.to}, are"
        tried = "given up, tried first" if one.given_up else "not sent yet, tried since"
        what = f"{which} {tried} {iso(one.since)}: {one.why}"
        rule = Rule.MAIL_REFUSED if one.outcome == Refused.name else Rule.MAIL_UNSENT
        mend = f"{_MAIL_MENDS.get(one.outcome, _MAIL_AWAY)} {_TELL if one.given_up else _AGAIN}"
        yield Finding(rule, Severity.WARNING, f"{one.to}: {one.outcome}", what, mend)


_REASONS = 10
_GIVEN_UP_SHOWN = timedelta(days=7)
_AGAIN, _TELL = "It is tried again.", "It is not tried again: tell them, or invite them anew, then."
_MAIL_AWAY = "See that the mail server of [channels.email] answers: `campaign doctor --probe`."
_MAIL_MENDS: Mapping[str, str] = {
    Refused.name: "See that the address is right (Admin, People; or the partner's details).",
    CredentialDead.name: "Mend username and password of [channels.email] in config.toml.",
}
