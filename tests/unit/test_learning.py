"""SQLite learns what its tables hold once they hold much: of few rows it would learn what is wrong soon."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock

from campaign.engine.chores import Daily
from campaign.models import Database


def learnt(database: Database) -> bool:
    with database.engine.connect() as connection:
        return "sqlite_stat1" in connection.execute(sa.text("SELECT name FROM sqlite_master")).scalars().all()


def test_much_is_learnt_of_and_little_is_not(
    database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now())
    database.learn()
    if not database.is_sqlite:
        return
    assert not learnt(database)
    monkeypatch.setattr("campaign.models.database._MANY", 1)
    database.learn()
    assert learnt(database)


def test_a_daily_chore_is_done_at_the_start_and_a_day_later_whatever_the_clock_does(clock: MovedClock) -> None:
    done = []
    daily = Daily(done.append)
    begun = clock.now()
    for step in (timedelta(), timedelta(hours=23), timedelta(hours=1), timedelta(days=-9), timedelta(hours=1)):
        clock.move(step)
        assert daily.chore(clock.now()) == done[-1] + timedelta(days=1)
    assert [at - begun for at in done] == [timedelta(), timedelta(days=1), timedelta(days=-8)]
