"""The command line starts lightly: help loads nothing heavy."""

import subprocess
import sys

HEAVY = ("sqlmodel", "sqlalchemy", "tweepy", "facebook", "fastapi", "starlette", "jinja2", "apscheduler", "requests")


def test_help_loads_nothing_heavy() -> None:
    code = f"""
import sys
sys.argv = ["campaign", "--help"]
from campaign.cli import main
try:
    main()
except SystemExit as end:
    assert not end.code
print("LOADED", [name for name in {HEAVY!r} if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)  # noqa: S603
    assert "LOADED []" in done.stdout
