"""Subscribers from a file: consent recorded; who has unsubscribed is not brought back by an import."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from sqlmodel import Session

from campaign.config import said
from campaign.errors import UnknownName
from campaign.intake import SubscriberRow
from campaign.models import audiences, audit, mailing
from campaign.models.mailing import MailingList, Subscriber, folded
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.register import Taken

SAME = "as before or unsubscribed"
"""How ``Taken.said`` calls the rows that change nothing."""


_EXPORT = "export list"
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


def preview(session: Session, key: str, rows: Sequence[SubscriberRow], *, by: User) -> Change:
    """Return what ``take`` would do; nothing is written. Raises WrongUse as it does."""
    demand(by, Right.ADMINISTER)
    key = said("list's name", key)
    found = mailing.list_by_key(session, key)
    known = _known(session, found)
    fates = [_fate(known.get(folded(row.email)), row) for row in rows]
    counts = {fate.value: fates.count(fate) for fate in Fate}
    digest = sha256(repr(list(zip(rows, fates, strict=True))).encode()).hexdigest()
    suppressed = audiences.suppressed_among(session, [row.email for row in rows])
    return Change(key, found is None, **counts, suppressed=suppressed, digest=digest)


def take(session: Session, key: str, rows: Sequence[SubscriberRow], *, by: User, now: datetime) -> Taken:
    """Store the subscribers of a file on the list ``key``, which is made when it is new.

    Raises:
        WrongUse: the list has no name, or one that is not one line.

    """
    demand(by, Right.ADMINISTER)
    key = said("list's name", key)
    found = mailing.list_by_key(session, key) or MailingList(key=key)
    session.add(found)
    session.flush()
    known = _known(session, found)
    taken = Taken()
    for row in rows:
        person = known.get(folded(row.email))
        fate = _fate(person, row)
        if fate is Fate.NEW:
            session.add(_new(found.ident, row))
        elif fate is Fate.CHANGED and person is not None:
            person.name, person.details = row.name, dict(row.details)
            session.add(person)
        taken.count(added=fate is Fate.NEW, changed=fate is Fate.CHANGED)
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import list", subject=f"list:{key}", at=now, facts=facts)
    return taken


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


def _known(session: Session, found: MailingList | None) -> dict[str, Subscriber]:
    people = mailing.subscribers(session, found.ident) if found else []
    return {row.address_key: row for row in people}


def _fate(person: Subscriber | None, row: SubscriberRow) -> Fate:
    if person is None:
        return Fate.NEW
    if person.unsubscribed_at is not None:
        return Fate.LEFT
    return Fate.SAME if (person.name, person.details) == (row.name, dict(row.details)) else Fate.CHANGED


def _new(list_id: int, row: SubscriberRow) -> Subscriber:
    return Subscriber(
        list_id=list_id,
        email=row.email,
        name=row.name,
        details=dict(row.details),
        consent_source=row.consent_source,
        consent_at=row.consent_at,
        token=secrets.token_urlsafe(18),
    )
