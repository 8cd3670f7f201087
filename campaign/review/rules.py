"""The timetable's standing rules, brought to where a claim sees them: quiet periods, and holds on events.

`campaign queue` brings them; the daemon does so too whenever the file changes, so that an event that moved or was
called off is silent within a beat. Only a plan lets an event speak again, after it has brought its posts in line.

Whom a quiet period binds is decided anew with every change of a partner, in its transaction.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

import structlog
from sqlmodel import Session

from campaign import tell
from campaign.errors import BadInput
from campaign.models import Database, audit, bounds, holds, listing, partners
from campaign.models.bounds import QuietSpan
from campaign.models.holds import Hold
from campaign.models.partners import Partner
from campaign.notices.kinds import Kind
from campaign.plan.audience import matches
from campaign.plan.days import day_after, day_start
from campaign.plan.entries import Timetable
from campaign.plan.events import called_off, not_sure
from campaign.plan.gather import partner_facts
from campaign.plan.timetable import load_timetable
from campaign.tell import News
from campaign.wording import counted

log = structlog.get_logger(__name__)

TIMETABLE = "the timetable"
"""Who holds an event that is not sure: nobody in person, so a plan may release it."""


class Files(Protocol):
    """Where the timetable is, and in which zone its times are meant."""

    @property
    def timetable(self) -> Path:
        """Return the file."""
        ...

    @property
    def timezone(self) -> str:
        """Return an IANA name."""
        ...


@dataclass(frozen=True, slots=True)
class QuietPeriods:
    """Brings partners that were changed under the quiet periods that bind them now; see ``register.partners``.

    A file that cannot be read changes nothing: when it is mended, all are brought in line.
    """

    files: Files

    def __call__(self, session: Session, changed: Sequence[Partner]) -> None:
        """Write their quiet periods. The file is read in turn, so that an older reading never comes last."""
        audit.take_turns(session)
        timetable = _read(self.files.timetable, self.files.timezone)
        if timetable is not None:
            keep_quiet(timetable, session, changed)


def keep_quiet(timetable: Timetable, session: Session, only: Sequence[Partner] | None = None) -> None:
    """Write the quiet periods of these partners, or of every one, as instants."""
    audit.take_turns(session)  # of two that write them, the second knows what the first has changed
    found = partners.partners(session) if only is None else only
    of = None if only is None else [partner.ident for partner in only]
    bounds.keep_silent(session, _spans(found, timetable), of=of)


def _spans(found: Iterable[Partner], timetable: Timetable) -> Iterator[QuietSpan]:
    for partner in found:
        for quiet in timetable.quiet:
            if matches(quiet.partners, partner_facts(partner)):
                from_at, until_at = day_start(quiet.first, timetable.zone), day_after(quiet.last, timetable.zone)
                yield QuietSpan(partner_id=partner.ident, name=quiet.name, from_at=from_at, until_at=until_at)


def stopped_events(timetable: Timetable) -> dict[str, str]:
    """Return the events that moved or were called off, with the reason."""
    found = {event.name: called_off(event) for event in timetable.events}
    return {name: reason for name, reason in found.items() if reason}


def unsure_events(timetable: Timetable, *, placeholders_allowed: bool) -> dict[str, str]:
    """Return those, and the events whose day or link nobody has confirmed, with the reason."""
    unsure = {
        event.name: finding.problem
        for event in timetable.events
        if (finding := not_sure(timetable, event, placeholders_allowed=placeholders_allowed))
    }
    return unsure | stopped_events(timetable)


def hold_events(session: Session, reasons: Mapping[str, str], now: datetime) -> list[str]:
    """Hold the events of which a post may still go out, and tell their people; returns those that were not held so
    before.
    """
    audit.take_turns(session)  # of two workers that see the file change, one holds and tells
    held = {hold.scope for hold in _own_holds(session)}
    waiting = listing.events_with_posts(session, open_only=True)
    new = [name for name in reasons if name in waiting and f"event:{name}" not in held]
    for name in new:
        scope, reason = f"event:{name}", reasons[name]
        session.add(Hold(scope=scope, reason=reason, held_by=TIMETABLE, held_at=now))
        audit.record(session, who=TIMETABLE, action="hold", subject=scope, at=now, facts={"reason": reason})
        _tell(session, name, reason, now)
    return new


def _tell(session: Session, event: str, reason: str, now: datetime) -> None:
    """Tell the people of every partner whose posts are held now."""
    for partner, count in listing.partners_of_event(session, event):
        body = (
            f"{partner.name}: {reason}, so {counted(count, 'post')} of yours {'is' if count == 1 else 'are'} on hold.\n"
        )
        body += (
            "Nothing is asked of you: the posts go on, or get a new time, when the timetable says what becomes of it.\n"
        )
        tell.of_partner(session, partner, News(Kind.EVENT, f"{partner.name}: {reason}", body, "/posts"), now)


def release_events(session: Session, reasons: Mapping[str, str], now: datetime) -> list[str]:
    """Let go the events that the timetable held and that are sure now; what a person held stays held."""
    sure = [hold for hold in _own_holds(session) if hold.scope.partition(":")[2] not in reasons]
    for hold in sure:
        hold.released_by, hold.released_at = TIMETABLE, now
        session.add(hold)
        audit.record(session, who=TIMETABLE, action="release", subject=hold.scope, at=now)
    return [hold.scope for hold in sure]


def _own_holds(session: Session) -> list[Hold]:
    return [hold for hold in holds.active(session) if hold.held_by == TIMETABLE and hold.scope.startswith("event:")]


def _read(file: Path, timezone: str) -> Timetable | None:
    """Return the timetable as its file stands; None where that cannot be read, which is logged."""
    try:
        return load_timetable(file, timezone)
    except BadInput as error:
        log.warning("the timetable cannot be read", detail=str(error))
        return None


class Changes:
    """Acts when the timetable's file is another one than at the last look."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._seen: tuple[int, int] | None = None

    def follow(self, act: Callable[[], None]) -> None:
        """Act if it is new; the first look finds it so. It is seen once that has ended well: what the database broke
        off is done at the next look, and so is what a file kept back that could not be read.
        """
        try:
            found = self._file.stat()
            stamp = found.st_mtime_ns, found.st_size
            if stamp != self._seen:
                act()
                self._seen = stamp
        except OSError as error:
            log.warning("the timetable cannot be read", detail=str(error))


class Watch:
    """Brings the rules to the tables when the timetable's file changes, and once at the start."""

    def __init__(self, database: Database, file: Path, timezone: str) -> None:
        self._database = database
        self._file = file
        self._timezone = timezone
        self._changes = Changes(file)

    def chore(self, now: datetime) -> datetime | None:
        """Look at the file; nothing asks to be called again before the next beat.

        A file that cannot be read, or only half of one, changes nothing: what stood before goes on to hold.
        """
        self._changes.follow(partial(self._bring, now))
        return None

    def _bring(self, now: datetime) -> None:
        timetable = _read(self._file, self._timezone)
        if timetable is None:
            return
        with self._database.write() as session:
            keep_quiet(timetable, session)
            held = hold_events(session, stopped_events(timetable), now)
        if held:
            log.warning("events held", events=held)
