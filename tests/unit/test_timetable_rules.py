"""What the timetable rules of every post reaches the claim: events that are not sure, quiet periods, words that age."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from terminal import HELLO, Terminal, event, opened_terminal, slot

from campaign.models import Database, bounds, lanes, partners, upkeep
from campaign.models.database import DatabaseAway
from campaign.review.rules import Watch

NOW = datetime(2030, 12, 1, tzinfo=UTC)
DUE = datetime(2030, 12, 10, 16, tzinfo=UTC)
REMINDER = slot("reminder", "event - 2 hours", channels=("facebook",), more='for_each = "event-*"')
API = "partner,channel,handle,external_id,mode,credentials\noak,facebook,oak,1001,api,env:TOKEN\n"


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setenv("TOKEN", '{"access_token": "made up"}')
    terminal = opened_terminal(tmp_path)
    terminal.run("accounts", "import", str(terminal.write("accounts.csv", API)))
    return terminal


def goes(terminal: Terminal, at: datetime) -> bool:
    """Say whether a claim of some account's posts at that instant finds one."""
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.read() as session:
        found = lanes.due_accounts(session, at, timedelta(days=1), limit=9)
        by_hand = upkeep.to_hand_over(session, at)
    database.close()
    return bool(found or by_hand)


def statuses(terminal: Terminal) -> list[str]:
    return [post["status"] for post in terminal.posts()]


def test_an_event_that_moved_holds_what_is_in_review_and_what_is_approved(terminal: Terminal) -> None:
    terminal.timetable(REMINDER, head=event("open"))
    terminal.run("queue")
    (ident,) = [post["id"] for post in terminal.posts()]
    terminal.timetable(REMINDER, head=event("moved"))
    terminal.run("queue")
    assert [row["scope"] for row in terminal.json("hold", "--list")] == ["event:early"]
    seen = terminal.posts()[0]["content_hash"]
    refused = terminal.run("review", "approve", f"{ident}@{seen}", "--as", "rita", code=2)
    assert "has moved" in refused
    assert statuses(terminal) == ["in_review"]
    before = terminal.json("audit")
    terminal.run("queue")
    assert terminal.json("audit") == before
    terminal.timetable(REMINDER, head=event("open", "2030-12-11T18:00:00"))
    terminal.run("queue")
    assert terminal.json("hold", "--list") == []
    terminal.approve(ident)
    assert not goes(terminal, DUE)
    assert goes(terminal, DUE + timedelta(days=1))


def test_an_approved_post_of_an_event_that_a_person_holds_does_not_go(terminal: Terminal) -> None:
    terminal.timetable(REMINDER, head=event("open"))
    terminal.run("queue")
    terminal.approve(*(post["id"] for post in terminal.posts()))
    assert goes(terminal, DUE)
    terminal.run("hold", "event:early", "--reason", "they rang")
    assert not goes(terminal, DUE)
    terminal.run("queue")
    assert not goes(terminal, DUE), "a plan must not let go what a person holds"
    terminal.run("release", "event:early")
    assert goes(terminal, DUE)
    assert "no event 'late'" in terminal.run("hold", "event:late", "--reason", "no such event", code=2)


def test_whoever_queues_for_one_partner_does_not_release_the_event(terminal: Terminal) -> None:
    for status in ("open", "moved"):
        terminal.timetable(REMINDER, head=event(status))
        terminal.run("queue")
    terminal.timetable(REMINDER, head=event("open"))
    terminal.run("queue", "--as", "olga")
    assert len(terminal.json("hold", "--list")) == 1
    terminal.run("queue")
    assert terminal.json("hold", "--list") == []


def test_a_template_that_no_longer_fits_takes_the_approval_away(terminal: Terminal) -> None:
    terminal.timetable(slot("first"))
    terminal.run("queue")
    terminal.approve(terminal.posts()[0]["id"])
    terminal.write("templates/own/hello.md", HELLO.replace("fields:", "fields:\n  must: {type: text, required: true}"))
    assert "must" in terminal.run("queue", code=1)
    assert statuses(terminal) == ["draft", "draft"]
    assert "is missing" in terminal.json("posts", "show", terminal.posts()[0]["id"])["events"][-1]["why"]
    terminal.write("templates/own/hello.md", HELLO)
    terminal.run("queue")
    assert statuses(terminal) == ["in_review", "in_review"]


QUIET = '[days]\nlaunch = 2030-12-02\n\n[[quiet]]\nname = "hush"\nfrom = 2030-12-05\nuntil = 2030-12-06\n\n'


