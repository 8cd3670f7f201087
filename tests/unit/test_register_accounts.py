"""One account is one row, whatever a file calls it: nothing is planned twice; and an account taken out stays out."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from terminal import CONFIG, Terminal, opened_terminal, slot

from campaign.models import Database, partners

HEADER = "partner,channel,handle,external_id,mode,credentials\n"
SECRET = {"consumer_key": "a", "consumer_secret": "b", "access_token": "1000-t", "access_token_secret": "c"}


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    opened = opened_terminal(tmp_path)
    opened.write("x.json", json.dumps(SECRET))
    opened.timetable(slot("launch"))
    return opened


def brought(terminal: Terminal, *rows: str, code: int = 0) -> str:
    return terminal.run("accounts", "import", str(terminal.write("now.csv", HEADER + "\n".join(rows))), code=code)


def on_x(terminal: Terminal, partner: str = "elm") -> list[tuple[object, ...]]:
    return [
        (one["handle"], one["external_id"], one["mode"])
        for one in terminal.json("accounts", "list")
        if (one["partner"], one["channel"]) == (partner, "x")
    ]


def without_id(terminal: Terminal) -> None:
    """Let elm's account on X be one that nobody has an id of."""
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        (ident,) = [one.ident for one, partner in partners.accounts(session) if partner.key == "elm"]
        partners.change_account(session, ident, {"external_id": ""})
    database.close()


def test_an_account_that_comes_days_after_its_partner_catches_up(terminal: Terminal) -> None:
    terminal.timetable(slot("launch", channels=("facebook",), more='late = "catch-up"'))
    with time_machine.travel(datetime(2030, 12, 9, 12, tzinfo=UTC), tick=False):
        assert brought(terminal, "elm,facebook,elm,2001,by-hand,")
        (row,) = [row for row in terminal.json("plan") if (row["partner"], row["channel"]) == ("elm", "facebook")]
        assert (row["action"], row["due_at"]) == ("add", "2030-12-10T09:00:00Z")
        terminal.run("queue")
    with time_machine.travel(datetime(2030, 12, 9, 18, tzinfo=UTC), tick=False):
        assert "0 accounts added, 1 changed" in brought(terminal, "elm,facebook,Elm,2001,by-hand,")
        assert [row for row in terminal.json("plan") if row["partner"] == "elm"] == [], "it is planned, and stays"


@pytest.mark.parametrize("handle", ["@elm", "elm", "@ELM", "@ElmSchool"])
def test_an_account_that_gets_api_access_stays_the_same_account(terminal: Terminal, handle: str) -> None:
    without_id(terminal)
    terminal.run("queue")
    assert "0 accounts added, 1 changed" in brought(terminal, f"elm,x,{handle},2000,api,file:x.json")
    assert on_x(terminal) == [(handle.removeprefix("@"), "2000", "api")]
    assert "0 add" in terminal.run("queue")
    assert len(terminal.posts("--partner", "elm")) == 1


def test_an_account_that_people_serve_by_hand_again_keeps_its_id(terminal: Terminal) -> None:
    terminal.run("queue")
    assert "0 accounts added, 1 changed" in brought(terminal, "oak,x,@oak,1000,api,file:x.json")
    assert "0 accounts added, 1 changed" in brought(terminal, "oak,x,@oak,,by-hand,")
    assert on_x(terminal, "oak") == [("oak", "1000", "by-hand")]
    assert "0 add" in terminal.run("queue")


def test_a_corrected_id_is_the_same_account_with_its_new_credentials(terminal: Terminal) -> None:
    brought(terminal, "oak,x,@oak,1000,api,file:x.json")
    terminal.run("queue")
    assert "0 accounts added, 1 changed" in brought(terminal, "oak,x,@oak,1007,api,file:x.json")
    assert on_x(terminal, "oak") == [("oak", "1007", "api")]
    assert "0 add" in terminal.run("queue")
    (changed,) = [row for row in terminal.json("audit") if row["facts"].get("ids") and "1000" in str(row["facts"])]
    assert changed["facts"]["ids"] == {"oak x oak": "1000 -> 1007"}


def test_approval_of_posts_that_now_speak_for_another_account_is_void_and_review_goes_on(terminal: Terminal) -> None:
    without_id(terminal)
    terminal.run("queue")
    terminal.approve(*(row["id"] for row in terminal.posts()))
    assert "For another account now: 1 post" in brought(terminal, "elm,x,@elm,2000,api,file:x.json")
    assert {row["partner"]: row["status"] for row in terminal.posts()} == {"oak": "approved", "elm": "in_review"}
    terminal.approve(terminal.posts("--partner", "elm")[0]["id"])
    assert {row["status"] for row in terminal.posts()} == {"approved"}


def test_who_brings_another_account_in_approves_none_of_its_posts(terminal: Terminal) -> None:
    terminal.run("users", "add", "adam", "--role", "admin")
    terminal.run("queue")
    (post,) = terminal.posts("--partner", "elm")
    sheet = terminal.write("now.csv", f"{HEADER}elm,x,@elm,2007,by-hand,\n")
    assert "Somebody else approves them." in terminal.run("accounts", "import", str(sheet), "--as", "adam")
    (again,) = terminal.posts("--partner", "elm")
    approval = f"{post['id']}@{again['content_hash']}"
    assert "queued or edited" in terminal.run("review", "approve", approval, "--as", "adam", code=2)
    terminal.approve(post["id"])


def test_a_second_account_with_its_own_id_is_a_second_account(terminal: Terminal) -> None:
    assert "1 account added" in brought(terminal, "oak,x,@oaksixth,1009,api,file:x.json")
    assert len(on_x(terminal, "oak")) == 2


