"""A stale backup is restored: what went out since is not sent again, and what did not is not lost."""

from datetime import timedelta
from typing import Any

from workshop import PARTNERS, Workshop, seconds_ahead

from campaign.sandbox.server import Sandbox

PLATFORMS = ("x", "facebook", "linkedin")
KEY = {"BACKUP_WORDS": "correct horse battery staple"}


def shown(sandbox: Sandbox) -> list[dict[str, Any]]:
    return [dict(entry) for entry in sandbox.world.ledger()]


def test_after_a_stale_restore_no_post_is_sent_twice_and_none_is_lost(desk: Workshop, sandbox: Sandbox) -> None:
    # Nothing but the program itself may prevent a second post.
    sandbox.world.switches.update({f"{name}.duplicate_window": 0 for name in PLATFORMS})
    desk.environ.update(KEY)
    kept = prepare(desk)
    file = str(desk.folder / "stale.backup")
    desk.run("db", "backup", file, "--passphrase", "env:BACKUP_WORDS")

    # Life goes on: everything but the post under hold goes out, and one more is made and published.
    publish_one_more(desk)
    desk.run("run", "--until-idle")
    before = shown(sandbox)
    assert len([entry for entry in before if entry["channel"] == "email"]) == 10 * len(PARTNERS)
    published = {post["id"]: post["external_id"] for post in desk.posts("--status", "published")}

    restore = ("db", "restore", file, "--passphrase", "env:BACKUP_WORDS")
    assert "--force" in desk.run(*restore, code=2)
    assert "Everything is held" in desk.run(*restore, "--force")
    assert [post["status"] for post in desk.posts()] == ["unconfirmed"] * 8

    # The daemon looks up and adopts. It sends nothing.
    desk.run("run", "--until-idle")
    assert shown(sandbox) == before
    first = [post for post in desk.posts() if post["channel"] != "email"]
    assert {post["id"]: post["status"] for post in first if post["status"] != "published"} == {kept: "approved"}
    assert all(post["external_id"] == published[post["id"]] for post in first if post["id"] != kept)

    # Newsletters wait for a person.
    issues = [post for post in desk.posts() if post["channel"] == "email"]
    assert {post["status"] for post in issues} == {"unconfirmed"}
    named = desk.run("doctor", code=1)
    assert all(f" {post['id']} " in named for post in issues)
    for post in issues:
        desk.run("settle", post["id"], "--published", "https://news.example.org/archive")

    # Released, the one that had not gone out goes out, once.
    desk.run("release", f"post:{kept}")
    desk.run("release")
    desk.run("run", "--until-idle")
    assert len(shown(sandbox)) == len(before) + 1
    assert {post["status"] for post in desk.posts()} == {"published"}
    assert desk.json("audit", "--verify")["whole"] is True


def publish_one_more(desk: Workshop) -> None:
    """Make, approve and so publish a post that the backup knows nothing of."""
    at = desk.soon(4, 8).strftime("%Y-%m-%dT%H:%M:%S")
    desk.run("posts", "new", "--partner", "oak", "--channel", "linkedin", "--template", "second", "--at", at)
    desk.approve_all()


def prepare(desk: Workshop) -> str:
    """Approve a post on every account, due at once, and an issue for every list. Returns the post that is held."""
    desk.write_config()
    desk.write_copy()
    desk.write_people()
    desk.write_timetable([("first", "hello", PLATFORMS, seconds_ahead(0))])
    desk.open()
    start = desk.soon(6, 15)
    desk.write_timetable(
        [("first", "hello", PLATFORMS, start), ("news", "news", ["email"], start + timedelta(seconds=1))]
    )
    desk.run("queue")
    desk.approve_all()
    (kept,) = [post["id"] for post in desk.posts("--partner", "elm", "--channel", "facebook")]
    desk.run("hold", f"post:{kept}", "--reason", "not yet")
    return str(kept)
