"""SQLite learns what its tables hold once they hold much; until then it is told what is typical."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock

from campaign.engine.chores import Every
from campaign.models import Database


def learnt(database: Database) -> dict[str, str]:
    with database.engine.connect() as connection:
        rows = connection.execute(sa.text("SELECT idx, stat FROM sqlite_stat1 WHERE tbl = 'post'")).all()
    return {str(index): str(stat) for index, stat in rows}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_much_is_learnt_of_and_of_little_what_is_typical_is_told(
    database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert learnt(database)["post_status_due"].startswith("1000000 "), "from the first upgrade on"
    with database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now())
    database.learn()
    assert set(learnt(database)) == {"post_status_due", "post_due"}
    monkeypatch.setattr("campaign.models.database._MANY", 1)
    database.learn()
    assert learnt(database)["post_by_due"].startswith("1 ")
    assert learnt(database)["post_status_due"] == "1 0 1", "of its few states a sample tells nothing"


def test_a_chore_is_done_at_the_start_and_once_its_pause_is_over_whatever_the_clock_does(clock: MovedClock) -> None:
    done = []
    daily = Every(timedelta(days=1), done.append)
    begun = clock.now()
    for step in (timedelta(), timedelta(hours=23), timedelta(hours=1), timedelta(days=-9), timedelta(hours=1)):
        clock.move(step)
        assert daily(clock.now()) == done[-1] + timedelta(days=1)
    assert [at - begun for at in done] == [timedelta(), timedelta(days=1), timedelta(days=-8)]
