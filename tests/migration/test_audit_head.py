"""The rows that an older program wrote make the first head of the chain."""

from collections.abc import Callable

import sqlalchemy as sa
from conftest import MovedClock

from campaign.models import Database, audit


def test_a_chain_of_old_has_a_head_after_the_upgrade(older: Callable[[str], Database], clock: MovedClock) -> None:
    database = older("0012")
    row = audit.Audit(at=clock.now(), who="operator", action="init", subject="workspace", before="", digest="")
    row.digest = audit.digest(row)
    values = row.model_dump(exclude={"id"})
    with database.write() as session:
        connection = session.connection()
        connection.execute(sa.insert(audit.Audit), [values])
    database.upgrade()
    with database.write() as session:
        assert list(audit.faults(session)) == []
        audit.record(session, who="rita", action="hold", subject="everything", at=clock.now())
        head = audit.head(session)
        assert head is not None
        assert (head.rows, list(audit.faults(session))) == (2, [])


def test_a_database_without_a_chain_gets_its_head_with_the_first_row(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        assert audit.head(session) is None
        audit.record(session, who="operator", action="init", subject="workspace", at=clock.now())
        assert list(audit.faults(session)) == []
