"""The command line starts lightly: help loads nothing heavy, and a daemon without pages no pages."""

import subprocess
import sys
from pathlib import Path

from terminal import opened_terminal

HEAVY = ("sqlmodel", "sqlalchemy", "tweepy", "facebook", "fastapi", "starlette", "jinja2", "apscheduler", "requests")


PAGES = ("campaign.web", "fastapi", "starlette", "uvicorn")


def test_help_loads_nothing_heavy() -> None:
    assert loaded(HEAVY, "--help") == []


def test_a_daemon_without_pages_loads_none(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path)
    assert loaded(PAGES, "-w", str(terminal.folder), "run", "--until-idle") == []


def loaded(names: tuple[str, ...], *arguments: str) -> list[str]:
    """Return which of the modules a command has loaded when it ends well."""
    code = f"""
import sys
sys.argv = ["campaign", *{arguments!r}]
from campaign.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("LOADED", *(name for name in {names!r} if name in sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    return done.stdout.splitlines()[-1].removeprefix("LOADED").split()
