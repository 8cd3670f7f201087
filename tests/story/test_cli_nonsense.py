"""Nonsense on the command line: one clear line with what to do, the right exit code, and nothing changed."""

from pathlib import Path

import pytest
from terminal import CONFIG, HEAD, HELLO, Terminal, opened_terminal, slot

HUGE = "9" * 40


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    opened = opened_terminal(tmp_path)
    opened.run("queue")
    return opened


def refused(terminal: Terminal, *arguments: str, code: int = 2) -> str:
    """Run what must be refused; it says one line, and changes no post and writes no audit row."""
    before = terminal.posts(), terminal.json("audit")
    said = terminal.run(*arguments, code=code).strip()
    assert len(said.splitlines()) == 1, said
    assert (terminal.posts(), terminal.json("audit")) == before
    return said


def a_new_post(partner: str, channel: str, template: str, year: str) -> tuple[str, ...]:
    where = ("--partner", partner, "--channel", channel, "--template", template)
    return ("posts", "new", *where, "--at", f"{year}-12-03T09:00")


@pytest.mark.parametrize("ident", ["99", "x", "-1", "²", "1.0", "٣", HUGE, ""])
@pytest.mark.parametrize(
    "command",
    [
        ("posts", "show", "--"),
        ("posts", "withdraw", "--"),
        ("review", "reject", "--reason", "r", "--"),
        ("hand", "done", "--url", "https://x.com/1", "--"),
        ("settle", "--not-published", "--"),
    ],
)
def test_an_unknown_post_is_named(terminal: Terminal, command: tuple[str, ...], ident: str) -> None:
    assert f"There is no post {ident!r}" in refused(terminal, *command, ident)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("posts", "list", "--day", "2025-13-02"), "no day"),
        (("posts", "list", "--day", "tomorrow"), "no day"),
        (("posts", "list", "--day", "9999-12-31"), "no day"),
        (("posts", "list", "--status", "aproved"), "approved"),
        (("posts", "list", "--channel", "fax"), "facebook"),
        (("plan", "--from", "2025-02-30"), "no day"),
        (("posts", "list", "--day", "2030-W49-5"), "no day"),
        (("posts", "list", "--day", "20301205"), "no day"),
        (("init", ".", "--launch", "2030-W49-5"), "no day"),
        (("report", "--week", "9999-12-30"), "another age"),
        (("posts", "move", "1", "--at", "noon"), "no date and time"),
        (("posts", "move", "1", "--at", "2030-12-05"), "a day without a time"),
        (("posts", "move", "1", "--at", "20301205"), "a day without a time"),
        (("posts", "move", "1", "--at", "2030-W49-5"), "no date and time"),
        (("posts", "move", "1", "--at", "2030-W49-5T10:00"), "no date and time"),
        (("posts", "move", "1", "--at", "2030-12-05+10:00"), "no date and time"),
        (("posts", "correct", "1", "mistake=x", "--at", "2030-12-05"), "a day without a time"),
        ((*a_new_post("oak", "x", "hello", "2030")[:-1], "2030-12-05"), "a day without a time"),
        (("posts", "move", "1", "--at", "0001-01-01T00:00"), "beyond the years"),
        (("posts", "move", "1", "--at", "9999-12-31T23:59:59-12:00"), "no date and time"),
        (("posts", "move", "1", "--at", "2020-01-01T09:00"), "past"),
        (("posts", "edit", "1", "line"), "name=value"),
        (("posts", "edit", "1", "line=" + "x" * 81), "line"),
        (("posts", "edit", "1", "nobody=x"), "nobody"),
        (("partners", "set", "nobody", "a=b"), "no partner 'nobody'"),
        (("review", "approve", "1"), "names no content hash"),
        (("review", "approve", "1@abc", "--as", "rita"), "too short"),
        (("review", "approve"), "--all"),
        (("review", "approve", "1@00000000", "--all"), "--all"),
        (("hold", "everything"), "--reason"),
        (("hold", "evrything", "--reason", "r"), "no scope"),
        (("hold", f"post:{HUGE}", "--reason", "r"), "no scope"),
        (("hold", "partner:ash", "--reason", "r"), "ash"),
        (("release",), "no hold on"),
        (("release", "--dry-run"), "no hold on"),
        (("release", "nonsense"), "no scope"),
        (("agree", "--partner", "ash"), "ash"),
        (("agree", "--partner", "oak", "--post", "1"), "post of elm"),
        (("revoke", "--partner", "oak", "--slot", "launch"), "without --slot"),
        (("retract", "partner:ash", "--reason", "r"), "ash"),
        (("settle", "1"), "--published"),
        (("settle", "1", "--published", "https://x.com/1", "--not-published"), "--published"),
        (("settle", "1", "--published", "over there"), "no web address"),
        (("hand", "done", "1", "--url", "x.com/1"), "no web address"),
        (("users", "add", "eve", "--role", "boss"), "boss"),
        (("users", "add", "eve", "--role", "officer"), "--partner"),
        (("users", "add", "eve", "--role", "officer", "--partner", "ash"), "ash"),
        (("users", "add", "rita", "--role", "admin"), "already"),
        (("users", "add", "eve", "--role", "admin", "--as", "olga"), "no such right"),
        (("users", "add", "", "--role", "admin"), "user's name is empty"),
        (("users", "add", "a\nb", "--role", "admin"), "line break"),
        (("users", "add", "eve", "--role", "admin", "--email", "eve at home"), "no mail address"),
        (("partners", "set", "oak", "name="), "partner's name is empty"),
        (("partners", "set", "oak", "region=a\nb"), "line break"),
        (("partners", "set", "oak", "contact_email=a@b.org\nc@d.org"), "no mail address"),
        (("partners", "set", "oak", "contact_email=a@b.org, c@d.org"), "no mail address"),
        (("queue", "--as", "nobody"), "no user 'nobody'"),
        (("queue", "--as", ""), "--as is empty"),
        (("audit", "--limit", "9" * 20), "no number of rows"),
        (("audit", "--limit=-5"), "no number of rows"),
        (("audit", "--limit", "0"), "no number of rows"),
        (("agree", "--partner", "oak", "--slot", "lunch"), "There are launch"),
        (("agree", "--partner", "oak", "--post", ""), "no post ''"),
        (("posts", "list", "--partner", "nope"), "no partner 'nope'"),
        (("posts", "list", "--partner", ""), "no partner ''"),
        (("hand", "list", "--partner", "nope"), "no partner 'nope'"),
        (("log", "--channel", "fax"), "facebook"),
        (("log", "--partner", "nope"), "no partner 'nope'"),
        (("log", "--slot", "lunch"), "There are launch"),
        (("export", "-", "--template", "goodbye"), "There are hello"),
        (("plan", "--from", "2030-12-03", "--to", "2030-12-02"), "comes after"),
        (("lists", "export", "nobody"), "no list 'nobody'"),
        (("export", "figures.pdf"), ".csv"),
        (("export", "figures.parquet"), "CSV (.csv), Excel (.xlsx) or JSON (.json)"),
        (("export", "/nowhere/at/all/figures.csv"), "/nowhere/at/all/figures.csv"),
        (("partners", "import", "nowhere.csv"), "nowhere.csv"),
        (("partners", "import", "/"), "cannot be read"),
        (("run", "--until", "soon"), "no date and time"),
        (("run", "--until", "2030-12-05"), "a day without a time"),
        (a_new_post("elm", "facebook", "hello", "2030"), "elm"),
        (a_new_post("oak", "x", "nobody", "2030"), "nobody"),
        (a_new_post("oak", "x", "hello", "2020"), "past"),
    ],
)  # fmt: skip
def test_nonsense_is_refused_with_what_to_do(terminal: Terminal, arguments: tuple[str, ...], said: str) -> None:
    assert said in refused(terminal, *arguments)