def test_what_may_be_one_of_two_accounts_is_refused_in_one_line(terminal: Terminal) -> None:
    brought(terminal, "oak,x,@oaksixth,1009,api,file:x.json")
    before = terminal.json("accounts", "list")
    said = brought(terminal, "oak,x,@oaknew,,by-hand,", code=2).strip()
    assert len(said.splitlines()) == 1
    assert "oaksixth (1009)" in said
    assert terminal.json("accounts", "list") == before


def test_a_file_that_names_every_account_tells_them_apart(terminal: Terminal) -> None:
    without_id(terminal)
    rows = ("elm,x,@elmnew,,by-hand,", "elm,x,@elm,2000,api,file:x.json")
    assert "1 account added, 1 changed" in brought(terminal, *rows)
    assert on_x(terminal) == [("elm", "2000", "api"), ("elmnew", "", "by-hand")]
    assert "0 accounts added, 0 changed, 2 as before" in brought(terminal, *rows)


def test_one_file_may_not_name_an_account_with_and_without_its_id(terminal: Terminal) -> None:
    said = brought(terminal, "elm,x,@Elm,2000,api,file:x.json", "elm,x,elm,,by-hand,", code=2)
    assert "now.csv:3: handle: 'elm' stands in line 2 too" in said


def test_two_lists_of_one_partner_are_two_accounts(terminal: Terminal) -> None:
    assert "1 account added" in brought(terminal, "oak,email,Oak,parents,api,")
    assert "1 account added" in brought(terminal, "oak,email,Oak,staff,api,")


def test_a_disabled_account_gets_no_posts_and_its_approved_ones_are_held_in_sight(terminal: Terminal) -> None:
    terminal.run("queue")
    terminal.approve(*(row["id"] for row in terminal.posts()))
    ident = next(one["id"] for one in terminal.json("accounts", "list") if one["partner"] == "elm")
    terminal.run("accounts", "disable", ident, "--reason", "elm leaves X")
    terminal.timetable(slot("launch"), slot("second", "launch + 1 day 09:00"))
    assert {row["partner"] for row in terminal.json("plan")} == {"oak"}
    terminal.run("queue")
    assert [row["status"] for row in terminal.posts("--partner", "elm")] == ["approved"]
    (held,) = terminal.json("hold", "--list")
    assert (held["scope"], held["reason"]) == (f"account:{ident}", "disabled: elm leaves X")
    assert "is disabled" in terminal.run("release", f"account:{ident}", code=2)
    new = ("posts", "new", "--partner", "elm", "--channel", "x", "--template", "hello", "--at", "2030-12-09T09:00")
    assert "disabled" in terminal.run(*new, "line=Hi", code=2)
    last = terminal.json("audit")[-1]
    assert (last["action"], last["subject"], last["facts"]) != ("release", f"account:{ident}", {})


def test_an_account_taken_back_is_planned_again_and_other_holds_on_it_stay(terminal: Terminal) -> None:
    ident = next(one["id"] for one in terminal.json("accounts", "list") if one["partner"] == "elm")
    terminal.run("hold", f"account:{ident}", "--reason", "wait for the head", "--as", "rita")
    terminal.run("accounts", "disable", ident, "--reason", "out")
    assert "disabled already" in terminal.run("accounts", "disable", ident, "--reason", "out", code=2)
    terminal.run("accounts", "enable", ident, "--reason", "in")
    assert [row["reason"] for row in terminal.json("hold", "--list")] == ["wait for the head"]
    assert {row["partner"] for row in terminal.json("plan")} == {"oak", "elm"}
    assert "not disabled" in terminal.run("accounts", "enable", ident, "--reason", "in", code=2)
    actions = [(row["action"], row["facts"]["reason"]) for row in terminal.json("audit")[-2:]]
    assert actions == [("disable account", "out"), ("enable account", "in")]


def test_only_an_admin_disables_and_only_what_is_there(terminal: Terminal) -> None:
    assert "no such right" in terminal.run("accounts", "disable", "1", "--reason", "r", "--as", "olga", code=2)
    assert "no account" in terminal.run("accounts", "disable", "99", "--reason", "r", code=2)
    assert "empty" in terminal.run("accounts", "disable", "1", "--reason", " ", code=2)


def test_connecting_prints_where_a_person_consents(terminal: Terminal) -> None:
    assert "X does not know this program yet" in terminal.run("accounts", "connect", "x", "--partner", "oak", code=2)
    terminal.write("config.toml", f'{CONFIG}[channels.x]\nclient_id = "ours"\n')
    said = terminal.run("accounts", "connect", "x", "--partner", "oak")
    (ident,) = [row["id"] for row in terminal.json("accounts", "list") if row["external_id"] == "1000"]
    assert said.splitlines()[1:] == [f"oak: http://localhost:8000/accounts/{ident}/connect"]
    for arguments, words in (
        (("x", "--partner", "none"), "none"),
        (("email", "--partner", "oak"), "are not connected like this"),
        (("twitter", "--partner", "oak"), "are not connected like this"),
    ):
        assert words in terminal.run("accounts", "connect", *arguments, code=2)


@pytest.mark.parametrize(
    "table",
    [
        '[channels.x]\nclient_id = "ours"\nclient_secret = "Hush-9f8e7d"\n',
        '[channels.facebook]\nclient_id = "ours"\n',
        '[channels.linkedin]\nclient_secret = "env:HUSH"\n',
    ],
)
def test_an_apps_secret_is_a_reference_and_stands_beside_its_id(terminal: Terminal, table: str) -> None:
    terminal.write("config.toml", CONFIG + table)
    said = terminal.run("accounts", "connect", "x", "--partner", "oak", code=2)
    assert "env:NAME" in said
    assert "Hush" not in said
