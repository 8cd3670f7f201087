"""Queueing writes the plan and nothing twice; a changed plan touches only what nobody has claimed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from terminal import HEAD, HELLO, Terminal, opened_terminal, slot

from campaign.models import Database
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import Move

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def statuses(terminal: Terminal) -> list[str]:
    return [post["status"] for post in terminal.posts()]


def claim(terminal: Terminal, ident: str) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        move(session, session.get_one(Post, int(ident)), Move.CLAIM, who="daemon", at=NOW)
    database.close()


def test_queueing_twice_changes_nothing(terminal: Terminal) -> None:
    assert "3 add, 0 change, 0 withdraw, 0 keep" in terminal.run("queue")
    before, audited = terminal.posts(), terminal.json("audit")
    assert "0 add, 0 change, 0 withdraw, 3 keep" in terminal.run("queue")
    assert terminal.posts() == before
    assert terminal.json("audit") == audited
    assert statuses(terminal) == ["in_review"] * 3


def test_a_changed_template_voids_approval_and_its_queuer_may_not_approve(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.approve(first)
    terminal.write("templates/own/hello.md", HELLO.replace("joins in", "takes part"))
    terminal.run("users", "add", "rolf", "--role", "reviewer")
    assert "3 change" in terminal.run("queue", "--as", "rolf")
    assert statuses(terminal) == ["in_review"] * 3
    assert "takes part" in terminal.json("posts", "preview", first)["text"]
    seen = terminal.posts()[0]["content_hash"]
    assert "queued or edited" in terminal.run("review", "approve", f"{first}@{seen}", "--as", "rolf", code=2)
    terminal.approve(first)


def test_who_edited_the_words_may_not_approve_them_after_others_edited_and_moved_them(terminal: Terminal) -> None:
    terminal.run("users", "add", "rolf", "--role", "reviewer")
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.run("posts", "edit", first, "line=Words of rita's", "--as", "rita")
    for change in (
        ("posts", "edit", first, "line=Words of rolf's", "--as", "rolf"),
        ("posts", "move", first, "--at", "2030-12-03 10:00", "--as", "rolf"),
    ):
        terminal.run(*change)
        seen = next(post["content_hash"] for post in terminal.posts() if post["id"] == first)
        for who in ("rita", "rolf"):
            said = terminal.run("review", "approve", f"{first}@{seen}", "--as", who, code=2)
            assert "queued or edited" in said
    assert "queued or edited" in terminal.run("review", "approve", "--all", "--as", "rita", code=1)


def test_a_changed_plan_leaves_what_is_claimed_alone(terminal: Terminal) -> None:
    terminal.run("queue")
    first, *others = [post["id"] for post in terminal.posts()]
    terminal.approve(first)
    claim(terminal, first)
    before = terminal.posts()[0]
    terminal.timetable(slot("launch", "launch 10:00", channels=("x", "facebook")))
    assert "2 change, 0 withdraw, 1 keep" in terminal.run("queue")
    after = {post["id"]: post for post in terminal.posts()}
    assert after[first] == before
    assert {after[ident]["due_at"] for ident in others} == {"2030-12-02T10:00:00Z"}
    terminal.timetable(slot("another", "launch 12:00"))
    terminal.run("queue")
    assert {post["id"]: post for post in terminal.posts()}[first]["status"] == "publishing"


def test_a_changed_time_voids_approval(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.approve(first)
    terminal.timetable(slot("launch", "launch 09:30", channels=("x", "facebook")))
    terminal.run("queue")
    assert statuses(terminal) == ["in_review"] * 3
    shown = terminal.json("posts", "show", first)
    assert [event["move"] for event in shown["events"]] == ["queue", "submit", "approve", "edit"]


def test_what_a_plan_withdrew_it_brings_back_and_what_a_person_withdrew_it_does_not(terminal: Terminal) -> None:
    terminal.run("queue")
    gone = terminal.posts("--partner", "elm")[0]["id"]
    terminal.run("posts", "withdraw", gone, "--reason", "not now")
    terminal.timetable(slot("other", "launch 12:00"))
    terminal.run("queue")
    assert {post["slot"]: post["status"] for post in terminal.posts("--partner", "oak")} == {
        "launch": "withdrawn",
        "other": "in_review",
    }
    terminal.timetable(slot("launch", channels=("x", "facebook")))
    assert "2 add" in terminal.run("queue")
    standing = [post for post in terminal.posts() if post["status"] == "in_review"]
    assert {(post["partner"], post["channel"], post["slot"]) for post in standing} == {
        ("oak", "x", "launch"),
        ("oak", "facebook", "launch"),
    }
    assert "0 add, 0 change, 0 withdraw" in terminal.run("queue")


def test_a_renamed_slot_keeps_its_posts(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.approve(first)
    claim(terminal, first)
    terminal.timetable(slot("opening", channels=("x", "facebook"), more='was = "launch"'))
    assert "0 add" in terminal.run("queue")
    assert {post["slot"] for post in terminal.posts()} == {"opening"}
    assert terminal.posts()[0]["status"] == "publishing"


def test_a_slot_that_vanished_is_warned_of(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.approve(first)
    claim(terminal, first)
    terminal.timetable(slot("opening", channels=("x", "facebook")))
    rows = terminal.json("plan")
    assert any('was = "launch"' in finding for row in rows for finding in row["findings"])


def test_a_rejected_post_is_not_proposed_again(terminal: Terminal) -> None:
    terminal.run("queue")
    terminal.run("review", "reject", terminal.posts()[0]["id"], "--reason", "off the subject", "--as", "rita")
    assert "0 add" in terminal.run("queue")
    assert statuses(terminal).count("rejected") == 1


def test_an_officer_queues_for_its_own_partner_alone(terminal: Terminal) -> None:
    assert "2 add" in terminal.run("queue", "--as", "olga")
    assert {post["partner"] for post in terminal.posts()} == {"oak"}
    assert terminal.json("posts", "show", "1")["events"][0]["who"] == "olga"


def test_without_a_yes_the_posts_stay_drafts_until_it_comes(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path, CONFIG_REQUIRED)
    said = terminal.run("queue")
    assert "3 add" in said
    assert statuses(terminal) == ["draft"] * 3
    terminal.run("agree", "--partner", "oak", "--as", "olga")
    assert sorted(statuses(terminal)) == ["draft", "in_review", "in_review"]
    terminal.run("queue")
    assert sorted(statuses(terminal)) == ["draft", "in_review", "in_review"]


CONFIG_REQUIRED = """[campaign]
name = "A hub"
timetable = "schedules/own.toml"
templates = "templates/own"

