"""`campaign init` and the shipped campaign: which launch it has, who may move it, what is queued when it is over."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from terminal import Terminal

pytestmark = pytest.mark.thorough

README = Path(__file__).parents[2] / "README.md"
PARTNERS = "partner,name,kind,region,x_line\noak,Oak School,school,London,Come on Friday\n"
ACCOUNTS = (
    "partner,channel,handle,external_id,mode,credentials\noak,x,@oak,1000,by-hand,\noak,facebook,oak,1001,by-hand,\n"
)


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return Terminal(tmp_path / "my-campaign")


def days(terminal: Terminal) -> dict[str, date]:
    text = (terminal.folder / "schedules" / "national-conversation.toml").read_text(encoding="utf-8")
    found: dict[str, date] = tomllib.loads(text)["days"]
    return found


def init(terminal: Terminal, *arguments: str, code: int = 0) -> str:
    return terminal.run("init", str(terminal.folder), *arguments, code=code, workspace=False)


def test_init_says_the_launch_day_and_how_to_move_one_that_is_past(terminal: Terminal) -> None:
    said = init(terminal)
    assert "launches on Tuesday 2 December 2025, which is past" in said
    assert f"campaign init {terminal.folder} --launch DATE --force" in said


def test_a_launch_that_is_to_come_is_said_without_a_warning(terminal: Terminal) -> None:
    said = init(terminal, "--launch", "2099-01-12")
    assert "launches on Monday 12 January 2099." in said
    assert "past" not in said
    assert days(terminal)["launch"] == date(2099, 1, 12)


def test_the_days_of_a_timetable_that_is_there_move_only_by_force(terminal: Terminal) -> None:
    init(terminal)
    said = init(terminal, "--launch", "2099-01-12", code=2)
    assert "national-conversation.toml is there already and launches on 2025-12-02" in said
    assert "--force" in said
    assert days(terminal)["launch"] == date(2025, 12, 2)
    assert "12 January 2099" in init(terminal, "--launch", "2099-01-12", "--force")
    assert days(terminal)["launch"] == date(2099, 1, 12)
    init(terminal, "--launch", "2099-01-12")  # it launches then already: nothing to move, nothing to refuse


def test_a_timetable_is_moved_as_check_reads_it_or_its_fault_is_named(terminal: Terminal) -> None:
    init(terminal)
    file = terminal.folder / "schedules" / "national-conversation.toml"
    text = b"\xef\xbb\xbf# Ours\r\n[days]\r\nlaunch = 2030-12-02\r\n"
    file.write_bytes(text)
    assert "Monday 13 January 2031" in init(terminal, "--launch", "2031-01-13", "--force")
    assert file.read_bytes() == b"# Ours\r\n[days]\r\nlaunch = 2031-01-13\r\n"
    file.write_bytes(b"[days]\nlaunch = 2030-12-02\nx = = 3\n")
    assert "national-conversation.toml:3: syntax" in init(terminal, "--launch", "2031-01-13", "--force", code=2)
    file.write_bytes(text := b"days = { launch = 2030-12-02 }\n")
    assert "is not moved where it stands" in init(terminal, "--launch", "2031-01-13", "--force", code=2)
    assert file.read_bytes() == text


def test_a_campaign_that_is_over_queues_nothing_for_a_partner_who_joins_now(terminal: Terminal) -> None:
    init(terminal)
    terminal.run("partners", "import", str(terminal.write("partners.csv", PARTNERS)))
    terminal.run("accounts", "import", str(terminal.write("accounts.csv", ACCOUNTS)))
    assert "0 add, 0 change, 0 withdraw" in terminal.run("queue")
    said = terminal.run("check", "--allow-placeholders")
    assert "all of them are past" in said
    assert "Nothing to do" not in said


def test_the_readme_starts_a_campaign_on_a_named_day_and_imports_what_it_needs() -> None:
    block = re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[1]
    assert re.search(r"^campaign init my-campaign --launch \d{4}-\d{2}-\d{2}", block, re.MULTILINE)
    for command in ("partners import", "accounts import", "lists import", "check", "queue", "review approve", "run"):
        assert f"campaign {command}" in block
