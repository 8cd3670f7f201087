"""The commands of review and of publishing by hand, and the shape of what they print for other programs."""

import io
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import unsent
from rich.console import Console
from sqlmodel import col
from terminal import CONFIG, Terminal, opened_terminal, slot

from campaign.cli.frame import table
from campaign.models import Database, sharing
from campaign.models.audit import Audit, Head
from campaign.models.posts import Post
from campaign.models.status import Status

pytestmark = pytest.mark.thorough

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    opened = opened_terminal(tmp_path)
    opened.run("queue")
    return opened


def post(terminal: Terminal, ident: str) -> dict[str, object]:
    found: dict[str, object] = {one["id"]: one for one in terminal.posts()}[ident]
    return found


def test_a_row_has_the_promised_keys_with_ids_as_text_and_times_with_z(terminal: Terminal) -> None:
    first = terminal.posts()[0]
    wanted = "id partner channel account template slot due_at status content_hash external_id url"
    assert set(wanted.split()) <= first.keys()
    assert isinstance(first["id"], str)
    assert INSTANT.fullmatch(first["due_at"])
    assert (first["external_id"], first["url"]) == (None, None)
    shown = terminal.json("posts", "show", first["id"])
    assert {"events", "attempts", "deliveries"} <= shown.keys()
    assert all(INSTANT.fullmatch(event["at"]) for event in shown["events"])


def test_filters_narrow_a_listing(terminal: Terminal) -> None:
    assert len(terminal.posts("--partner", "oak")) == 2
    assert len(terminal.posts("--partner", "oak", "--partner", "elm", "--channel", "x")) == 2
    assert len(terminal.posts("--day", "2030-12-02", "--status", "in_review")) == 3
    assert terminal.posts("--day", "2030-12-03") == []


def test_the_hash_that_the_review_lists_is_the_one_that_approves(terminal: Terminal) -> None:
    table = terminal.run("review", "list")
    pair = re.search(r"\d+@[0-9a-f]+\b", table)
    assert pair
    assert "1 approved" in terminal.run("review", "approve", pair[0], "--as", "rita")
    assert re.search(r"approved +([0-9a-f]+)\b", terminal.run("posts", "list"))


def test_a_hash_that_can_be_forged_approves_nothing(terminal: Terminal) -> None:
    first = terminal.posts()[0]
    pair = f"{first['id']}@{first['content_hash']}"
    for cut in (-56, -33):
        assert "too short" in terminal.run("review", "approve", pair[:cut], "--as", "rita", code=2)
    assert post(terminal, first["id"])["status"] == "in_review"
    assert "1 approved" in terminal.run("review", "approve", pair[:-32], "--as", "rita")


@pytest.mark.parametrize("copied", [{"id": "1@" + "84cbdb58" * 4}, {"id": "1", "content_hash": "84cbdb58" * 4}])
def test_what_is_copied_from_a_list_stands_in_one_piece_on_a_narrow_screen(copied: dict[str, str]) -> None:
    row = {"partner": "a-school-of-some-town", "channel": "facebook", "slot": "hello", "status": "in_review"}
    row |= {"due_at": "2026-11-24T09:12:06Z", "url": "https://www.facebook.com/3001/posts/7530900036469653504"}
    shown = io.StringIO()
    Console(width=80, file=shown).print(table([row | copied], [*row, *copied]))
    assert all(text in shown.getvalue() for text in copied.values())


def test_of_named_posts_all_are_approved_or_none(terminal: Terminal) -> None:
    rows = terminal.posts()
    pairs = [f"{row['id']}@{row['content_hash']}" for row in rows[:2]]
    terminal.run("review", "approve", *pairs, f"{rows[2]['id']}@{0:032}", "--as", "rita", code=1)
    assert {row["status"] for row in terminal.posts()} == {"in_review"}


def test_approve_all_takes_what_may_be_and_names_what_may_not(terminal: Terminal) -> None:
    terminal.run("partners", "set", "elm", "approver=partner")
    said = terminal.run("review", "approve", "--all", "--as", "rita", code=1)
    assert "2 approved" in said
    assert "elm" in said
    assert post(terminal, terminal.posts("--partner", "elm")[0]["id"])["status"] == "in_review"


