"""The head of the audit chain moves with it, and people hear of it once a day."""

from contextlib import suppress
from datetime import timedelta
from functools import partial

from builders import unsent
from conftest import MovedClock
from structlog.testing import capture_logs

from campaign.engine.chores import Every
from campaign.models import Database, audit
from campaign.models.notices import Notice
from campaign.models.users import User
from campaign.review.head import tell_head

DAY = timedelta(days=1)


def decide(database: Database, clock: MovedClock, what: str) -> None:
    with database.write() as session:
        audit.record(session, who="rita", action=what, subject="post:1", at=clock.now())


def mailed(database: Database, clock: MovedClock) -> list[Notice]:
    with database.read() as session:
        return unsent(session)


def test_the_head_moves_with_every_row_and_not_without_it(database: Database, clock: MovedClock) -> None:
    decide(database, clock, "hold")
    decide(database, clock, "release")
    with suppress(RuntimeError), database.write() as session:
        audit.record(session, who="rita", action="hold", subject="post:1", at=clock.now())
        raise RuntimeError
    with database.at_one_instant() as session:
        head, rows = audit.head(session), audit.rows(session)
        assert head is not None
        assert (head.rows, head.digest) == (2, rows[-1].digest)
        assert list(audit.faults(session)) == []


def test_the_head_is_logged_and_mailed_to_the_admins_once_a_day_whoever_runs(
    database: Database, clock: MovedClock
) -> None:
    with database.write() as session:
        for name, role in (("adam", "admin"), ("rita", "reviewer")):
            session.add(User(name=name, role=role, email=f"{name}@dfe.example.org", added_at=clock.now()))
    decide(database, clock, "hold")
    here, there = (Every(DAY, partial(tell_head, database)) for _ in range(2))
    with capture_logs() as lines:
        for _ in range(3):
            assert here(clock.now()) == clock.now() + DAY
            there(clock.now())
    (notice,) = mailed(database, clock)
    with database.read() as session:
        head = audit.head(session)
    assert head is not None
    assert notice.to == "adam@dfe.example.org"
    assert head.digest in notice.body
    assert [(line["event"], line["rows"], line["digest"]) for line in lines] == [("audit head", 1, head.digest)]
    clock.move(DAY + timedelta(seconds=1))
    there(clock.now())
    here(clock.now())
    assert len(mailed(database, clock)) == 2
