"""What people decide, carried out: held, released, published by hand, taken down."""

from typing import Any

from workshop import Workshop, seconds_ahead

from campaign.sandbox.server import Sandbox


def by_channel(desk: Workshop) -> dict[str, dict[str, Any]]:
    return {post["channel"]: post for post in desk.posts("--partner", "oak")}


def on_platforms(sandbox: Sandbox) -> set[str]:
    return {str(entry["channel"]) for entry in sandbox.world.ledger() if entry["channel"] != "email"}


def test_hold_release_by_hand_and_take_down(sqlite_desk: Workshop, sandbox: Sandbox) -> None:
    desk = sqlite_desk
    accounts = desk.folder / "accounts.csv"
    kept = [line for line in accounts.read_text().splitlines() if not line.startswith("elm") and "email" not in line]
    accounts.write_text("\n".join(kept).replace("oak,x,@oak,1000,api", "oak,x,@oak,1000,by-hand") + "\n")
    desk.write_config()
    desk.write_copy()
    desk.write("partners.csv", "partner,name,contact_email,line\noak,Oak School,comms@oak.example.org,Our own line\n")
    desk.write_timetable([("first", "hello", ["x", "facebook", "linkedin"], seconds_ahead(0))])
    desk.run("init", str(desk.folder))
    desk.run("partners", "import", str(desk.folder / "partners.csv"))
    desk.run("accounts", "import", str(accounts))
    desk.run("users", "add", "rita", "--role", "reviewer")
    desk.write_timetable([("first", "hello", ["x", "facebook", "linkedin"], seconds_ahead(20))])
    desk.run("queue")
    desk.approve_all()
    desk.run("hold", "channel:facebook", "--reason", "a wrong figure", "--as", "rita")

    desk.run("run", "--until-idle")
    found = by_channel(desk)
    assert {name: post["status"] for name, post in found.items()} == {
        "x": "by_hand",
        "facebook": "approved",
        "linkedin": "published",
    }
    assert on_platforms(sandbox) == {"linkedin"}

    assert "sent at once" in desk.run("release", "channel:facebook", "--dry-run", "--as", "rita")
    desk.run("release", "channel:facebook", "--as", "rita")
    desk.run("run", "--until-idle")
    assert on_platforms(sandbox) == {"linkedin", "facebook"}

    waiting = desk.json("hand", "list")[0]
    ready = desk.json("hand", "show", waiting["id"])
    assert "Our own line" in ready["text"]
    assert ready["compose_url"].startswith("https://x.com/intent/")
    desk.run("hand", "done", waiting["id"], "--url", "https://x.com/oak/status/1")
    assert by_channel(desk)["x"]["status"] == "published"
    asked = [mail for mail in sandbox.world.ledger() if mail["channel"] == "email"]
    assert any("comms@oak.example.org" in str(mail["to"]) for mail in asked)

    desk.run("retract", "channel:facebook", "--reason", "asked by DfE", "--as", "rita")
    desk.run("run", "--until-idle")
    assert on_platforms(sandbox) == {"linkedin"}
    assert by_channel(desk)["facebook"]["status"] == "retracted"
    assert desk.json("audit", "--verify")["whole"] is True
