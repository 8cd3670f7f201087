"""Subscribers as a file brings them: looked up and stored some at a time, each time by a few statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from campaign.models.database import insert_into
from campaign.models.mailing import MailingList, Subscriber, folded
from campaign.models.portions import some_at_a_time
from campaign.models.types import UtcDateTime, table_of


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of somebody on a list. ``left``: they have left it."""

    ident: int
    name: str
    details: Mapping[str, str]
    consent_source: str
    consent_at: datetime
    left: bool


def list_to_fill(session: Session, key: str) -> MailingList:
    """Return the list with this key, made when it is new; issues to it begin before or after this transaction."""
    found = session.exec(select(MailingList).where(col(MailingList.key) == key).with_for_update()).first()
    if found is None:
        session.add(found := MailingList(key=key))
        session.flush()
    return found


def note_import(
    session: Session, list_id: int, at: datetime | None, file: str | None = None, digest: str | None = None
) -> None:
    """Note that rows of an import come in, and of which file; None: it has ended."""
    values = {"importing_at": at, "importing_file": file, "importing_digest": digest}
    session.execute(sa.update(MailingList).where(col(MailingList.id) == list_id).values(**values))


def known(session: Session, list_id: int, emails: Collection[str]) -> dict[str, Known]:
    """Return who of these addresses stands on a list, by the key of their address."""
    said = (col(Subscriber.name), col(Subscriber.details), col(Subscriber.consent_source), col(Subscriber.consent_at))
    kept = (col(Subscriber.id), *said, col(Subscriber.unsubscribed_at).is_not(None))
    of_list = sa.select(col(Subscriber.address_key), *kept).where(col(Subscriber.list_id) == list_id)
    found: dict[str, Known] = {}
    for part in some_at_a_time(map(folded, emails)):
        rows = session.execute(of_list.where(col(Subscriber.address_key).in_(part)))
        found |= {key: Known(*row) for key, *row in rows}
    return found


def add(session: Session, list_id: int, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new people of a list; one who came meanwhile stays as they came."""
    values = [{"list_id": list_id, "address_key": folded(row["email"]), **row} for row in rows]
    if values:
        session.execute(insert_into(session, Subscriber).on_conflict_do_nothing(), values)


def change(session: Session, changes: Sequence[Known]) -> None:
    """Write down people as they shall be kept; who has left meanwhile stays as they are."""
    table = table_of(Subscriber)
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("of"), table.c.unsubscribed_at.is_(None))
        .values(
            name=sa.bindparam("called"),
            details=sa.bindparam("said", type_=sa.JSON()),
            consent_source=sa.bindparam("source"),
            consent_at=sa.bindparam("consented_at", type_=UtcDateTime()),
        )
    )
    values = [
        {
            "of": one.ident,
            "called": one.name,
            "said": dict(one.details),
            "source": one.consent_source,
            "consented_at": one.consent_at,
        }
        for one in changes
    ]
    if values:
        session.connection().execute(statement, values)
