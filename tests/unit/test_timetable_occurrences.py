"""When slots come: the ``at`` grammar, working days, clock changes, cron lines, rotation."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from textwrap import dedent

import pytest

from campaign.errors import BadInput
from campaign.plan.days import add_working, spoken_day, spoken_time
from campaign.plan.occurrences import Occurrence, occurrences
from campaign.plan.questions import Question, load_questions, question_facts
from campaign.plan.timetable import load_timetable

DAYS = """
[days]
launch = 2025-12-02
eve = 2025-12-24
saturday = 2025-12-06
embargo = 2025-12-02T09:30:00
gap = 2026-03-29
late = 2026-03-29T02:30:00
fold = 2025-10-26
close = 2026-01-14

[[event]]
name = "early"
title = "Early"
starts = 2025-12-10T18:00:00

[[event]]
name = "weekend"
title = "Weekend"
starts = 2025-12-13T10:00:00
"""
QUESTIONS = [
    Question("question-early-1", "early", "One?"),
    Question("question-early-2", "early", "Two?"),
    Question("question-early-3", "early", "And?", stands_alone=False, parent="question-early-2"),
    Question("question-fair-1", "fair", "Three?"),
]


def slot_comes(folder: Path, text: str) -> list[Occurrence]:
    file = folder / "t.toml"
    template = "" if "templates" in text else 'template = "t"'
    keys = f'[[slot]]\nname = "s"\nchannels = ["x"]\n{template}\n{dedent(text)}\n'
    file.write_text(DAYS + keys, encoding="utf-8")
    timetable = load_timetable(file, "Europe/London")
    return occurrences(timetable, timetable.slots[0], QUESTIONS)


@pytest.mark.parametrize(
    ("at", "due"),
    [
        ("launch 09:00", "2025-12-02T09:00Z"),
        ("launch + 2 working days 10:00", "2025-12-04T10:00Z"),
        ("launch - 1 day 10:00:30", "2025-12-01T10:00:30Z"),
        ("launch+1 day 10:00", "2025-12-03T10:00Z"),
        ("saturday + 0 working days 10:00", "2025-12-08T10:00Z"),
        ("saturday - 1 working day 10:00", "2025-12-05T10:00Z"),
        ("eve + 1 working day 10:00", "2025-12-29T10:00Z"),
        ("embargo", "2025-12-02T09:30Z"),
        ("embargo 11:00", "2025-12-02T11:00Z"),
        ("embargo + 90 minutes", "2025-12-02T11:00Z"),
        ("embargo + 45 seconds", "2025-12-02T09:30:45Z"),
        ("early - 2 hours", "2025-12-10T16:00Z"),
        ("event-early - 1 working day 12:30", "2025-12-09T12:30Z"),
        ("2025-12-05 08:00", "2025-12-05T08:00Z"),
    ],
)
def test_an_at_line_counts_from_its_day(tmp_path: Path, at: str, due: str) -> None:
    (one,) = slot_comes(tmp_path, f'at = "{at}"')
    assert one.due_at == datetime.fromisoformat(due)
    assert one.due_at.tzinfo is UTC


def test_a_time_that_the_clock_skips_moves_to_the_first_instant_after_the_gap(tmp_path: Path) -> None:
    (one,) = slot_comes(tmp_path, 'at = "gap 01:30"')
    assert one.due_at == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert one.key == "2026-03-29T02:00"


def test_of_a_time_that_comes_twice_the_first_is_meant(tmp_path: Path) -> None:
    (one,) = slot_comes(tmp_path, 'at = "fold 01:30"')
    assert one.due_at == datetime(2025, 10, 26, 0, 30, tzinfo=UTC)


def test_days_keep_the_wall_time_over_a_clock_change_and_hours_are_elapsed_time(tmp_path: Path) -> None:
    (by_day,) = slot_comes(tmp_path, 'at = "gap - 1 day 09:00"')
    (same,) = slot_comes(tmp_path, 'at = "gap 09:00"')
    assert same.due_at - by_day.due_at == timedelta(hours=23)
    (night,) = slot_comes(tmp_path, 'at = "late - 1 hour"')
    assert night.due_at == datetime(2026, 3, 29, 0, 30, tzinfo=UTC)


def test_a_daily_cron_over_both_clock_changes_comes_once_a_day_at_its_wall_time(tmp_path: Path) -> None:
    autumn = slot_comes(tmp_path, 'cron = "30 1 * * *"\nfrom = 2025-10-25\nuntil = 2025-10-27')
    assert [one.due_at.strftime("%d %H:%M") for one in autumn] == ["25 00:30", "26 00:30", "27 01:30"]
    spring = slot_comes(tmp_path, 'cron = "30 1 * * *"\nfrom = 2026-03-28\nuntil = 2026-03-30')
    assert [one.due_at.strftime("%d %H:%M") for one in spring] == ["28 01:30", "29 01:00", "30 00:30"]


def test_a_half_hourly_cron_gives_each_local_time_once(tmp_path: Path) -> None:
    spring = slot_comes(tmp_path, 'cron = "*/30 * * * *"\nfrom = "gap 00:30"\nuntil = "gap 02:30"')
    assert [one.key[11:] for one in spring] == ["00:30", "02:00", "02:30"]
    autumn = slot_comes(tmp_path, 'cron = "*/30 * * * *"\nfrom = "fold 00:30"\nuntil = "fold 02:00"')
    assert [one.key[11:] for one in autumn] == ["00:30", "01:00", "01:30", "02:00"]


def test_a_cron_ends_with_its_last_day_included(tmp_path: Path) -> None:
    found = slot_comes(tmp_path, 'cron = "0 17 * * thu"\nfrom = "launch"\nuntil = 2025-12-18')
    assert [one.key for one in found] == ["2025-12-04T17:00", "2025-12-11T17:00", "2025-12-18T17:00"]


def test_a_bank_holiday_moves_to_the_next_working_day_at_the_same_hour(tmp_path: Path) -> None:
    found = slot_comes(tmp_path, 'cron = "0 17 * * thu"\ndays = "working"\nfrom = "eve"\nuntil = "close"')
    assert [one.key for one in found] == ["2025-12-29T17:00", "2026-01-02T17:00", "2026-01-08T17:00"]


def test_two_that_land_on_one_day_leave_one_and_none_passes_the_end(tmp_path: Path) -> None:
    daily = 'cron = "0 17 * * *"\ndays = "working"\nfrom = 2025-12-05\nuntil = {}'
    found = slot_comes(tmp_path, daily.format("2025-12-09"))
    assert [one.key[8:10] for one in found] == ["05", "08", "09"]
    assert [one.key[8:10] for one in slot_comes(tmp_path, daily.format("2025-12-07"))] == ["05"]


def test_templates_go_in_turn_and_a_rotation_hands_each_its_question(tmp_path: Path) -> None:
    found = slot_comes(tmp_path, 'templates = ["post-2", "question"]\ncron = "0 17 * * thu"\nfrom = "launch"')
    assert [one.template for one in found[:4]] == ["post-2", "question", "post-2", "question"]
    assert [one.question.name for one in found[1:6:2] if one.question] == [
        "question-early-1",
        "question-fair-1",
        "question-early-2",
    ]


def test_each_question_takes_one_time_by_principle_in_turn_and_follow_ons_stay_with_their_parent(
    tmp_path: Path,
) -> None:
    found = slot_comes(tmp_path, 'for_each = "question-*"\ncron = "0 17 * * thu"')
    assert [one.key for one in found] == ["question-early-1", "question-fair-1", "question-early-2"]
    assert question_facts(QUESTIONS[1], QUESTIONS)["follow_ons"] == ["And?"]


def test_a_slot_for_each_event_counts_from_each(tmp_path: Path) -> None:
    found = slot_comes(tmp_path, 'for_each = "event-*"\nat = "event - 1 working day 12:30"')
    assert [(one.key, one.due_at.day) for one in found] == [("event-early", 9), ("event-weekend", 12)]


def test_a_reminder_that_the_weekend_pushes_past_its_event_does_not_come(tmp_path: Path) -> None:
    found = slot_comes(tmp_path, 'for_each = "event-*"\nat = "event 08:00"\ndays = "working"')
    assert [one.key for one in found] == ["event-early"]


def test_a_slot_that_would_come_thousands_of_times_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="more than 1000 times"):
        slot_comes(tmp_path, 'cron = "* * * * *"')


def test_working_days_know_england_s_substitute_holidays() -> None:
    assert add_working(date(2026, 12, 24), 1) == date(2026, 12, 29)
    assert add_working(date(2026, 1, 5), -2) == date(2025, 12, 31)


def test_days_and_times_are_spoken_as_people_say_them() -> None:
    moment = datetime.fromisoformat("2025-12-10T18:00")
    assert spoken_day(moment) == "Wednesday 10 December"
    texts = ["18:00", "18:30", "09:05", "12:00", "00:00", "12:30", "00:15"]
    spoken = [spoken_time(datetime.fromisoformat(f"2025-12-10T{text}").time()) for text in texts]
    assert spoken == ["6pm", "6:30pm", "9:05am", "midday", "midnight", "12:30pm", "12:15am"]


def test_questions_are_read_and_their_faults_named(tmp_path: Path) -> None:
    file = tmp_path / "questions.toml"
    assert load_questions(file) == []
    file.write_text(
        '[[question]]\nname = "question-early-1"\nprinciple = "early"\nquestion = "Why?"\n'
        '[[question]]\nname = "question-early-2"\nprinciple = "early"\nquestion = "And?"\n'
        'stands_alone = false\nparent = "question-early-1"\n',
        encoding="utf-8",
    )
    assert [one.stands_alone for one in load_questions(file)] == [True, False]
    file.write_text('[[question]]\nname = "a"\nprinciple = "early"\nquestion = "?"\nparent = "b"\nledin = ""\n')
    with pytest.raises(BadInput) as caught:
        load_questions(file)
    assert {finding.field for finding in caught.value.findings} == {"question.a.parent", "question.a.ledin"}


@pytest.mark.parametrize(
    ("second", "told"), [("a", "is there more than once"), ("question-a", 'and "a" are one name to a post, question-a')]
)
def test_two_questions_with_one_key_are_one_fault_with_its_line(tmp_path: Path, second: str, told: str) -> None:
    file = tmp_path / "questions.toml"
    one = '[[question]]\nname = "{}"\nprinciple = "early"\nquestion = "?"\n'
    file.write_text(one.format("a") + one.format("b") + one.format(second))
    with pytest.raises(BadInput) as caught:
        load_questions(file)
    (found,) = caught.value.findings
    assert (found.file, found.line, found.problem) == ("questions.toml", 10, told)
