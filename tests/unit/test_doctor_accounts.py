"""The doctor on accounts: stopped, told to wait, taken out; access and versions that end."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from builders import add_account, unsent
from conftest import MovedClock
from examining import RENEWABLE, SECRET, RunningClock, built, connected, found, one, opened
from sqlmodel import select

from campaign.health.doctor import Doctor
from campaign.health.duty import Duty
from campaign.health.endings import Endings
from campaign.health.finding import Rule, Severity
from campaign.models import Database, lanes, vitals
from campaign.models.partners import Account
from campaign.models.users import User
from campaign.models.vitals import LaneStates
from campaign.register import accounts as register
from campaign.vault import create_key

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)


@pytest.fixture
def clock() -> RunningClock:
    return RunningClock()


@pytest.fixture
def doctor(database: Database, clock: RunningClock, tmp_path: Path) -> Doctor:
    """A doctor of a workspace in which all is well. A clock that stood would soon be behind that of the database."""
    if not database.is_sqlite:
        clock.go()
    return opened(database, clock, tmp_path)


@pytest.fixture
def sqlite_doctor(clock: MovedClock, tmp_path: Path) -> Iterator[Doctor]:
    """The same for rules that ask nothing of the database that differs."""
    database = Database(f"sqlite:///{tmp_path}/campaign.db", connections=2)
    database.upgrade()
    yield opened(database, clock, tmp_path)
    database.close()


def test_an_account_says_why_it_stopped_and_until_when(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        for until in (None, now + MINUTE, now - MINUTE):
            account = add_account(session, now)
            account.stopped_why, account.stopped_until = "401 the token has ended", until
            session.add(account)
    assert "401 the token has ended" in one(doctor, Rule.ACCOUNT_STOPPED).what
    paused = one(doctor, Rule.ACCOUNT_PAUSED)
    assert paused.severity is Severity.WARNING
    assert (now + MINUTE).strftime("%H:%M:%S") in paused.what


def test_a_lane_says_why_it_waits_and_the_pace_between_two_posts_is_no_finding(doctor: Doctor) -> None:
    now = doctor.clock.now()
    with doctor.database.write() as session:
        told, paced = add_account(session, now), add_account(session, now)
        lanes.pace_lane(session, told.ident, now + MINUTE, "429 too many requests")
        lanes.pace_lane(session, paced.ident, now + SECOND, None)
    assert "429 too many requests" in one(doctor, Rule.LANE_WAITING).what


def test_nothing_is_said_of_an_account_that_was_taken_out_of_the_campaign(
    sqlite_doctor: Doctor, tmp_path: Path
) -> None:
    """Its mends are refused: it cannot be connected, and its holds end when it is enabled."""
    create_key(tmp_path / "another")
    now, ends = sqlite_doctor.clock.now(), (sqlite_doctor.clock.now() + DAY).isoformat()
    connected(sqlite_doctor, "linkedin", {"expires_at": ends})
    connected(sqlite_doctor, "linkedin", {"expires_at": ends}, key=tmp_path / "another")
    with sqlite_doctor.database.write() as session:
        olga = User(name="olga", role="admin", email="olga@example.org", added_at=now)
        session.add(olga)
        for account in session.exec(select(Account)):
            account.stopped_why = "401 the token has ended"
            register.disable(session, account.ident, "the school has closed", by=olga, now=now - 2 * DAY)
            lanes.pace_lane(session, account.ident, now + MINUTE, "429 too many requests")
    Endings(sqlite_doctor, Duty(sqlite_doctor.database, sqlite_doctor.clock, "here:1", "endings", SECOND)).chore(now)
    assert sqlite_doctor.examine() == []
    with sqlite_doctor.database.read() as session:
        assert unsent(session) == []
        assert vitals.lane_states(session, now) == LaneStates(0, 0, 0)


@pytest.mark.parametrize(
    ("days", "severities"),
    [(15, []), (14, [Severity.WARNING]), (3, [Severity.ERROR]), (-1, [Severity.ERROR])],
)
@pytest.mark.parametrize("channel", ["x", "facebook", "linkedin"])
def test_a_token_that_ends_within_two_weeks_is_found(
    sqlite_doctor: Doctor, channel: str, days: int, severities: Sequence[Severity]
) -> None:
    connected(sqlite_doctor, channel, {"expires_at": (sqlite_doctor.clock.now() + days * DAY).isoformat()})
    findings = found(sqlite_doctor, Rule.TOKEN_ENDS)
    assert [finding.severity for finding in findings] == severities
    assert SECRET not in repr(findings)


def test_each_stage_of_an_end_of_access_is_told_once_however_many_look(
    sqlite_doctor: Doctor, clock: MovedClock
) -> None:
    ends = sqlite_doctor.clock.now() + 15 * DAY
    connected(sqlite_doctor, "linkedin", {"expires_at": ends.isoformat()})
    with sqlite_doctor.database.write() as session:
        session.add(User(name="rita", role="reviewer", email="rita@example.org", added_at=ends))
    told = list[int]()
    for days in (0, 2, 10, 9):
        clock.move(days * DAY + 60 * MINUTE)
        for owner in ("here:1", "there:2"):
            duty = Duty(sqlite_doctor.database, clock, owner, "endings", SECOND)
            clock.move(SECOND)
            Endings(sqlite_doctor, duty).chore(clock.now())
        with sqlite_doctor.database.read() as session:
            told.append(len(unsent(session)))
            assert SECRET not in repr(unsent(session))
    assert told == [0, 1, 2, 3]


def test_a_token_that_the_program_renews_is_no_finding_but_the_end_of_its_refresh_token_is(
    sqlite_doctor: Doctor,
) -> None:
    soon = (sqlite_doctor.clock.now() + DAY).isoformat()
    connected(sqlite_doctor, "x", {**RENEWABLE, "expires_at": soon})
    connected(sqlite_doctor, "linkedin", {**RENEWABLE, "expires_at": soon})
    assert found(sqlite_doctor, Rule.TOKEN_ENDS) == []
    connected(sqlite_doctor, "linkedin", {**RENEWABLE, "expires_at": soon, "refresh_expires_at": soon})
    assert one(sqlite_doctor, Rule.TOKEN_ENDS)


def test_credentials_under_another_key_are_found_and_not_shown(sqlite_doctor: Doctor, tmp_path: Path) -> None:
    create_key(tmp_path / "other.key")
    connected(sqlite_doctor, "facebook", {}, key=tmp_path / "other.key")
    finding = one(sqlite_doctor, Rule.CREDENTIALS_CLOSED)
    assert "another key" in finding.what
    assert SECRET not in repr(finding)


@pytest.mark.parametrize(
    ("settings", "today", "severities"),
    [
        ({"linkedin": {"version": "202607"}}, date(2027, 5, 15), []),
        ({"linkedin": {"version": "202607"}}, date(2027, 5, 16), [Severity.WARNING]),
        ({"linkedin": {"version": "202607"}}, date(2027, 7, 15), [Severity.ERROR]),
        ({"linkedin": {"version": "202608"}}, date(2027, 7, 15), []),
        ({"linkedin": {"version": "202401"}}, date(2026, 12, 1), [Severity.ERROR]),
        ({"facebook": {"graph_version": "v25.0"}, "linkedin": {"version": "203001"}}, date(2028, 5, 29), []),
        ({"facebook": {"graph_version": "v25.0"}, "linkedin": {"version": "203001"}}, date(2028, 5, 30),
         [Severity.WARNING]),
        ({"facebook": {"graph_version": "v9.0"}}, date(2026, 12, 1), [Severity.ERROR]),
    ],
)  # fmt: skip
def test_a_version_is_warned_of_sixty_days_before_its_end(
    sqlite_doctor: Doctor, clock: MovedClock, settings: Any, today: date, severities: Sequence[Severity]
) -> None:
    clock.at = datetime(today.year, today.month, today.day, 12, tzinfo=clock.at.tzinfo)
    known = replace(sqlite_doctor, channels=built(**settings))
    assert [finding.severity for finding in found(known, Rule.VERSION_ENDS)] == severities