[review]
agree = "required"
"""


def test_a_returned_draft_waits_for_its_author_not_for_the_plan(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.run("review", "return", first, "--comment", "Name the day", "--as", "rita")
    terminal.run("queue")
    terminal.run("agree", "--partner", "oak")
    assert terminal.posts()[0]["status"] == "draft"
    assert "draft" in terminal.run("posts", "edit", first, "line=Come on Friday the 6th")
    terminal.run("posts", "submit", first)
    assert terminal.posts()[0]["status"] == "in_review"


def test_a_past_slot_is_listed_as_past_and_not_planned(terminal: Terminal) -> None:
    terminal.timetable(slot("launch"), head=HEAD.replace("2030", "2020"))
    assert {row["action"] for row in terminal.json("plan")} == {"past"}
    terminal.run("queue")
    assert terminal.posts() == []


def test_a_moved_post_keeps_the_time_that_a_person_gave_it(terminal: Terminal) -> None:
    terminal.run("queue")
    first = terminal.posts()[0]["id"]
    terminal.run("posts", "move", first, "--at", "2030-12-03T11:00")
    assert "3 keep" in terminal.run("queue")
    assert {post["id"]: post["due_at"] for post in terminal.posts()}[first] == "2030-12-03T11:00:00Z"


def settle_published(terminal: Terminal, ident: str) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        move(session, session.get_one(Post, int(ident)), Move.SETTLE, who="daemon", at=NOW)
    database.close()


def test_a_published_post_takes_the_name_of_a_withdrawn_namesake(terminal: Terminal) -> None:
    terminal.timetable(slot("a"), slot("b"))
    terminal.run("queue")
    terminal.timetable(slot("a"))
    terminal.run("queue")
    first = next(post["id"] for post in terminal.posts() if post["slot"] == "a")
    terminal.approve(first)
    claim(terminal, first)
    settle_published(terminal, first)
    terminal.timetable(slot("b", more='was = "a"'))
    assert "0 add" in terminal.run("queue")
    found = {post["id"]: (post["slot"], post["status"]) for post in terminal.posts()}
    assert found[first] == ("b", "published")
    assert "0 add, 0 change, 0 withdraw" in terminal.run("queue")


def test_a_yes_to_a_slot_stands_when_the_slot_gets_another_name(terminal: Terminal) -> None:
    terminal.run("revoke", "--partner", "oak")
    terminal.timetable(slot("a"))
    terminal.run("agree", "--partner", "oak", "--slot", "a")
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts("--partner", "oak"))
    terminal.timetable(slot("b", more='was = "a"'))
    terminal.run("queue")
    terminal.approve(ident)
    assert [post["status"] for post in terminal.posts("--partner", "oak")] == ["approved"]


def test_nobody_repeats_on_x_what_another_account_says(terminal: Terminal) -> None:
    terminal.write("templates/own/hello.md", HELLO.replace("{{ partner.name }} joins in. ", ""))
    terminal.timetable(slot("a"))
    terminal.run("partners", "set", "elm", "line=come on FRIDAY")
    assert "another account says the same" in terminal.run("queue", code=1)
    (ident,) = [post["id"] for post in terminal.posts()]
    terminal.run("partners", "set", "elm", "line=Ours")
    terminal.run("queue")
    other = next(post["id"] for post in terminal.posts() if post["id"] != ident)
    same = "line=Come on  Friday" if terminal.posts()[0]["partner"] == "oak" else "line=Ours"
    assert "another account says the same" in terminal.run("posts", "edit", other, same, code=2)
    new = ("posts", "new", "--partner", "elm", "--channel", "x", "--template", "hello", "--at", "2030-12-05T09:00")
    assert "another account says the same" in terminal.run(*new, "line=Come on Friday", code=2)
    terminal.run(*new, "line=Something else")


def test_a_character_that_x_refuses_blocks_the_post(terminal: Terminal) -> None:
    terminal.timetable(slot("a", channels=("x", "facebook")))
    terminal.run("partners", "set", "oak", "line=Come\ufeff on")
    assert "a character that x refuses" in terminal.run("queue", code=1)
    assert {(post["partner"], post["channel"]) for post in terminal.posts()} == {("oak", "facebook"), ("elm", "x")}