def test_nothing_is_queued_or_moved_into_a_quiet_period(terminal: Terminal) -> None:
    terminal.timetable(slot("first"), head=QUIET)
    new = ("posts", "new", "--partner", "oak", "--channel", "x", "--template", "hello", "--at")
    assert "hush" in terminal.run(*new, "2030-12-05T00:00", code=2)
    terminal.run("queue")
    ident = terminal.posts()[0]["id"]
    assert "hush" in terminal.run("posts", "move", ident, "--at", "2030-12-06T23:59", code=2)
    terminal.run("posts", "move", ident, "--at", "2030-12-07T00:00")


def test_a_quiet_period_that_comes_later_keeps_an_approved_post_back(terminal: Terminal) -> None:
    terminal.run(
        "posts", "new", "--partner", "oak", "--channel", "x", "--template", "hello", "--at", "2030-12-05T09:00"
    )
    terminal.timetable(slot("first", channels=("linkedin",)))
    terminal.run("queue")
    terminal.approve(terminal.posts()[0]["id"])
    at = datetime(2030, 12, 5, 9, tzinfo=UTC)
    assert goes(terminal, at)
    terminal.timetable(slot("first", channels=("linkedin",)), head=QUIET)
    terminal.run("queue")
    assert not goes(terminal, at)
    assert not goes(terminal, datetime(2030, 12, 6, 23, 59, 59, tzinfo=UTC))
    assert goes(terminal, datetime(2030, 12, 7, tzinfo=UTC))


LONDON = QUIET.replace("[[quiet]]", '[[quiet]]\npartners = { region = ["London"], line = ["Ours", "Come on Friday"] }')
INSIDE = datetime(2030, 12, 5, 9, tzinfo=UTC)


def silent(terminal: Terminal, key: str) -> bool:
    with terminal.database() as database, database.read() as session:
        found = partners.partner_by_key(session, key)
        return found is not None and bounds.quiet_at(session, found.ident, INSIDE) is not None


@pytest.mark.parametrize("how", ["set", "import"])
def test_a_partner_that_comes_under_a_quiet_period_or_leaves_it_is_bound_at_once(terminal: Terminal, how: str) -> None:
    def bring(key: str, region: str, line: str) -> None:
        if how == "set":
            terminal.run("partners", "set", key, f"region={region}", f"line={line}")
        else:
            row = f"partner,name,region,line\n{key},{key} School,{region},{line}\n"
            terminal.run("partners", "import", str(terminal.write("more.csv", row)))

    terminal.timetable(slot("first"), head=LONDON)
    terminal.run("queue")
    assert (silent(terminal, "oak"), silent(terminal, "elm")) == (True, False)
    bring("elm", "London", "Ours")
    assert (silent(terminal, "oak"), silent(terminal, "elm")) == (True, True)
    bring("elm", "London", "A detail that the period does not name")
    bring("oak", "", "Come on Friday")
    assert (silent(terminal, "oak"), silent(terminal, "elm")) == (False, False)


def test_a_new_partner_is_silent_from_its_first_day_on(terminal: Terminal) -> None:
    terminal.timetable(slot("first"), head=LONDON)
    new = "partner,name,region,line\nash,Ash School,london,Ours\n"
    terminal.run("partners", "import", str(terminal.write("new.csv", new)))
    assert silent(terminal, "ash")


def test_a_timetable_that_cannot_be_read_keeps_no_partner_from_being_changed(terminal: Terminal) -> None:
    terminal.timetable(slot("first"), head=LONDON)
    terminal.run("queue")
    terminal.write("schedules/own.toml", "[[quiet")
    terminal.run("partners", "set", "oak", "region=Leeds")
    assert silent(terminal, "oak"), "what stood before goes on to hold"
    terminal.timetable(slot("first"), head=LONDON)
    with terminal.database() as database:
        Watch(database, terminal.folder / "schedules/own.toml", "Europe/London").chore(NOW)
    assert not silent(terminal, "oak")


def test_words_that_age_are_neither_moved_nor_sent_past_their_day(terminal: Terminal) -> None:
    terminal.write("templates/own/hello.md", HELLO.replace("version: 1", "version: 1\nuntil: 2030-12-03"))
    terminal.timetable(slot("first", channels=("facebook",)))
    terminal.run("queue")
    ident = terminal.posts()[0]["id"]
    assert "no longer true" in terminal.run("posts", "move", ident, "--at", "2030-12-04T00:00", code=2)
    terminal.run("posts", "move", ident, "--at", "2030-12-03T23:50")
    terminal.approve(ident)
    assert goes(terminal, datetime(2030, 12, 3, 23, 59, 59, tzinfo=UTC))
    assert not goes(terminal, datetime(2030, 12, 4, tzinfo=UTC))
    new = ("posts", "new", "--partner", "oak", "--channel", "facebook", "--template", "hello", "--at")
    assert "hold until" in terminal.run(*new, "2030-12-04T09:00", code=2)


