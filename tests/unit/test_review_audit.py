"""The audit chain: every decision leaves a row, and a row that was changed or removed shows."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from sqlalchemy import event
from sqlalchemy.engine import Connection
from sqlmodel import Session, col

from campaign.models import Database, audit, listing
from campaign.models.audit import Audit
from campaign.models.status import Status
from campaign.models.users import User
from campaign.review import decisions, holding
from campaign.review.decisions import Desk


def decide_three_times(database: Database, clock: MovedClock) -> None:
    """Move a post, approve it, hold everything."""
    for step in ("submit", "approve", "hold"):
        clock.move(timedelta(seconds=1.25))
        with database.write() as session:
            person = User(name=f"{step}ter", role="admin", added_at=clock.now())
            if step == "submit":
                account = add_account(session, clock.now())
                add_post(session, account, clock.now() + timedelta(hours=1), status=Status.DRAFT)
            desk = Desk(session, CONTENTS, person, clock.now())
            (row,) = listing.posts(session, listing.PostFilter())
            if step == "submit":
                decisions.submit(desk, row)
            elif step == "approve":
                decisions.approve(desk, row, CONTENTS.digest(row.post, row.account))
            else:
                holding.hold(session, person, "everything", "Übung “1”", clock.now())


def faults(database: Database) -> list[str]:
    with database.at_one_instant() as session:
        return list(audit.faults(session))


def test_every_decision_is_in_the_chain_with_who_and_what(database: Database, clock: MovedClock) -> None:
    decide_three_times(database, clock)
    assert faults(database) == []
    with database.read() as session:
        rows = audit.rows(session)
    assert [(row.who, row.action) for row in rows] == [
        ("submitter", "submit"),
        ("approveter", "approve"),
        ("holdter", "hold"),
    ]
    assert rows[1].facts["content_hash"]
    assert rows[2].facts == {"reason": "Übung “1”"}


@pytest.mark.parametrize("check", [audit.faults, lambda session: audit.walked(session, 10).faults])
def test_a_check_finds_the_chain_whole_while_others_decide(
    database: Database, clock: MovedClock, check: Callable[[Session], Iterable[str]]
) -> None:
    decide_three_times(database, clock)
    seen: list[str] = []

    def decide(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        """Add a row as soon as the rows were asked for, before the head of the chain is."""
        seen.extend([statement] if "FROM audit " in statement else [])
        if seen == [statement]:
            with database.write() as session:
                audit.record(session, who="rita", action="release", subject="everything", at=clock.now())

    event.listen(database.engine, "after_cursor_execute", decide)
    with database.at_one_instant() as session:
        assert list(check(session)) == []
    with database.read() as session:
        assert len(audit.rows(session)) == 4


@pytest.mark.parametrize(
    "values", [{"who": "nobody"}, {"facts": {"reason": "another"}}, {"at": MovedClock().at}, {"subject": "post:9"}]
)
def test_a_changed_row_shows(database: Database, clock: MovedClock, values: dict[str, object]) -> None:
    decide_three_times(database, clock)
    with database.write() as session:
        session.execute(sa.update(Audit).where(col(Audit.id) == 2).values(**values))
    assert faults(database) == ["row 2 was changed"]


def test_a_removed_row_shows(database: Database, clock: MovedClock) -> None:
    decide_three_times(database, clock)
    with database.write() as session:
        session.execute(sa.delete(Audit).where(col(Audit.id) == 2))
    cut = "there are 2 rows, and the head of the chain knows of 3"
    assert faults(database) == ["row 3 does not follow the row before it", cut]


def test_a_row_that_was_rewritten_with_its_digest_breaks_the_next_link(database: Database, clock: MovedClock) -> None:
    decide_three_times(database, clock)
    with database.write() as session:
        row = session.get_one(Audit, 2)
        row.who = "nobody"
        row.digest = audit.digest(row)
        session.add(row)
    assert faults(database) == ["row 3 does not follow the row before it"]
