"""The calendar: each post on its day, bank holidays and quiet periods drawn in."""

import re
from datetime import timedelta
from html import unescape

import pytest
from pages_room import Room

from campaign.models.status import Status

pytestmark = pytest.mark.thorough
DAY = timedelta(days=1)


def cell(text: str, day: str) -> str:
    found = re.search(rf'<span class="govuk-visually-hidden">{day}</span>.*?</td>', text, re.DOTALL)
    assert found, f"{day} is not drawn"
    return found[0]


def test_posts_stand_on_their_day_counted_by_slot_and_state(room: Room) -> None:
    lone = room.office.post("oak", after=DAY, changes={"slot": "alone"})
    for partner in ("oak", "elm"):
        room.office.post(partner, after=2 * DAY, status=Status.APPROVED, changes={"slot": "launch"})
    room.office.post("oak", after=2 * DAY, status=Status.WITHDRAWN, changes={"slot": "gone"})
    text = room.browser("rita").get("/calendar?month=2025-12").text
    assert f'href="/posts/{lone}"' in cell(text, "Wednesday 3 December")
    assert "To review" in cell(text, "Wednesday 3 December")
    assert "Approved, 2 posts" in cell(text, "Thursday 4 December")
    assert "from=4%2F12%2F2025&amp;to=4%2F12%2F2025&amp;slot=launch&amp;status=approved" in cell(
        text, "Thursday 4 December"
    )
    assert "Gone" not in text
    assert "aria-current" in text
    assert "2 posts" not in room.browser("olga").get("/calendar?month=2025-12").text, "another partner's is not hers"


def test_a_full_day_of_a_month_shows_what_wants_somebody_and_leads_to_its_week(room: Room) -> None:
    for number in range(6):
        room.office.post("oak", after=DAY, status=Status.APPROVED, changes={"slot": f"calm-{number}"})
    room.office.post("oak", after=DAY + timedelta(hours=1), changes={"slot": "waiting"})
    full = cell(room.browser("rita").get("/calendar?month=2025-12").text, "Wednesday 3 December")
    assert re.findall(r"(Calm-\d|Waiting)", full) == ["Calm-0", "Calm-1", "Calm-2", "Calm-3", "Waiting"]
    assert "2 more" in full
    assert 'href="/calendar?week=2025-12-03"' in full
    week = cell(room.browser("rita").get("/calendar?week=2025-12-03").text, "Wednesday 3 December")
    assert len(re.findall(r"(Calm-\d|Waiting)", week)) == 7
    assert "more" not in week


def test_bank_holidays_and_events_are_drawn(room: Room) -> None:
    text = room.browser("olga").get("/calendar?month=2025-12").text
    assert "Christmas Day" in cell(text, "Thursday 25 December")
    assert "Event: " in text


def test_a_quiet_period_is_drawn_for_those_it_binds(room: Room) -> None:
    timetable = room.app.settings.campaign.timetable
    quiet = '\n[[quiet]]\nname = "a pause"\nfrom = 2025-12-10\nuntil = 2025-12-11\npartners = { region = ["Mars"] }\n'
    timetable.write_text(timetable.read_text() + quiet)
    text = room.browser("rita").get("/calendar?month=2025-12").text
    for day in ("Wednesday 10 December", "Thursday 11 December"):
        assert "Quiet: a pause" in cell(text, day)
    assert "Quiet: a pause" not in cell(text, "Friday 12 December")
    assert "Quiet: a pause" not in room.browser("olga").get("/calendar?month=2025-12").text


def test_a_week_is_seven_days_and_leads_to_the_next(room: Room) -> None:
    text = room.browser("olga").get("/calendar?week=2025-12-03").text
    assert "Calendar: 1 December to 7 December 2025" in text
    assert text.count("app-month__date") == 7
    assert "/calendar?week=2025-12-10" in text
    assert "/calendar?week=2025-11-26" in text


@pytest.mark.parametrize("query", ["", "month=2025-13", "month=x", "week=0000-00-00", "month=9999-12", "week=1/1/1"])
def test_an_address_that_was_tampered_with_shows_today(room: Room, query: str) -> None:
    assert "Calendar: " in room.browser("rita").get(f"/calendar?{query}").text


def test_an_entry_leads_to_the_very_posts_that_it_counts(room: Room) -> None:
    meant = [
        room.office.post(key, status=Status.APPROVED, after=DAY, changes={"slot": "launch"}) for key in ("oak", "elm")
    ]
    others = [room.office.post("oak", status=Status.APPROVED, after=DAY, changes={"slot": "other"})]
    others.append(
        room.office.post("oak", status=Status.APPROVED, after=3 * DAY, changes={"slot": "launch", "occurrence": "2"})
    )
    browser = room.browser("rita")
    found = re.search(r'href="(/posts[?][^"]*slot=launch[^"]*)"', browser.get("/calendar?month=2025-12").text)
    assert found
    text = browser.get(unescape(found[1])).text
    assert all(f'href="/posts/{post}"' in text for post in meant)
    assert not any(f'href="/posts/{post}"' in text for post in others)
    assert "“Launch” posts, by time." in text


def test_an_entry_is_called_as_in_the_list(room: Room) -> None:
    changes = {"slot": "single", "comment": "Say where", "draft": {"words": "Tell us what works", "media": []}}
    room.office.post("oak", after=DAY, status=Status.DRAFT, changes=changes)
    for path in ("/calendar?month=2025-12", "/posts?from=2/12/2025"):
        text = room.browser("olga").get(path).text
        assert "Tell us what works" in text
        assert "Needs changes" in text
        assert "Single" not in text
