"""Notices that an event moves or is cancelled: one draft for each account that has spoken of it; people send them."""

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import select
from terminal import Terminal, event, opened_terminal, slot

from campaign.app import App
from campaign.models.notices import Notice
from campaign.plan.days import local
from campaign.plan.entries import Event
from campaign.review import noticing

pytestmark = pytest.mark.thorough
LONDON = ZoneInfo("Europe/London")
NOW = datetime(2030, 12, 1, tzinfo=UTC)
REMINDER = slot("reminder", "event - 7 days 09:00", channels=("x", "facebook"), more='for_each = "event-*"')
WORDS = """---
title: Notice
version: 1
channels: [x, facebook]
fields:
  more: {type: text, max: 60}
---
{{ partner.name }}: {{ event.title }} is not on {{ event.day }}.
{% if event.status == "cancelled" %}It is cancelled.{% else %}It moves.{% endif %} {{ more }}
"""


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    """Three accounts have a post about the event; those of oak are published."""
    terminal = opened_terminal(tmp_path)
    terminal.write("templates/own/event-notice.md", WORDS)
    stands(terminal, "open")
    terminal.run("queue")
    for post in terminal.posts("--partner", "oak"):
        terminal.put(post["id"], status="published", external_id=post["id"])
    return terminal


def stands(terminal: Terminal, status: str, starts: str = "2030-12-10T18:00:00") -> None:
    terminal.timetable(REMINDER, head=event(status, starts))


def drafts(terminal: Terminal) -> list[tuple[str, str, str]]:
    found = [post for post in terminal.posts() if post["template"] == "event-notice"]
    return [(post["partner"], post["channel"], post["status"]) for post in found]


def daemon(terminal: Terminal, now: datetime = NOW) -> None:
    """Let a daemon that has just started look at the file."""
    app = App.open(terminal.folder, {})
    source, file = (lambda: app.source(placeholders=True)), terminal.folder / "schedules/own.toml"
    noticing.EventNotices(app.database, app.contents, source, file)(now)
    app.close()


def letters(terminal: Terminal) -> list[str]:
    with terminal.database() as database, database.read() as session:
        return [f"{one.to}: {one.body}" for one in session.exec(select(Notice))]


def test_whoever_has_spoken_of_an_event_that_moves_gets_a_draft(terminal: Terminal) -> None:
    stands(terminal, "moved")
    _, told = terminal.both("queue")
    assert "Drafted 2 notices" in told
    assert drafts(terminal) == [("oak", "facebook", "draft"), ("oak", "x", "draft")]
    ident = next(post["id"] for post in terminal.posts() if post["template"] == "event-notice")
    said = terminal.json("posts", "preview", ident)["text"]
    assert said == "Oak School: Early help is not on Tuesday 10 December.\nIt moves."


def test_a_second_run_drafts_nothing_more_even_what_was_withdrawn(terminal: Terminal) -> None:
    stands(terminal, "moved")
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts() if post["template"] == "event-notice")
    terminal.run("posts", "withdraw", ident, "--reason", "we said so ourselves")
    before = drafts(terminal)
    assert "notice" not in terminal.both("queue")[1]
    daemon(terminal)
    assert drafts(terminal) == before


def test_the_daemon_drafts_as_soon_as_the_file_says_so_and_tells_the_partner(terminal: Terminal) -> None:
    stands(terminal, "cancelled")
    daemon(terminal)
    assert drafts(terminal) == [("oak", "facebook", "draft"), ("oak", "x", "draft")]
    (told,) = [line for line in letters(terminal) if "notice" in line]
    assert "the event early is cancelled, and 2 accounts of yours posted about it" in told


def test_a_draft_is_edited_submitted_and_approved_like_any_post(terminal: Terminal) -> None:
    stands(terminal, "moved")
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts() if post["template"] == "event-notice")
    terminal.run("posts", "edit", ident, "more=Sorry!")
    assert terminal.json("posts", "preview", ident)["text"].endswith("It moves. Sorry!")
    terminal.run("agree", "--partner", "oak")
    terminal.run("queue")
    assert ("oak", "facebook", "draft") in drafts(terminal), "a person reads it first"
    terminal.run("posts", "submit", ident)
    terminal.approve(ident)
    assert ("oak", "facebook", "approved") in drafts(terminal)


def test_a_notice_that_is_no_longer_true_is_withdrawn_unless_it_is_out(terminal: Terminal) -> None:
    stands(terminal, "moved")
    terminal.run("queue")
    out, waiting = (post["id"] for post in terminal.posts() if post["template"] == "event-notice")
    terminal.put(out, status="published", external_id=out)
    stands(terminal, "open", "2030-12-12T18:00:00")
    terminal.run("queue")
    assert {post["id"]: post["status"] for post in terminal.posts() if post["id"] in {out, waiting}} == {
        out: "published",
        waiting: "withdrawn",
    }


def test_an_event_that_moves_again_gets_another_notice(terminal: Terminal) -> None:
    stands(terminal, "moved")
    terminal.run("queue")
    stands(terminal, "moved", "2030-12-12T18:00:00")
    terminal.run("queue")
    assert [status for _, _, status in drafts(terminal)] == ["withdrawn", "withdrawn", "draft", "draft"]


def test_no_notice_without_a_template_or_of_an_event_that_is_past(terminal: Terminal) -> None:
    stands(terminal, "cancelled", "2020-12-12T18:00:00")
    terminal.run("queue")
    (terminal.folder / "templates/own/event-notice.md").unlink()
    stands(terminal, "cancelled")
    terminal.run("queue")
    assert drafts(terminal) == []


def test_an_officer_drafts_for_their_own_partner_and_withdraws_nobody_elses(terminal: Terminal) -> None:
    stands(terminal, "moved")
    terminal.run("queue")
    stands(terminal, "cancelled")
    terminal.run("queue", "--as", "olga")
    assert [status for _, _, status in drafts(terminal)] == ["draft"] * 4


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2030-12-02T10:03", "2030-12-02T14:15"),
        ("2030-12-02T03:00", "2030-12-02T09:00"),
        ("2030-12-02T17:30", "2030-12-03T09:00"),
        ("2030-12-10T15:00", "2030-12-10T17:00"),
        ("2030-12-10T17:55", "2030-12-10T18:10"),
    ],
)
def test_a_notice_is_due_by_day_with_time_to_read_it_and_before_the_event(now: str, due: str) -> None:
    starts = datetime(2030, 12, 10, 18)  # noqa: DTZ001 - a timetable's wall time
    event = Event("early", "Early", "early", starts, "https://example.org", status="moved")
    at = noticing.due(datetime.fromisoformat(now).replace(tzinfo=LONDON), event, LONDON)
    assert f"{local(at, LONDON):%Y-%m-%dT%H:%M}" == due
