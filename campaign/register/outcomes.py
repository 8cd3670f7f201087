"""Outcomes from a file: what it says of a day stands in the place of what was said before."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from campaign.intake.outcomes import OutcomeRow
from campaign.models import audit, outcomes
from campaign.models.outcomes import Outcome
from campaign.models.users import User
from campaign.people import Right, demand
from campaign.register import Taken


def take(session: Session, rows: Sequence[OutcomeRow], *, by: User, now: datetime) -> Taken:
    """Store the outcomes of a file. Of each day that it names, what the same source had said before and the file no
    longer says goes; what another source said of other things stays. Raises NotAllowed.
    """
    demand(by, Right.ADMINISTER)
    there = {(one.day, one.name): one for one in outcomes.of_days(session, {row.day for row in rows})}
    told = {(row.day, row.name) for row in rows}
    sources = {(row.day, row.source) for row in rows}
    gone = [one for key, one in there.items() if key not in told and (one.day, one.source) in sources]
    for one in gone:
        session.delete(one)
    taken = Taken(removed=len(gone))
    for row in rows:
        found = there.get((row.day, row.name))
        changed = found is not None and (found.number, found.source) != (row.number, row.source)
        if found is None or changed:
            _write(session, found, row, by, now)
        taken.count(added=found is None, changed=changed)
    facts = {"added": taken.added, "changed": taken.changed, "removed": taken.removed}
    audit.record(session, who=by.name, action="import outcomes", subject="outcomes", at=now, facts=facts)
    return taken


def _write(session: Session, found: Outcome | None, row: OutcomeRow, by: User, now: datetime) -> None:
    facts = {"number": row.number, "source": row.source, "imported_by": by.name, "imported_at": now}
    one = found or Outcome.model_validate({"day": row.day, "name": row.name, **facts})
    for name, value in facts.items():
        setattr(one, name, value)
    session.add(one)
