"""The logs: every line as wanted, whoever writes it, and nothing that looks like a secret in any of them."""

import json
import subprocess
import sys

import pytest

SECRET = "abc123-secret"
PROGRAM = f"""
import logging, sys
import structlog
from campaign.logs import set_up_logs

set_up_logs("debug", as_json=sys.argv[1] == "json")
log = structlog.get_logger("ours")
log.debug("a step", post=7, why="one\\nforged line")
log.info("asked", url="https://x.test/me?access_token={SECRET}&fields=id", many=["Bearer {SECRET}"], by={{"n": 1}})
log.info("held", who={{"credentials": {{"any": "{SECRET}"}}}}, access_token="{SECRET}")
try:
    raise ValueError("https://x.test/feed?access_token={SECRET}")
except ValueError:
    log.exception("broke")
logging.getLogger("theirs").warning("Authorization: Bearer %s", "{SECRET}")
logging.getLogger("theirs").info("below a warning libraries say nothing")
try:
    raise KeyError("refresh_token={SECRET}")
except KeyError:
    logging.getLogger("theirs").exception("theirs broke")
"""


def lines(form: str) -> list[str]:
    command = [sys.executable, "-c", PROGRAM, form]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)  # noqa: S603 - our own program
    assert done.stdout == ""
    assert SECRET not in done.stderr
    return done.stderr.splitlines()


def test_every_line_is_json_whoever_writes_it_and_shows_no_secret() -> None:
    found = [json.loads(line) for line in lines("json")]
    assert [line["event"] for line in found] == [
        "a step", "asked", "held", "broke", "Authorization: Bearer …", "theirs broke"
    ]  # fmt: skip
    assert all({"level", "timestamp"} <= line.keys() for line in found)
    assert found[0]["post"] == 7
    assert found[1]["url"] == "https://x.test/me?access_token=…&fields=id"
    assert "ValueError" in found[3]["exception"]
    assert "Traceback" in found[5]["exception"]


def test_lines_for_people_show_no_secret_either() -> None:
    text = "\n".join(lines("text"))
    assert "access_token=…" in text
    assert "ValueError" in text


@pytest.mark.parametrize("form", ["json", "text"])
def test_a_line_break_in_a_value_begins_no_line(form: str) -> None:
    assert [line for line in lines(form) if line.startswith("forged line")] == []
    assert "forged line" in "\n".join(lines(form))


@pytest.mark.parametrize("code", ["KeyError", "RuntimeError"])
def test_a_fault_of_our_own_is_shown_without_secrets(code: str) -> None:
    program = f"""
import sys
from campaign.cli import frame
def broken(**_more): raise {code}("https://x.test/?access_token={SECRET}")
frame.cli = broken
frame.main()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert SECRET not in done.stderr
