"""`campaign db backup` and `restore` on the command line, and one clear line where the database is no database."""

from pathlib import Path

import psycopg
import pytest
from terminal import Terminal, opened_terminal

from campaign.backup import seal
from campaign.cli import frame

pytestmark = pytest.mark.thorough

REFERENCE = ("--passphrase", "env:BACKUP_WORDS")


@pytest.fixture
def terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.setattr(seal, "_COST", {"n": 1 << 10, "r": 8, "p": 1})
    monkeypatch.setenv("BACKUP_WORDS", "correct horse battery staple")
    return opened_terminal(tmp_path)


def test_a_backup_is_checked_and_restored(terminal: Terminal) -> None:
    file = str(terminal.folder / "b")
    terminal.run("queue")
    before = terminal.json("posts", "list")
    assert "rows and" in terminal.run("db", "backup", file, *REFERENCE)
    assert "is whole" in terminal.run("db", "restore", file, "--check", *REFERENCE)
    assert "--force" in terminal.run("db", "restore", file, *REFERENCE, code=2)
    assert "Everything is held" in terminal.run("db", "restore", file, "--force", *REFERENCE)
    assert terminal.json("posts", "list") == before
    assert [row["scope"] for row in terminal.json("hold", "--list")] == ["everything"]


def test_the_passphrase_is_never_a_word_on_the_command_line(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = str(terminal.folder / "b")
    said = terminal.run("db", "backup", file, "--passphrase", "correct horse battery staple", code=2)
    assert "no reference" in said
    assert "horse" not in said
    monkeypatch.setenv("BACKUP_WORDS", "short")
    assert "too short" in terminal.run("db", "backup", file, *REFERENCE, code=2)
    assert "nobody to ask" in terminal.run("db", "backup", file, code=2)
    assert not Path(file).exists()


def test_a_file_that_is_no_database_is_said_in_one_line(terminal: Terminal) -> None:
    for suffix in ("", "-wal", "-shm"):
        Path(f"{terminal.folder}/campaign.db{suffix}").unlink(missing_ok=True)
    said = terminal.run("posts", "list", code=2)
    assert "has no database yet" in said
    assert not (terminal.folder / "campaign.db").exists(), "looking made a database"
    terminal.write("campaign.db", b"not a database at all, whatever its name says " * 100)
    for command in (("posts", "list"), ("queue",), ("doctor",), ("run", "--until-idle")):
        said = terminal.run(*command, code=2)
        assert "file is not a database" in said
        assert "db restore" in said
        assert len(said.strip().splitlines()) == 1


def test_a_server_that_closes_while_a_worker_starts_is_said_in_one_line(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(**_: object) -> None:
        raise psycopg.OperationalError("consuming input failed: server closed the connection unexpectedly\n\tThis")

    monkeypatch.setattr(frame, "_built", lambda: closed)
    said = terminal.run("worker", code=2)
    assert said.startswith("campaign: the database said no: consuming input failed")
    assert len(said.splitlines()) == 1