def test_a_move_that_the_table_does_not_know_is_a_finding_not_wrong_use(terminal: Terminal) -> None:
    for command in (("settle", "1", "--not-published"), ("hand", "done", "1", "--url", "https://x.com/1")):
        assert "is in review" in refused(terminal, *command, code=1)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("config.toml", CONFIG.replace("timezone", "timzone"), "timezone"),
        ("config.toml", CONFIG.replace("Europe/London", "Europe/Atlantis"), "Atlantis"),
        ("config.toml", CONFIG + "[dispatch]\ngrace = 'a while'\n", "grace"),
        ("config.toml", CONFIG + "[channels.fax]\n", "fax"),
        ("config.toml", CONFIG + "[channels.x]\napi_ulr = 'https://x.com'\n", "api_url"),
        ("config.toml", "[campaign", "TOML"),
        ("config.toml", b"\xff\xfe", "UTF-8"),
        ("schedules/own.toml", "[details", "own.toml"),
        ("schedules/own.toml", b"\xff\xfe", "own.toml"),
        ("schedules/own.toml", HEAD.replace("2030-12-02", "2030-13-02") + slot("launch"), "own.toml"),
        ("schedules/own.toml", HEAD + slot("launch", "launch 25:00"), "25:00"),
        ("schedules/own.toml", HEAD + slot("launch").replace("at =", "att ="), "att"),
        ("schedules/own.toml", HEAD + slot("launch").replace('at = "launch 09:00"', 'cron = "0 9 * * 1"'), "mon"),
        ("schedules/own.toml", HEAD + slot("launch", channels=("fax",)), "fax"),
        ("templates/own/hello.md", HELLO.replace("version: 1", "version: ["), "hello.md"),
        ("templates/own/hello.md", HELLO.replace("fields:", "feilds:"), "fields"),
        ("templates/own/hello.md", HELLO.replace("{{ line }}", "{{ line "), "hello.md"),
        ("templates/own/hello.md", b"\xff\xfe", "hello.md"),
    ],
)  # fmt: skip
def test_every_fault_in_a_file_is_a_line_that_names_it_and_the_stored_posts_stay(
    terminal: Terminal, name: str, content: str | bytes, said: str
) -> None:
    before, kept = terminal.posts(), (terminal.folder / name).read_bytes()
    terminal.write(name, content)
    lines = terminal.run("queue", code=2).strip().removeprefix("campaign: ").splitlines()
    assert all(line.startswith(Path(name).name) for line in lines), lines
    assert any(said in line for line in lines), lines
    terminal.write(name, kept)
    assert terminal.posts() == before