def test_who_acts_comes_from_the_environment_where_nobody_is_named(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMPAIGN_USER", "rita")
    first = terminal.posts()[0]
    terminal.run("review", "approve", f"{first['id']}@{first['content_hash']}")
    assert terminal.json("audit")[-1]["who"] == "rita"
    monkeypatch.setenv("CAMPAIGN_USER", "nobody")
    assert "nobody" in terminal.run("review", "reject", first["id"], "--reason", "r", code=2)


def test_the_workspace_is_the_nearest_upward_or_named_by_the_environment(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (terminal.folder / "deep" / "down").mkdir(parents=True)
    assert Terminal(terminal.folder / "deep" / "down").run("posts", "list", code=2)
    monkeypatch.chdir(terminal.folder / "deep" / "down")
    assert "oak" in unnamed(terminal)
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    monkeypatch.setenv("CAMPAIGN_WORKSPACE", str(terminal.folder))
    assert "oak" in unnamed(terminal)


def unnamed(terminal: Terminal) -> str:
    return terminal.run("partners", "list", workspace=False)


def test_hold_and_release_say_what_they_did(terminal: Terminal) -> None:
    terminal.run("hold", "post:001", "--reason", "a wrong figure", "--as", "rita")
    held = terminal.json("hold", "--list")
    assert [(row["scope"], row["held_by"]) for row in held] == [("post:1", "rita")]
    assert "no such right" in terminal.run("release", "post:1", "--as", "olga", code=2)
    assert "Released: post:1" in terminal.run("release", "post:01", "--as", "rita")
    assert terminal.json("hold", "--list") == []


def test_release_foretells_without_doing_it(terminal: Terminal) -> None:
    ident = terminal.posts("--partner", "oak")[0]["id"]
    terminal.approve(ident)
    terminal.put(ident, due_at=datetime.now(UTC) - timedelta(hours=2))
    terminal.run("hold", "--reason", "r", "--as", "rita")
    (foretold,) = terminal.json("release", "--dry-run", "--as", "rita")
    assert (foretold["id"], foretold["partner"], foretold["fate"]) == (ident, "oak", "missed")
    said = terminal.run("release", "--dry-run", "--as", "rita")
    assert "missed" in said
    assert "everything is still held" in said
    assert len(terminal.json("hold", "--list")) == 1


def test_by_hand_from_the_list_to_the_recorded_address(terminal: Terminal) -> None:
    ident = next(row["id"] for row in terminal.posts("--partner", "oak") if row["channel"] == "x")
    terminal.put(ident, status=Status.BY_HAND)
    assert [row["id"] for row in terminal.json("hand", "list")] == [ident]
    ready = terminal.json("hand", "show", ident)
    assert ready["text"] == "Oak School joins in. Come on Friday"
    assert ready["compose_url"].startswith("https://x.com/intent/")
    assert "acts for oak only" in terminal.run(
        "hand", "done", terminal.posts("--partner", "elm")[0]["id"], "--url", "https://x.com/1", "--as", "olga", code=2
    )
    terminal.run("hand", "done", ident, "--url", "https://x.com/oak/status/1", "--as", "olga")
    assert (post(terminal, ident)["status"], post(terminal, ident)["url"]) == (
        "published",
        "https://x.com/oak/status/1",
    )
    assert terminal.json("hand", "list") == []
    assert terminal.json("audit")[-1]["who"] == "olga"


def test_hand_show_resolves_what_is_shared_when_it_is_shown(terminal: Terminal) -> None:
    share = slot("share", "launch 13:00").replace('template = "hello"', 'action = "share"\nof = "launch@oak"')
    terminal.timetable(slot("launch", channels=("x", "facebook")), share)
    terminal.run("queue")
    (ident,) = (row["id"] for row in terminal.posts() if row["slot"] == "share")
    terminal.put(ident, status=Status.BY_HAND)
    early = terminal.json("hand", "show", ident)
    assert (early["compose_url"], early["share_url"]) == (None, None)
    assert "not published yet" in early["text"]
    source = next(row["id"] for row in terminal.posts("--partner", "oak", "--channel", "x") if row["slot"] == "launch")
    terminal.put(source, status=Status.BY_HAND)
    terminal.run("hand", "done", source, "--url", "https://x.com/oak/status/7")
    ready = terminal.json("hand", "show", ident)
    assert ready["text"] == "Share this post of Oak School: https://x.com/oak/status/7"
    assert (ready["share_of"], ready["share_partner"]) == ("launch@oak", "Oak School")
    assert ready["share_url"] == "https://x.com/oak/status/7"
    assert ready["compose_url"] == "https://x.com/intent/retweet?tweet_id=7"


def test_a_refused_move_is_said_in_words(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    for status, command, words in (
        ("published", ("posts", "edit", ident, "line=new"), "is published, so it cannot be edited."),
        ("by_hand", ("review", "return", ident, "--comment", "c"), "is by hand, so it cannot be returned."),
        ("approved", ("hand", "done", ident, "--url", "https://x.com/1"), "is approved, so it cannot be recorded as"),
    ):
        terminal.put(ident, status=Status(status))
        assert words in terminal.run(*command, code=1)


def test_a_person_settles_an_unconfirmed_post_both_ways(terminal: Terminal) -> None:
    there, absent, late = (row["id"] for row in terminal.posts())
    soon, long_ago = datetime.now(UTC) + timedelta(minutes=5), datetime.now(UTC) - timedelta(hours=2)
    for ident, due_at in ((there, soon), (absent, soon), (late, long_ago)):
        sent = {"status": Status.UNCONFIRMED, "approved_hash": col(Post.content_hash)}
        terminal.put(ident, due_at=due_at, needs_person="nobody can look", **sent)
    doctor = terminal.json("doctor", code=1)
    assert {row["subject"] for row in doctor if row["rule"] == "post-needs-person"} == {there, absent, late}
    assert "is no post on X" in terminal.run(
        "settle", there, "--published", "https://x.com/oak", "--as", "rita", code=2
    )
    theirs = ("settle", there, "--published", "https://x.com/ash/status/99", "--as", "rita")
    assert "names ash, and the account is " in terminal.run(*theirs, code=2)
    handle = str(post(terminal, there)["account"]).removeprefix("@")
    seen = f"https://x.com/{handle.upper()}/status/99?s=20"
    assert "published" in terminal.run("settle", there, "--published", seen, "--as", "rita")
    assert "approved" in terminal.run("settle", absent, "--not-published", "--as", "rita")
    assert "missed" in terminal.run("settle", late, "--not-published", "--as", "rita")
    assert (post(terminal, there)["external_id"], post(terminal, there)["needs_person"]) == ("99", None)
    events = terminal.json("posts", "show", absent)["events"]
    assert (events[-1]["who"], events[-1]["move"]) == ("rita", "absent")
    assert [row["action"] for row in terminal.json("audit")[-3:]] == ["settle"] * 3


def test_a_hidden_id_is_said_and_the_address_of_another_post_is_refused(terminal: Terminal) -> None:
    first, second = (row["id"] for row in terminal.posts("--partner", "oak"))
    channels = {row["id"]: row["channel"] for row in terminal.posts()}
    (facebook,) = (ident for ident in (first, second) if channels[ident] == "facebook")
    terminal.put(facebook, status=Status.UNCONFIRMED)
    hidden = "https://www.facebook.com/oak/posts/pfbid02AbC"
    assert "holds no id" in terminal.run("settle", facebook, "--published", hidden, "--as", "rita")
    assert (post(terminal, facebook)["status"], post(terminal, facebook)["external_id"]) == ("published", None)
    x = first if facebook == second else second
    terminal.put(x, status=Status.UNCONFIRMED)
    new = ("posts", "new", "--partner", "oak", "--channel", "x", "--template", "hello", "--at", "2030-12-05T10:00")
    other = terminal.run(*new, "line=One more").split()[1]
    terminal.put(other, status=Status.PUBLISHED, external_id="77")
    taken = terminal.run("settle", x, "--published", "https://x.com/oak/status/77", "--as", "rita", code=2)
    assert "another post of oak" in taken


@pytest.mark.parametrize(
    ("url", "external_id", "said"),
    [
        ("https://x.com/oak/status/55?s=20", "55", ""),
        ("https://www.oak.sch.uk/news/1", None, "is no post on X"),
    ],
)
def test_what_was_published_by_hand_keeps_its_id_so_that_others_can_share_it(
    terminal: Terminal, url: str, external_id: str | None, said: str
) -> None:
    ident = terminal.posts("--partner", "oak", "--channel", "x")[0]["id"]
    terminal.put(ident, status=Status.BY_HAND)
    assert said in terminal.run("hand", "done", ident, "--url", url)
    assert (post(terminal, ident)["status"], post(terminal, ident)["external_id"]) == ("published", external_id)
    assert post(terminal, ident)["url"] == url
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.read() as session:
        found = sharing.original(session, "launch@oak", "x")
        assert found is not None
        assert found.external_id == external_id
    database.close()


def test_whoever_publishes_by_hand_is_told_of_a_hold(terminal: Terminal) -> None:
    ident = terminal.posts("--partner", "oak", "--channel", "x")[0]["id"]
    terminal.put(ident, status=Status.BY_HAND)
    assert terminal.json("hand", "list")[0]["held"] is None
    terminal.run("hold", "channel:x", "--reason", "the minister resigned", "--as", "rita")
    assert terminal.json("hand", "list")[0]["held"] == "the minister resigned"
    assert terminal.json("hand", "show", ident)["held"] == "the minister resigned"
    out, err = terminal.both("hand", "show", ident)
    assert ("the minister resigned" in out, "do not publish it yet" in err) == (True, True)


def test_a_person_settles_what_was_to_be_taken_down_by_hand(terminal: Terminal) -> None:
    gone, stays, _ = (row["id"] for row in terminal.posts())
    for ident in (gone, stays):
        terminal.put(ident, status=Status.RETRACTING, needs_person="delete it by hand")
    terminal.run("settle", gone, "--not-published", "--as", "rita")
    terminal.run("settle", stays, "--published", "https://x.com/1", "--as", "rita")
    assert [post(terminal, ident)["status"] for ident in (gone, stays)] == ["retracted", "published"]


def test_a_reason_that_says_nothing_is_none(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    assert "The comment is empty" in terminal.run("review", "return", ident, "--comment", " ", "--as", "rita", code=2)
    for command in (
        ("review", "reject", ident),
        ("posts", "withdraw", ident),
        ("hold", f"post:{ident}"),
        ("retract", f"post:{ident}"),
    ):
        assert "The reason is empty" in terminal.run(*command, "--reason", " ", "--as", "rita", code=2)


def test_filters_beside_named_posts_are_refused_and_not_passed_over(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    said = terminal.run("review", "approve", f"{ident}@abc", "--channel", "facebook", "--as", "rita", code=2)
    assert "Filters go with --all alone" in said
    said = terminal.run("posts", "move", ident, "--day", "2027-01-01", "--at", "2027-01-01 10:00", code=2)
    assert "--day goes with --slot alone" in said


def test_a_year_beyond_those_of_campaigns_is_refused(terminal: Terminal) -> None:
    ident = terminal.posts()[0]["id"]
    assert "beyond the years 2000 to 2100" in terminal.run("posts", "move", ident, "--at", "9999-12-31 23:59", code=2)


def test_retract_takes_what_the_scope_covers_and_nothing_else(terminal: Terminal) -> None:
    rows = terminal.posts()
    for row in rows:
        terminal.put(row["id"], status=Status.PUBLISHED, external_id=row["id"])
    assert "To be taken down: 1 post." in terminal.run("retract", "channel:facebook", "--reason", "r", "--as", "rita")
    assert {row["status"] for row in terminal.posts("--channel", "x")} == {"published"}
    assert "acts for oak only" in terminal.run("retract", "everything", "--reason", "r", "--as", "olga", code=2)
    assert {row["status"] for row in terminal.posts("--channel", "x")} == {"published"}


def test_retract_remembers_what_is_in_doubt_and_leaves_mail_that_was_sent(terminal: Terminal) -> None:
    doubtful, issue, handed = (row["id"] for row in terminal.posts())
    terminal.put(doubtful, status=Status.UNCONFIRMED)
    terminal.put(issue, status=Status.PUBLISHED, channel="email")
    terminal.put(handed, status=Status.BY_HAND)
    said = terminal.run("retract", "everything", "--reason", "a wrong picture", "--as", "rita")
    assert "To be taken down: 0 posts." in said
    assert "On the way or in doubt: 1 post. Each is taken down once it is found." in said
    assert "Handed over and not recorded: 1 post. Whoever published one takes it down there" in " ".join(said.split())
    assert f"ID: {handed}." in said
    assert (
        f"Newsletters that stay: 1 issue. `campaign posts correct ID` writes to exactly those who got one. ID: {issue}"
        in " ".join(said.split())
    )
    assert [post(terminal, ident)["status"] for ident in (doubtful, issue)] == ["unconfirmed", "published"]
    assert "cannot be taken back" in terminal.run("retract", f"post:{issue}", "--reason", "r", "--as", "rita", code=2)


def test_the_audit_verifies_and_a_tampered_row_ends_with_a_finding(terminal: Terminal) -> None:
    assert terminal.json("audit", "--verify")["whole"] is True
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        session.execute(sa.update(Audit).where(col(Audit.id) == 2).values(who="somebody else"))
    database.close()
    assert "row 2 was changed" in terminal.run("audit", "--verify", code=1)


@pytest.mark.parametrize("kept", [3, 0])
def test_the_audit_misses_rows_that_were_cut_off_its_end_and_goes_on_missing_them(
    terminal: Terminal, kept: int
) -> None:
    rows = len(terminal.json("audit"))
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        session.execute(sa.delete(Audit).where(col(Audit.id) > kept))
    database.close()
    cut = terminal.json("audit", "--verify", code=1)
    assert cut["faults"] == [f"there are {kept} rows, and the head of the chain knows of {rows}"]
    terminal.run("hold", "--reason", "r", "--as", "rita")
    later = terminal.json("audit", "--verify", code=1)["faults"]
    assert len(later) == 2
    assert "does not follow" in later[0]


def test_a_chain_without_its_head_is_not_whole(terminal: Terminal) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        session.execute(sa.delete(Head))
    assert "the head of the chain is gone" in terminal.run("audit", "--verify", code=1)
    with database.write() as session:
        session.execute(sa.delete(Audit))
    database.close()
    assert "the chain and its head are gone" in terminal.run("audit", "--verify", code=1)


def test_agree_and_revoke_move_the_posts_of_that_partner_alone(terminal: Terminal) -> None:
    for row in terminal.posts():
        terminal.approve(row["id"])
    assert "2 approved posts went back" in terminal.run("revoke", "--partner", "oak", "--as", "olga")
    assert {row["status"] for row in terminal.posts("--partner", "oak")} == {"in_review"}
    assert {row["status"] for row in terminal.posts("--partner", "elm")} == {"approved"}
    assert "has not agreed" in terminal.run("review", "approve", "--all", "--as", "rita", code=1)
    assert "acts for oak only" in terminal.run("agree", "--partner", "elm", "--as", "olga", code=2)
    assert "no such right" in terminal.run("agree", "--partner", "oak", "--as", "rita", code=2)


def test_a_return_is_told_to_the_partner(terminal: Terminal) -> None:
    first = terminal.posts("--partner", "oak")[0]["id"]
    terminal.run("review", "return", first, "--comment", "Name the head teacher", "--as", "rita")
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.read() as session:
        (notice,) = unsent(session)
    database.close()
    assert (notice.to, "Name the head teacher" in notice.body) == ("rita@dfe.example.org", True)


def test_a_single_post_is_queued_reviewed_and_left_alone_by_the_plan(terminal: Terminal) -> None:
    words = ("--template", "hello", "--at", "2030-12-05T10:00", "line=An extra one")
    said = terminal.run("posts", "new", "--partner", "oak", "--channel", "x", *words, "--as", "olga")
    ident = said.split()[1]
    assert post(terminal, ident)["slot"] == "single"
    assert terminal.json("posts", "preview", ident)["text"] == "Oak School joins in. An extra one"
    assert "0 add, 0 change, 0 withdraw" in terminal.run("queue")
    terminal.approve(ident)
    assert post(terminal, ident)["status"] == "approved"


def test_an_environment_variable_overrides_the_file(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAMPAIGN__REVIEW__APPROVER", "nobody")
    assert "CAMPAIGN__REVIEW__APPROVER" in terminal.run("posts", "list", code=2)


def test_init_leaves_what_is_there(terminal: Terminal) -> None:
    before = terminal.posts(), (terminal.folder / "campaign.key").read_bytes()
    terminal.run("init", str(terminal.folder))
    assert (terminal.posts(), (terminal.folder / "campaign.key").read_bytes()) == before
    assert (terminal.folder / "config.toml").read_text() == CONFIG
    assert (terminal.folder / "campaign.key").stat().st_mode & 0o777 == 0o600


def test_what_a_slot_missed_gets_one_new_time_with_one_command(terminal: Terminal) -> None:
    terminal.approve(*(one["id"] for one in terminal.posts() if one["partner"] == "oak"))
    for one in terminal.posts():
        terminal.put(one["id"], status="missed")
    said = terminal.run("posts", "move", "--slot", "launch", "--at", "2030-12-03T10:00", "--as", "rita", code=1)
    assert "2 posts are approved" in said
    assert "without an approval" in said
    assert sorted((one["partner"], one["due_at"], one["status"]) for one in terminal.posts()) == [
        ("elm", "2030-12-02T09:00:00Z", "missed"),
        ("oak", "2030-12-03T10:00:00Z", "approved"),
        ("oak", "2030-12-03T10:00:00Z", "approved"),
    ]
    assert "Name a post or a slot" in terminal.run("posts", "move", "--at", "2030-12-03T10:00", code=2)
