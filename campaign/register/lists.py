"""Subscribers from a file: consent recorded; who has unsubscribed is not brought back by an import."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from campaign.config import said
from campaign.intake import SubscriberRow
from campaign.models import audit, mailing
from campaign.models.mailing import MailingList, Subscriber, folded
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.register import Taken


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
    list_id = found.id or 0
    known = {row.address_key: row for row in mailing.subscribers(session, list_id)}
    taken = Taken()
    for row in rows:
        person = known.get(folded(row.email))
        if person is None:
            session.add(_new(list_id, row))
        changed = person is not None and _change(session, person, row)
        taken.count(added=person is None, changed=changed)
    facts = {"added": taken.added, "changed": taken.changed}
    audit.record(session, who=by.name, action="import list", subject=f"list:{key}", at=now, facts=facts)
    return taken


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


def _change(session: Session, person: Subscriber, row: SubscriberRow) -> bool:
    if person.unsubscribed_at is not None or (person.name, person.details) == (row.name, dict(row.details)):
        return False
    person.name, person.details = row.name, dict(row.details)
    session.add(person)
    return True
