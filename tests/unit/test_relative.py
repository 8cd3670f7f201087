"""Words such as “today” and “the last day” are held against the days that the timetable has, and only against those."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from planning import BASE, CHANNELS, LAUNCH, NOW, applied, given

from campaign.models.listing import PostRow
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.plan.entries import Timetable
from campaign.plan.planner import plan
from campaign.plan.relative import untimely
from campaign.plan.timetable import load_timetable
from campaign.ports import Draft, Message
from campaign.review.findings import findings

SHIPPED = Path(__file__).parents[2] / "schedules/national-conversation.toml"
LAST = "Today is the last day of the national conversation on SEND reform."


@pytest.fixture(scope="module")
def timetable() -> Timetable:
    """Launch on 2 December 2025, a Tuesday; the event Early on Wednesday 10; close on Wednesday 14 January 2026."""
    return load_timetable(SHIPPED, "Europe/London")


def said(timetable: Timetable, words: str, day: str, event: str | None = None) -> list[str]:
    at = datetime.fromisoformat(f"{day}T09:00:00").replace(tzinfo=UTC)
    about = timetable.event(event) if event else None
    return [found.problem for found in untimely(timetable, "t", Draft(words), at, about)]


@pytest.mark.parametrize(
    ("words", "true", "untrue"),
    [
        (LAST, "2026-01-14", "2026-01-13"),
        ("It is the final day to share your views.", "2026-01-14", "2026-01-15"),
        ("The conversation closes tomorrow.", "2026-01-13", "2026-01-14"),
        ("The conversation ends this week.", "2026-01-12", "2026-01-11"),
        ("It closes next week!", "2026-01-11", "2026-01-12"),
        ("The national conversation launches today.", "2025-12-02", "2025-12-03"),
        ("The conversation started? It begins tomorrow.", "2025-12-01", "2025-12-02"),
    ],
)
def test_words_of_launch_and_close_are_true_on_their_day_alone(
    timetable: Timetable, words: str, true: str, untrue: str
) -> None:
    assert said(timetable, words, true) == []
    assert len(said(timetable, words, untrue)) == 1


@pytest.mark.parametrize(
    ("words", "true", "untrue"),
    [
        ('Today at 6pm: an online event on "Early"', "2025-12-10", "2025-12-09"),
        ("Join us tonight", "2025-12-10", "2025-12-11"),
        ("Join us TOMORROW evening", "2025-12-09", "2025-12-10"),
        ("You asked yesterday", "2025-12-11", "2025-12-10"),
        ("An event this week", "2025-12-08", "2025-12-07"),
        ("Register today: the event is tomorrow", "2025-12-09", "2025-12-08"),
    ],
)
def test_words_about_an_event_are_true_by_its_day(timetable: Timetable, words: str, true: str, untrue: str) -> None:
    assert said(timetable, words, true, "early") == []
    assert len(said(timetable, words, untrue, "early")) == 1


@pytest.mark.parametrize(
    ("words", "event"),
    [
        ("Join the conversation today: https://www.gov.uk", None),
        ("Drop in this week, or tomorrow.", None),
        ("The last day is Wednesday 14 January.", None),
        ("Come to our fair on the last day of the autumn term.", None),
        ("It is the final day of half-term, and of the school year", None),
        ("Last day to register", "early"),
        ("Tomorrowland and yesterdays", "early"),
    ],
)
def test_nothing_is_guessed_where_the_timetable_has_no_day_for_it(
    timetable: Timetable, words: str, event: str | None
) -> None:
    assert said(timetable, words, "2025-12-20", event) == []


def test_without_a_close_no_day_is_the_last_one(timetable: Timetable) -> None:
    unnamed = replace(timetable, days={name: day for name, day in timetable.days.items() if name != "close"})
    assert said(unnamed, LAST, "2025-12-20") == []


def test_the_day_is_the_one_of_the_campaigns_wall(timetable: Timetable) -> None:
    """A quarter past eleven in the evening in UTC is the next day in London's summer."""
    summer = replace(timetable, days={"close": datetime(2026, 7, 2, tzinfo=UTC).date()})
    at = datetime(2026, 7, 1, 23, 15, tzinfo=UTC)
    assert list(untimely(summer, "t", Draft(LAST), at, None)) == []


def test_a_warning_says_what_is_said_of_which_day_and_what_to_do(timetable: Timetable) -> None:
    at = datetime(2026, 1, 13, 9, tzinfo=UTC)
    (found,) = untimely(timetable, "last-day", Draft(LAST), at, None)
    assert (found.severity, found.field) == ("warning", "words")
    assert found.problem == (
        "it says “Today” of the close of the campaign, Wednesday 14 January, and goes out on Tuesday 13 January"
    )
    assert found.mend == "Give it a time on Wednesday 14 January, change its words, or withdraw it"


def test_words_of_a_stored_notice_are_held_against_its_event(timetable: Timetable) -> None:
    post = Post(channel="x", template="t", event="early", due_at=datetime(2025, 12, 9, 9, tzinfo=UTC))
    row, draft = PostRow(post, Account(), Partner()), Draft("Join us tonight")
    for event, count in (("early", 1), (None, 0)):
        post.event = event
        found = findings(row, draft, Message("x", draft.words), limits=CHANNELS, timetable=timetable)
        assert len(found) == count


def test_the_heads_of_a_letter_count_too(timetable: Timetable) -> None:
    at = datetime(2026, 1, 13, 9, tzinfo=UTC)
    assert len(list(untimely(timetable, "t", Draft("Words", subject=LAST, preheader=LAST), at, None))) == 2


def test_a_plan_warns_of_a_post_that_a_person_moved_off_its_day_and_keeps_it(tmp_path: Path) -> None:
    text = BASE + LAUNCH.replace("launch 09:00", "close 09:00").replace('"x", "facebook"', '"facebook"')
    facts = given(tmp_path, text)
    closing = [
        replace(partner, details={"x_line": "The conversation closes today"}, joined_at=None)
        for partner in facts.partners
    ]
    facts = replace(facts, partners=closing, now=NOW)
    rows = plan(facts)
    assert [row.findings for row in rows] == [(), ()]
    first, second = applied(rows)
    moved = replace(first, moved=True, due_at=first.due_at.replace(day=18))
    found = {row.partner: row for row in plan(replace(facts, existing=[moved, second]))}
    assert {row.action for row in found.values()} == {"keep"}
    assert found["oak"].findings == ()
    (warning,) = found["dfe"].findings
    assert (warning.severity, warning.field) == ("warning", "dfe.words")
    assert "“today”" in warning.problem
