"""Days and times as people type them."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from campaign.models.posts import Post
from campaign.web import times
from campaign.web.words import excerpt, filters


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("9:30am", time(9, 30)),
        ("9.30 AM", time(9, 30)),
        ("12am", time(0)),
        ("12pm", time(12)),
        ("5pm", time(17)),
        ("17:05", time(17, 5)),
        ("midday", time(12)),
        ("13pm", None),
        ("0am", None),
        ("24:00", None),
        ("9", None),
        ("", None),
    ],
)
def test_a_time_is_read_as_people_write_it(text: str, meant: time | None) -> None:
    assert times.clock(text) == meant


@pytest.mark.parametrize("text", ["1/12/2025", "2025-12-01", "1 12 2025", "1 December 2025"])
def test_a_day_is_read_as_people_write_it(text: str) -> None:
    assert times.day(text) == date(2025, 12, 1)
    assert times.day("31/11/2025") is None


def test_an_instant_in_a_reason_is_told_as_people_say_it() -> None:
    """Reasons are kept with instants in UTC, for logs and programs; whoever reads a page reads the wall."""
    now = datetime(2026, 6, 30, tzinfo=UTC)
    told = filters(ZoneInfo("Europe/London"), lambda: now)["told"]
    assert (
        told("the cap is reached until 2026-06-30T23:00:00Z, then on")
        == "the cap is reached until Wednesday 1 July, midnight, then on"
    )
    assert told("post 2026-06 of 2026-06-30") == "post 2026-06 of 2026-06-30"


def test_an_excerpt_begins_and_ends_with_whole_words_around_what_was_found() -> None:
    words = "Every voice counts. " * 9 + "Come to the Café’s evening. " + "Nobody is left out. " * 9
    post = Post(draft={"words": words})
    told = excerpt(post, ["café's"])
    assert told.startswith("\N{HORIZONTAL ELLIPSIS}")
    assert told.endswith("\N{HORIZONTAL ELLIPSIS}")
    assert "Come to the Café’s evening. Nobody" in told
    assert set(told.strip("\N{HORIZONTAL ELLIPSIS}").split()) <= set(words.split())
    assert excerpt(post, ["elsewhere"]) == ""
