"""Subscribers from a file: consent recorded; who has unsubscribed is not brought back by an import."""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlmodel import Session

from campaign.clock import NEVER, Clock
from campaign.config import said
from campaign.errors import UnknownName, WrongUse
from campaign.intake import Readers, SubscriberRow, digest_of
from campaign.models import Database, audiences, audit, mailing, subscribing
from campaign.models.mailing import MailingList, folded
from campaign.models.portions import AT_A_TIME, some_at_a_time
from campaign.models.subscribing import Known
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.register import Taken

_DOOR_OPEN = 0.12
"""Seconds between two transactions of an import. Who waits to write to a SQLite file tries every 0.1 s at the least
(sqliteDefaultBusyCallback in its main.c), and so gets in each time."""
_QUIET = timedelta(seconds=10)
"""An import that has stored nothing for so long broke off."""
_EXPORT = "export list"
_LOST = "tick the box below the file, or `campaign lists import` with `--file-lost`"
_WRITTEN_FOR = timedelta(hours=1)
"""So long a program may go on, page by page, until it is written down once more."""


class Fate(StrEnum):
    """What becomes of a row. Who has left stays away, whatever a file says."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Change:
    """What a file would do to a list: how many of its rows are new and so on. ``suppressed``: how many of them get no
    mail whatever list they are on. ``digest`` stands for each row with its fate: no address is told.
    """

    key: str
    is_new: bool
    new: int
    changed: int
    same: int
    left: int
    suppressed: int
    digest: str


def preview(session: Session, key: str, rows: Sequence[SubscriberRow], *, by: User, lost: bool = False) -> Change:
    """Return what ``take`` would do; nothing is written. Raises WrongUse as it does."""
    demand(by, Right.ADMINISTER)
    key = said("list's name", key)
    found = mailing.list_by_key(session, key)
    if found is not None and not lost:
        _refuse_other(found, digest_of(rows))
    known = subscribing.known(session, found.ident, [row.email for row in rows]) if found else {}
    fates = [_fate(known.get(folded(row.email)), row) for row in rows]
    counts = {fate.value: fates.count(fate) for fate in Fate}
    columns = sorted({column for row in rows for column in row.columns})
    digest = sha256(repr([columns, *zip(rows, fates, strict=True)]).encode()).hexdigest()
    suppressed = audiences.suppressed_among(session, [row.email for row in rows])
    return Change(key, found is None, **counts, suppressed=suppressed, digest=digest)


def take(
    session: Session, key: str, rows: Sequence[SubscriberRow], *, by: User, now: datetime, lost: bool = False
) -> Taken:
    """Store the subscribers of a short file on the list ``key``, which is made when it is new.

    The columns that the file has win, an empty cell takes the value away; what it has no column for is kept. Of two
    consents the newer one stands. A file of any length: ``bring``. ``lost``: whoever stores it says that the file of an
    import that broke off is lost, so that this one ends it.

    Raises:
        WrongUse: the list has no name, or one that is not one line; an import of another file has not ended.

    """
    demand(by, Right.ADMINISTER)
    found, taken = subscribing.list_to_fill(session, said("list's name", key)), Taken()
    _begin(session, found, digest_of(rows), by=by, now=now, lost=lost)
    subscribing.note_import(session, found.ident, None)
    for part in some_at_a_time(rows):
        _store(session, found.ident, part, taken)
    _record(session, found.key, taken, by, now)
    return taken


def bring(
    database: Database,
    key: str,
    readers: Readers,
    *,
    by: User,
    clock: Clock,
    size: int = AT_A_TIME,
    lost: bool = False,
) -> Iterator[Taken]:
    """Store the subscribers of a file as ``take`` does, but ``size`` of them by a transaction, so that others write
    meanwhile: a hold first of all. Yields what is stored so far after each.

    Whoever is stored stays so if it breaks off, and the same file brings the others; until an import of this list has
    ended no issue to it begins. ``lost`` as in ``take``.

    Raises:
        WrongUse: the list has no name, or one that is not one line; another import fills it, or broke off.

    """
    demand(by, Right.ADMINISTER)
    key, taken, begun = said("list's name", key), Taken(), False
    for part, last in _with_the_last(some_at_a_time(readers.rows, size)):
        now, stored = clock.now(), replace(taken)
        with database.write() as session:
            found = subscribing.list_to_fill(session, key)
            if not begun:
                _begin(session, found, readers.digest, by=by, now=now, lost=lost)
            under_way = (None,) if last else (now, readers.file, readers.digest)
            subscribing.note_import(session, found.ident, *under_way)
            _store(session, found.ident, part, stored)
            if last:
                _record(session, key, stored, by, now)
            elif not begun:
                facts = {"file": readers.file, "digest": readers.digest}
                audit.record(session, who=by.name, action="begin import", subject=f"list:{key}", at=now, facts=facts)
        taken, begun = stored, True
        yield taken
        if not last and database.is_sqlite:
            clock.wait(NEVER, _DOOR_OPEN)


def _with_the_last(parts: Iterator[list[SubscriberRow]]) -> Iterator[tuple[list[SubscriberRow], bool]]:
    """Yield each part, and whether it is the last; one that is empty where there is none."""
    part = next(parts, [])
    for following in parts:
        yield part, False
        part = following
    yield part, True


def _begin(session: Session, found: MailingList, digest: str, *, by: User, now: datetime, lost: bool) -> None:
    """Refuse to fill a list into which the import of another file has not ended. Where that file is ``lost``, write
    down who says so.
    """
    _refuse_two(found, now)
    if not lost:
        _refuse_other(found, digest)
    elif _is_other(found, digest):
        facts = {"file": found.importing_file, "digest": found.importing_digest}
        subject = f"list:{found.key}"
        audit.record(session, who=by.name, action="give up import", subject=subject, at=now, facts=facts)


def _refuse_other(found: MailingList, digest: str) -> None:
    """Refuse another file than that of the import that broke off: the list would be called whole, and is not."""
    if _is_other(found, digest):
        problem = f"The import of {found.importing_file} into the list {found.key!r} has not ended"
        mend = f"Import that file first. Where it is lost, say so ({_LOST}): this one then ends it."
        raise WrongUse(problem=problem, mend=mend)


def _is_other(found: MailingList, digest: str) -> bool:
    return found.importing_at is not None and found.importing_digest not in {None, digest}


def _refuse_two(found: MailingList, now: datetime) -> None:
    """Refuse to fill a list that another import fills: the one that ends first would call it whole."""
    if found.importing_at is not None and timedelta() <= now - found.importing_at < _QUIET:
        problem = f"An import of the list {found.key!r} is under way, or broke off just now"
        raise WrongUse(problem=problem, mend=f"Try again in {_QUIET.seconds} seconds.")


def _store(session: Session, list_id: int, rows: Sequence[SubscriberRow], taken: Taken) -> None:
    """Store rows and count them."""
    known = subscribing.known(session, list_id, [row.email for row in rows])
    new, changes = list[Mapping[str, object]](), list[Known]()
    for row in rows:
        person = known.get(folded(row.email))
        fate = _fate(person, row)
        if fate is Fate.NEW:
            new.append(_new(row))
        elif fate is Fate.CHANGED and person is not None:
            changes.append(_merged(person, row))
        taken.count(added=fate is Fate.NEW, changed=fate is Fate.CHANGED, left=fate is Fate.LEFT)
    subscribing.add(session, list_id, new)
    subscribing.change(session, changes)


def _record(session: Session, key: str, taken: Taken, by: User, now: datetime) -> None:
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import list", subject=f"list:{key}", at=now, facts=facts)


def found_list(session: Session, key: str, *, by: User) -> MailingList:
    """Return a list whose readers somebody wants to see.

    Raises:
        NotAllowed: the person may not.
        UnknownName: there is no such list.

    """
    demand(by, Right.ADMINISTER)
    found = mailing.list_by_key(session, key) if key.isprintable() else None
    if found is None:
        raise UnknownName(kind="list", name=key, mend="`campaign lists list` and the page Email lists name them.")
    return found


def hand_out(session: Session, key: str, *, by: User, now: datetime, token: int | None = None) -> int:
    """Return the number of a list whose readers somebody takes away, and write down that they do: these are people's
    addresses. ``token``: the number of the one by which a program does it. Raises as ``found_list`` does.
    """
    found = found_list(session, key, by=by)
    facts = {} if token is None else {"token": token}
    audit.record(session, who=by.name, action=_EXPORT, subject=f"list:{key}", at=now, facts=facts)
    return found.ident


def handed_out(session: Session, key: str, *, by: User, token: int, now: datetime) -> bool:
    """Say whether it was written down within the hour that this token takes the list's readers away."""
    last = audit.page(session, audit.AuditFilter(by.name, _EXPORT, f"list:{key}"), 1).rows
    return any(row.facts.get("token") == token and now - row.at < _WRITTEN_FOR for row in last)


def _fate(person: Known | None, row: SubscriberRow) -> Fate:
    if person is None:
        return Fate.NEW
    if person.left:
        return Fate.LEFT
    return Fate.SAME if person == _merged(person, row) else Fate.CHANGED


def _merged(person: Known, row: SubscriberRow) -> Known:
    """Return somebody with what a row says of them: of a consent only where it is newer than the one that is kept."""
    kept = {name: value for name, value in person.details.items() if name not in row.columns}
    merged = replace(person, details=kept | row.details, name=row.name if "name" in row.columns else person.name)
    if row.consent_at <= person.consent_at:
        return merged
    return replace(merged, consent_source=row.consent_source, consent_at=row.consent_at)


def _new(row: SubscriberRow) -> Mapping[str, object]:
    return {
        "email": row.email,
        "name": row.name,
        "details": dict(row.details),
        "consent_source": row.consent_source,
        "consent_at": row.consent_at,
        "token": secrets.token_urlsafe(18),
    }
