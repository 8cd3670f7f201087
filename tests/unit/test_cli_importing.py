"""Posts and outcomes from files, and the report of a week, on the command line."""

import json
from pathlib import Path

import pytest
from terminal import Terminal, opened_terminal

pytestmark = pytest.mark.thorough

FILE = "partner,channel,template,at,line\noak,x,hello,01/12/2030 09:30,A line\noak,x,hello,2030-12-02T09:30,More\n"


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def written(terminal: Terminal, text: str) -> str:
    file = terminal.folder / "posts.csv"
    file.write_text(text, encoding="utf-8")
    return str(file)


def test_a_dry_run_shows_every_row_and_stores_none(terminal: Terminal) -> None:
    rows = terminal.json("posts", "import", written(terminal, FILE), "--dry-run")
    assert [(row["line"], row["due_at"], row["action"], row["findings"]) for row in rows] == [
        (2, "2030-12-01T09:30:00Z", "add", []),
        (3, "2030-12-02T09:30:00Z", "add", []),
    ]
    assert "A line" in rows[0]["text"]
    assert terminal.posts() == []


def test_a_file_that_comes_in_twice_makes_its_posts_once(terminal: Terminal) -> None:
    file = written(terminal, FILE)
    assert "2 posts added, 0 as before." in terminal.run("posts", "import", file)
    assert "0 posts added, 2 as before." in terminal.run("posts", "import", file)
    assert len(terminal.posts()) == 2
    again = json.loads(terminal.run("posts", "import", file, "--json"))
    assert [(row["action"], row["post_id"]) for row in again] == [("keep", "1"), ("keep", "2")]


@pytest.mark.parametrize("more", [(), ("--dry-run",)])
def test_a_fault_names_file_line_field_and_mend_and_nothing_is_stored(
    terminal: Terminal, more: tuple[str, ...]
) -> None:
    said = terminal.run(
        "posts", "import", written(terminal, FILE + "oak,x,hello,soon,L\n"), *more, code=1 if more else 2
    )
    assert "posts.csv:4: at: 'soon' is no day with a time. Write day and time" in said
    assert terminal.posts() == []


def test_outcomes_say_what_a_file_takes_away_and_none_is_of_a_day_to_come(terminal: Terminal) -> None:
    rows = "day,name,number,source\n03/12/2025,Views,12,form\n"
    terminal.run("outcomes", "import", written(terminal, f"{rows}03/12/2025,Typo,9,form\n"))
    said = terminal.run("outcomes", "import", written(terminal, rows.replace("12,form", "13,form")))
    assert said.strip() == "0 numbers added, 1 changed, 0 as before, 1 removed."
    said = terminal.run("outcomes", "import", written(terminal, f"{rows}03/12/2099,Views,1,form\n"), code=2)
    assert "posts.csv:3: day: '03/12/2099' is still to come. Write the day on which it was counted" in said


def test_a_week_and_its_outcomes_are_rows(terminal: Terminal) -> None:
    file = written(terminal, "day,name,number,source\n03/12/2025,Views submitted,12,form\n")
    assert "1 number added" in terminal.run("outcomes", "import", file)
    assert terminal.json("outcomes", "list")[0]["number"] == 12
    assert terminal.run("outcomes", "export").splitlines()[1] == '"2025-12-03","Views submitted",12,"form"'
    rows = terminal.json("report", "--week", "2025-12-05")
    assert {
        "week": "2025-12-01",
        "section": "outcomes",
        "channel": None,
        "name": "Views submitted",
        "value": 12,
        "note": "2025-12-03, form",
    } in rows
    terminal.run("report", "--week", "soon", code=2)
    terminal.run("report", "--week", "2025-12-05", "--partner", "nobody", code=2)
