"""Bad input: one clear line each that names file, field and mend, exit 2 or 1, and nothing is lost or half-written."""

from pathlib import Path

import pytest
from workshop import Workshop, seconds_ahead


@pytest.fixture
def opened(sqlite_desk: Workshop) -> Workshop:
    """A workspace with two partners and nothing else."""
    sqlite_desk.write_config()
    sqlite_desk.write_copy()
    sqlite_desk.write_people()
    sqlite_desk.write_timetable([("first", "hello", ["x"], seconds_ahead(3600))])
    sqlite_desk.run("init", str(sqlite_desk.folder))
    sqlite_desk.run("partners", "import", str(sqlite_desk.folder / "partners.csv"))
    return sqlite_desk


def test_a_wrong_key_names_the_nearest_known_one(opened: Workshop) -> None:
    path = opened.folder / "config.toml"
    path.write_text(path.read_text().replace("grace =", "grase ="))
    said = opened.run("posts", "list", code=2)
    assert "config.toml" in said
    assert "grase" in said
    assert "grace" in said


def test_a_broken_csv_names_every_row_and_imports_none(opened: Workshop) -> None:
    before = opened.json("partners", "list")
    file = opened.write("more.csv", "partner,name\nash,Ash\n,No key\nash,Ash again\nbirch,\n")
    said = opened.run("partners", "import", str(file), code=2)
    assert all(f"more.csv:{line}" in said for line in (3, 4, 5))
    assert opened.json("partners", "list") == before


def test_credentials_that_are_not_there_stop_the_import(opened: Workshop) -> None:
    rows = "partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1,api,file:nowhere.json\n"
    said = opened.run("accounts", "import", str(opened.write("bad.csv", rows)), code=2)
    assert "nowhere.json" in said
    assert opened.json("accounts", "list") == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ('at = "launch 25:00"', "25:00"),
        ('at = "lanch 09:00"', "launch"),
        ('at = "launch"', "at"),
        ('cron = "0 9 * * 1"', "mon"),
    ],
)
def test_an_impossible_time_is_named_with_its_line(opened: Workshop, line: str, named: str) -> None:
    opened.write(
        "schedules/own.toml",
        '[details]\nviews_url = "https://example.org"\n\n[days]\nlaunch = 2030-12-02\n\n'
        f'[[slot]]\nname = "first"\ntemplate = "hello"\nchannels = ["x"]\n{line}\n',
    )
    said = opened.run("queue", code=2)
    assert "own.toml" in said
    assert named in said
    assert opened.posts() == []


def test_an_unknown_field_and_a_missing_one_block_that_post_alone(opened: Workshop, accounts_file: Path) -> None:
    opened.run("accounts", "import", str(accounts_file))
    opened.run("partners", "set", "elm", "line=")
    assert opened.run("queue", code=1).splitlines()[1:] == [
        "hello.x.md: line: is missing. Give a value of type text. (elm x)"
    ]
    assert [post["partner"] for post in opened.posts()] == ["oak"]
    opened.write("templates/own/hello.x.md", "---\ntitle: Broken\nversion: 1\n---\n{{ partner.nmae }} {{ nobody }}\n")
    said = opened.run("plan", code=2)
    assert "hello.x.md" in said


def test_what_is_not_there_is_said_so(opened: Workshop) -> None:
    assert "no post '99'" in opened.run("posts", "show", "99", code=2)
    assert "no user 'nobody'" in opened.run("queue", "--as", "nobody", code=2)
    assert "config.toml" in Workshop(opened.folder / "empty", {}).run("posts", "list", code=2)


def test_a_stale_hash_is_refused_and_four_eyes_hold(opened: Workshop, accounts_file: Path) -> None:
    opened.run("accounts", "import", str(accounts_file))
    opened.run("users", "add", "rita", "--role", "reviewer")
    opened.run("queue")
    first = opened.json("review", "list")[0]
    assert "changed" in opened.run("review", "approve", f"{first['id']}@{0:032}", "--as", "rita", code=1)
    assert "queued" in opened.run("review", "approve", f"{first['id']}@{first['content_hash']}", code=2)
    assert {post["status"] for post in opened.posts()} == {"in_review"}


def test_an_edit_of_a_field_that_the_template_lacks_is_refused(opened: Workshop, accounts_file: Path) -> None:
    opened.run("accounts", "import", str(accounts_file))
    opened.run("queue")
    first = opened.posts()[0]
    assert "no such field" in opened.run("posts", "edit", first["id"], "nonsense=1", code=2)
    opened.run("posts", "edit", first["id"], "line=Quite another line")
    changed = opened.json("posts", "preview", first["id"])
    assert "Quite another line" in changed["text"]
    assert "keep" in opened.run("queue")
    assert opened.json("posts", "preview", first["id"]) == changed


def test_a_token_that_has_ended_is_one_line_of_the_check(opened: Workshop) -> None:
    opened.write(
        "dead.json", '{"consumer_key":"a","consumer_secret":"b","access_token":"9-x","access_token_secret":"c"}'
    )
    rows = "partner,channel,handle,external_id,mode,credentials\noak,x,@oak,9,api,file:dead.json\n"
    opened.run("accounts", "import", str(opened.write("dead.csv", rows)))
    said = opened.run("accounts", "check", code=1)
    assert "access" in said