def test_an_unknown_field_in_a_template_is_named_and_its_posts_leave_review(terminal: Terminal) -> None:
    terminal.write("templates/own/hello.md", HELLO + "{{ partner.nmae }}\n")
    before = terminal.posts()
    said = terminal.run("queue", code=1)
    assert "hello.md" in said
    assert "nmae" in said
    now = terminal.posts()
    assert [post["id"] for post in now] == [post["id"] for post in before]
    assert {post["status"] for post in now} == {"draft"}, "words that no longer fit may not be approved"


@pytest.mark.parametrize(
    ("rows", "lines"),
    [
        ("partner,name\nash,Ash\n,Nobody\nbirch,\n", (3, 4)),
        ("partner,name\nash,Ash\nASH,Ash again\n", (3,)),
        ("partner,name\nash,Ash,too,many\na b,Ash\n", (2, 3)),
        ('partner,name,agreed\nash,Ash,yesterday\nelm,Elm,"2025-11-20, Jo"\n', (2,)),
        ("partner,nmae\nash,Ash\n", (1,)),
        ("partner,name,contact_email\nash,Ash,office\nbirch,Birch,a@b.org\n", (2,)),
        ("", (1,)),
    ],
)
def test_a_broken_file_names_every_row_and_imports_none(terminal: Terminal, rows: str, lines: tuple[int, ...]) -> None:
    before = terminal.json("partners", "list")
    said = terminal.run("partners", "import", str(terminal.write("more.csv", rows)), code=2).strip().splitlines()
    assert {int(line.removeprefix("campaign: ").split(":")[1]) for line in said} == set(lines)
    assert terminal.json("partners", "list") == before


