"""The main job: from files written by hand to posts, mail and an engagement log; on SQLite and on PostgreSQL."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from workshop import PARTNERS, Workshop, seconds_ahead

from campaign.sandbox.server import Sandbox

PLATFORMS = ("x", "facebook", "linkedin")
READINGS = ("1s", "2s", "4s")


def as_instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def ledger(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [dict(entry) for entry in sandbox.world.ledger()]


def test_every_post_stands_in_its_place_at_its_time(desk: Workshop, sandbox: Sandbox) -> None:
    desk.write_config()
    desk.write_copy()
    desk.write_people()
    desk.write_timetable([("first", "hello", PLATFORMS, seconds_ahead(0))])
    desk.open()
    start = desk.soon(8, 25)
    desk.write_timetable(
        [
            ("first", "hello", PLATFORMS, start),
            ("second", "second", PLATFORMS, start + timedelta(seconds=2)),
            ("news", "news", ["email"], start),
        ]
    )
    planned = desk.json("plan")
    assert [row["action"] for row in planned] == ["add"] * 14
    assert "14 add" in desk.run("queue")
    assert "0 add, 0 change, 0 withdraw, 14 keep" in desk.run("queue")
    desk.approve_all()
    assert datetime.now(start.tzinfo) < start, "the machine was too slow for this story; its start lies too near"

    desk.run("run", "--until-idle")
    posts = desk.posts()
    assert {post["status"] for post in posts} == {"published"}
    assert_nothing_early(posts, ledger(sandbox))
    assert_platforms_show_the_previews(desk, posts, ledger(sandbox))

    before = ledger(sandbox)
    assert "14 keep" in desk.run("queue")
    desk.run("run", "--until-idle")
    assert ledger(sandbox) == before

    finish_readings(desk)
    assert_readings_equal_the_platform(desk, sandbox)
    assert desk.json("audit", "--verify")["whole"] is True


def assert_nothing_early(posts: list[dict[str, Any]], entries: list[dict[str, Any]]) -> None:
    due = {post["external_id"]: as_instant(post["due_at"]) for post in posts if post["channel"] != "email"}
    shown = {entry["id"]: as_instant(entry["at"]) for entry in entries if entry["channel"] != "email"}
    assert due.keys() == shown.keys()
    for ident, at in shown.items():
        assert due[ident] <= at <= due[ident] + timedelta(seconds=15)


def assert_platforms_show_the_previews(
    desk: Workshop, posts: list[dict[str, Any]], entries: list[dict[str, Any]]
) -> None:
    shown = {entry["id"]: entry for entry in entries if entry["channel"] != "email"}
    for post in posts:
        preview = desk.json("posts", "preview", post["id"])
        if post["channel"] == "email":
            subjects = [entry["subject"] for entry in entries if entry["channel"] == "email"]
            assert subjects.count(preview["subject"]) == 10
            assert preview["subject"] == f"News from {post['partner'].title()} School"
            continue
        entry = shown[post["external_id"]]
        assert entry["text"] == preview["text"]
        if post["channel"] != "x":  # X makes its card of the address in the words
            assert entry["link"] == preview["link"]
    deliveries = [desk.json("posts", "show", post["id"])["deliveries"] for post in posts if post["channel"] == "email"]
    assert [len(found) for found in deliveries] == [10] * len(PARTNERS)
    assert {item["status"] for found in deliveries for item in found} == {"sent"}
    assert len([entry for entry in entries if entry["channel"] == "email"]) == 20


def finish_readings(desk: Workshop) -> None:
    """Run the daemon until the last reading (4 s after publishing) has been taken; a busy machine starts it slowly."""
    published = [post for post in desk.posts() if post["channel"] != "email"]
    for _ in range(5):
        desk.run("run", "--until", (seconds_ahead(6)).strftime("%Y-%m-%dT%H:%M:%S"))
        if len(desk.json("log")) >= len(published) * len(READINGS):
            return


def assert_readings_equal_the_platform(desk: Workshop, sandbox: Sandbox) -> None:
    rows = desk.json("log")
    published = [post for post in desk.posts() if post["channel"] != "email"]
    assert {(row["id"], row["reading"]) for row in rows} == {
        (post["id"], reading) for post in published for reading in READINGS
    }
    figures = ("impressions", "reach", "reactions", "comments", "shares", "clicks")
    for row in rows:
        if row["gap"]:
            assert all(row[name] is None for name in figures)
            continue
        post = sandbox.world.post(row["channel"], row["external_id"])
        assert post is not None
        taken = as_instant(row["taken_at"])
        low = sandbox.world.figures(post, taken - timedelta(seconds=2))
        high = sandbox.world.figures(post, taken + timedelta(seconds=2))
        for name in figures:
            if row[name] is not None:
                assert (getattr(low, name) or 0) <= row[name] <= (getattr(high, name) or 0), (name, row)
    assert any(row["impressions"] for row in rows)


@pytest.mark.parametrize("command", [("posts", "list"), ("review", "list"), ("log",), ("hand", "list"), ("audit",)])
def test_every_listing_is_one_json_array(sqlite_desk: Workshop, command: tuple[str, ...]) -> None:
    sqlite_desk.write_config()
    sqlite_desk.write_copy()
    sqlite_desk.write_timetable([("first", "hello", PLATFORMS, seconds_ahead(0))])
    sqlite_desk.run("init", str(sqlite_desk.folder))
    assert isinstance(sqlite_desk.json(*command), list)
