"""The demo's timetable: derived from the shipped one for any day of the year, nothing twice and nothing lost."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from campaign.config import starter_folder
from campaign.demo.settings import changed
from campaign.demo.timetable import OPENING, derived
from campaign.plan.days import is_working
from campaign.plan.entries import Timetable
from campaign.plan.occurrences import Occurrence, occurrences
from campaign.plan.questions import load_questions
from campaign.plan.timetable import load_timetable
from campaign.plan.timetable_check import check_timetable

STARTER = starter_folder()
SHIPPED = (STARTER / "schedules" / "national-conversation.toml").read_text(encoding="utf-8")
QUESTIONS = tuple(load_questions(STARTER / "templates" / "national-conversation" / "questions.toml"))
LAUNCHES = [
    datetime(2026, 11, 24, 5, 10, 10),  # noqa: DTZ001 - a Tuesday; wall times have no zone
    datetime(2026, 7, 5, 23, 59, 40),  # noqa: DTZ001 - a Sunday, with midnight inside the opening
    datetime(2025, 12, 27, 12, 0, 0),  # noqa: DTZ001 - inside the shipped quiet period
    datetime(2027, 3, 28, 0, 59, 30),  # noqa: DTZ001 - the clock skips an hour inside the opening
]


def read(tmp_path: Path, launch: datetime) -> Timetable:
    path = tmp_path / "timetable.toml"
    path.write_text(derived(SHIPPED, launch), encoding="utf-8")
    return load_timetable(path, "Europe/London")


def all_of(timetable: Timetable) -> list[Occurrence]:
    return [one for slot in timetable.slots for one in occurrences(timetable, slot, QUESTIONS)]


@pytest.mark.parametrize("launch", LAUNCHES, ids=str)
def test_the_opening_comes_within_seconds_whatever_the_day(tmp_path: Path, launch: datetime) -> None:
    timetable = read(tmp_path, launch)
    launched_at = launch.replace(tzinfo=timetable.zone).astimezone(UTC)
    opening = {one.slot.name: one.due_at - launched_at for one in all_of(timetable) if one.slot.name in OPENING}
    assert set(opening) == set(OPENING)
    assert opening["launch"] == timedelta()
    assert opening["launch"] < opening["share DfE's post"] <= timedelta(seconds=15)
    assert max(opening.values()) <= timedelta(seconds=30)


@pytest.mark.parametrize("launch", LAUNCHES, ids=str)
def test_nothing_of_it_is_past_quiet_or_unconfirmed_at_launch(tmp_path: Path, launch: datetime) -> None:
    timetable = read(tmp_path, launch)
    launched_at = launch.replace(tzinfo=timetable.zone).astimezone(UTC)
    assert min(one.due_at for one in all_of(timetable)) == launched_at
    assert not any(quiet.covers(launch.date()) for quiet in timetable.quiet)
    assert all(event.confirmed and not event.placeholder for event in timetable.events)
    findings = check_timetable(timetable, launched_at, placeholders_allowed=False, questions=QUESTIONS)
    assert [str(finding) for finding in findings if finding.severity == "error"] == []


@pytest.mark.parametrize("launch", LAUNCHES, ids=str)
def test_no_event_falls_on_a_weekend_or_a_bank_holiday(tmp_path: Path, launch: datetime) -> None:
    events = read(tmp_path, launch).events
    assert len(events) == 5
    assert all(is_working(event.starts.date()) for event in events)


def test_each_event_is_announced_once_and_no_question_is_asked_twice(tmp_path: Path) -> None:
    timetable = read(tmp_path, LAUNCHES[0])
    everything = all_of(timetable)
    announced = Counter(one.key for one in everything if one.template == "event")
    assert announced == Counter({event.key: 1 for event in timetable.events})
    asked = Counter(one.key for one in everything if one.question)
    assert max(asked.values()) == 1


def test_what_comes_later_keeps_its_day_and_hour(tmp_path: Path) -> None:
    timetable = read(tmp_path, LAUNCHES[0])
    last = next(one for one in all_of(timetable) if one.slot.name == "last day")
    assert last.due_at == datetime(2027, 1, 6, 8, 30, tzinfo=UTC)


def test_a_setting_is_replaced_in_its_own_table_and_added_where_it_is_missing() -> None:
    text = '[a]\nurl = "old"  # why\n\n[b]\nurl = "other"\n'
    assert changed(text, {"a": {"url": "new", "more": ["5s"]}, "c": {"n": 1}}) == (
        '[a]\nmore = ["5s"]\nurl = "new"\n\n[b]\nurl = "other"\n\n[c]\nn = 1\n'
    )