def test_a_wrong_approver_in_a_file_imports_none_of_it(terminal: Terminal) -> None:
    before = terminal.json("partners", "list")
    rows = "partner,name,approver\nash,Ash,dfe\nbirch,Birch,everybody\n"
    assert "everybody" in refused(terminal, "partners", "import", str(terminal.write("more.csv", rows)))
    assert terminal.json("partners", "list") == before


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--listen", "127.0.0.1:70000"), "no HOST:PORT"),
        (("--listen", "127.0.0.1:²"), "no HOST:PORT"),
        (("--smtp", "127.0.0.1:99999"), "no HOST:PORT"),
        (("--accounts", "nope.csv"), "no file"),
        (("--accounts", "PICTURE"), "no CSV"),
        (("--faults", "PICTURE"), "picture.png"),
        (("--speed=-5",), "no speed"),
        (("--speed", "0"), "no speed"),
        (("--speed", "nan"), "no speed"),
        (("--speed", "inf"), "no speed"),
    ],
)
def test_a_sandbox_that_cannot_be_meant_does_not_start(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    terminal = Terminal(tmp_path)
    picture = terminal.write("picture.png", b"\x89PNG\r\n\x1a\n\xff\x00")
    given = [str(picture) if one == "PICTURE" else one for one in arguments]
    lines = terminal.run("sandbox", "--data", str(tmp_path / "box"), *given, code=2).strip().splitlines()
    assert len(lines) == 1
    assert said in lines[0]


def test_without_a_workspace_the_mend_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert "campaign init" in Terminal(tmp_path / "empty").run("posts", "list", code=2)
    assert "campaign init" in Terminal(tmp_path / "nowhere").run("posts", "list", code=2)


def test_what_is_still_a_placeholder_is_said_once(terminal: Terminal) -> None:
    event = '[[event]]\nname = "early"\ntitle = "Early"\nprinciple = "early"\nstarts = 2030-12-10T18:00:00\n'
    event += 'register_url = "https://example.org/e"\nstatus = "open"\nplaceholder = true\n\n'
    reminder = slot("reminder", "event - 1 day").replace("at =", 'for_each = "event-*"\nat =')
    terminal.timetable(slot("launch"), reminder, head=HEAD + event)
    fields = [row["field"] for row in terminal.json("check", code=1)]
    assert fields.count("event.early.placeholder") == 1


def test_a_database_that_is_none_is_one_line(terminal: Terminal) -> None:
    for path in terminal.folder.glob("campaign.db*"):
        path.unlink()
    terminal.write("campaign.db", "this is no database " * 100)
    said = terminal.run("posts", "list", code=2).strip()
    assert len(said.splitlines()) == 1
    assert "database" in said


def test_a_lost_key_file_is_said_before_anything_is_stored(terminal: Terminal) -> None:
    (terminal.folder / "campaign.key").unlink()
    terminal.write(
        "oak.json", '{"consumer_key":"a","consumer_secret":"b","access_token":"1","access_token_secret":"c"}'
    )
    rows = "partner,channel,handle,external_id,mode,credentials\noak,x,@oak,7,api,file:oak.json\n"
    assert "campaign.key" in refused(terminal, "accounts", "import", str(terminal.write("api.csv", rows)))


def test_a_day_with_a_clock_change_has_all_its_posts(tmp_path: Path) -> None:
    head = HEAD.replace("2030-12-02", "2030-10-27")  # the clocks go back: a day of 25 hours
    terminal = opened_terminal(tmp_path)
    terminal.timetable(slot("late", "launch 23:30", channels=("x",)), head=head)
    terminal.run("queue")
    assert len(terminal.posts("--day", "2030-10-27")) == 2
    assert terminal.posts("--day", "2030-10-28") == []


def test_a_wall_time_that_the_clock_skips_moves_to_the_first_valid_one(terminal: Terminal) -> None:
    terminal.run("posts", "move", "1", "--at", "2031-03-30T01:30")
    assert {post["id"]: post["due_at"] for post in terminal.posts()}["1"] == "2031-03-30T01:00:00Z"