def test_a_reminder_is_neither_moved_nor_sent_once_its_event_has_begun(terminal: Terminal) -> None:
    thanks = slot("thanks", "event + 2 hours", channels=("x",), more='for_each = "event-*"')
    terminal.timetable(REMINDER, thanks, head=event("open"))
    terminal.run("queue")
    found = {(post["slot"], post["partner"]): post["id"] for post in terminal.posts()}
    reminder, after = found["reminder", "oak"], found["thanks", "oak"]
    for at in ("2030-12-10T18:00", "2030-12-12T10:00"):
        assert "no longer true" in terminal.run("posts", "move", reminder, "--at", at, code=2)
        terminal.run("posts", "move", after, "--at", at)
    terminal.run("posts", "move", reminder, "--at", "2030-12-10T17:50")
    terminal.approve(reminder)
    assert goes(terminal, datetime(2030, 12, 10, 17, 59, 59, tzinfo=UTC))
    assert not goes(terminal, datetime(2030, 12, 10, 18, tzinfo=UTC))
    terminal.timetable(REMINDER, thanks, head=event("open", "2030-12-10T17:30:00"))
    (row,) = [row for row in terminal.json("plan") if row["post_id"] == reminder]
    assert (row["action"], row["reason"]) == ("withdraw", "the event early has begun by then")


def test_a_question_in_rotation_can_be_edited(terminal: Terminal) -> None:
    head = "---\ntitle: Q\nversion: 1\nfields:\n  own: {type: text, max: 80}\n---\n"
    terminal.write("templates/own/question.md", head + "{{ own }} {{ question.question }} {{ partner.name }}\n")
    questions = '[[question]]\nname = "q1"\nprinciple = "early"\nquestion = "How early?"\n\n'
    terminal.write("templates/own/questions.toml", questions)
    weekly = 'templates = ["hello", "question"]\nchannels = ["facebook"]\ncron = "0 17 * * thu"\n'
    terminal.timetable(f'[[slot]]\nname = "weekly"\n{weekly}from = "launch"\nuntil = "2030-12-20"\n')
    terminal.run("queue")
    ident = next(post["id"] for post in terminal.posts() if post["template"] == "question")
    terminal.run("posts", "edit", ident, "own=Hi")
    assert terminal.json("posts", "preview", ident)["text"] == "Hi How early? Oak School"
    assert "0 change" in terminal.run("queue")


def test_the_daemon_holds_an_event_as_soon_as_the_file_says_so(terminal: Terminal) -> None:
    terminal.timetable(REMINDER, head=event("open"))
    terminal.run("queue")
    terminal.approve(*(post["id"] for post in terminal.posts()))
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    watch = Watch(database, terminal.folder / "schedules/own.toml", "Europe/London")
    watch.chore(NOW)
    assert goes(terminal, DUE)
    terminal.timetable(REMINDER, head=event("cancelled") + "half a line")
    watch.chore(NOW)
    assert goes(terminal, DUE)
    terminal.timetable(REMINDER, head=event("cancelled"))
    watch.chore(NOW)
    assert not goes(terminal, DUE)
    terminal.timetable(REMINDER, head=event("open"))
    watch.chore(NOW)
    assert not goes(terminal, DUE), "only a plan brings the posts in line and lets go"
    terminal.run("queue")
    assert goes(terminal, DUE)
    database.close()


def test_an_event_is_held_all_the_same_when_the_database_was_away_just_then(terminal: Terminal) -> None:
    terminal.timetable(REMINDER, head=event("open"))
    terminal.run("queue")
    terminal.approve(*(post["id"] for post in terminal.posts()))
    file, aside = terminal.folder / "campaign.db", terminal.folder / "aside.db"
    database = Database(f"sqlite:///{file}", connections=1)
    watch = Watch(database, terminal.folder / "schedules/own.toml", "Europe/London")
    watch.chore(NOW)
    terminal.timetable(REMINDER, head=event("cancelled"))
    database.close()
    file.rename(aside)
    with pytest.raises(DatabaseAway):
        watch.chore(NOW)
    aside.rename(file)
    watch.chore(NOW)
    assert not goes(terminal, DUE)
    database.close()
