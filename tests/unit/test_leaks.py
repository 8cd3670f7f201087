"""The watch for secrets sees what it is for: a watch that sees nothing would let every test pass."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import leaks
import pytest

from campaign.clock import SystemClock
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.world import World
from campaign.vault import Vault, create_key

TOKEN = "made-up-7431"


@pytest.fixture
def world() -> World:
    account = SandboxAccount("x", "1", "@x", "oak", "Oak", credentials={"access_token": TOKEN, "client_id": "open"})
    return World(None, SystemClock(), accounts=[account])


def test_what_a_platform_knows_and_gives_out_is_known(world: World) -> None:
    world.keep("x/access/minted-7431", {"account": "1"})
    assert {TOKEN, "minted-7431"} <= leaks.known
    assert "open" not in leaks.known


def test_what_is_sealed_is_known(tmp_path: Path) -> None:
    create_key(tmp_path / "key")
    Vault(tmp_path / "key").seal({"refresh_token": "sealed-7431"}, "oak")
    assert "sealed-7431" in leaks.known


def test_a_secret_in_a_text_or_a_file_is_found(world: World, tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match=TOKEN):
        leaks.check(f"GET /?access_token={TOKEN}", "a log")
    leaks.check("GET /?access_token=…", "a log")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "campaign.db").write_bytes(b"\0\1" + TOKEN.encode() + b"\xff")
    (tmp_path / "daemon.log").write_text("all is well\n")
    (tmp_path / "facts.json").write_text(json.dumps([{"token": TOKEN}]))
    found = leaks.left_in(tmp_path)
    assert {Path(path).name for path in found} == {"campaign.db", "facts.json"}


def test_files_that_bring_a_secret_in_are_left_aside(world: World, tmp_path: Path) -> None:
    (tmp_path / "oak-x.json").write_text(json.dumps({"access_token": TOKEN}))
    (tmp_path / "sandbox.db").write_text(TOKEN)
    assert leaks.left_in(tmp_path) == {}


INNER = """
import logging, sys
import leaks

def test_clean(tmp_path):
    leaks.know(["made-up-7431"])
    print("all is well")

def test_out(tmp_path):
    leaks.know(["made-up-7431"])
    print("made-up-7431")

def test_err(tmp_path):
    leaks.know(["made-up-7431"])
    sys.stderr.write("made-up-7431")

def test_log(tmp_path):
    leaks.know(["made-up-7431"])
    logging.warning("%s", "made-up-7431")

def test_file(tmp_path):
    leaks.know(["made-up-7431"])
    (tmp_path / "daemon.log").write_text("made-up-7431")
"""


@pytest.mark.thorough
def test_a_test_that_writes_a_secret_anywhere_fails(tmp_path: Path) -> None:
    """Tests of the kind contract run under this very conftest, in a process of their own."""
    inner = tmp_path / "contract" / "test_inner.py"
    inner.parent.mkdir()
    inner.write_text(INNER)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:randomly", "-p", "conftest"]
    done = subprocess.run(  # noqa: S603 - our own interpreter
        [*command, "--rootdir", str(tmp_path), "-c", os.devnull, str(inner)],
        capture_output=True,
        text=True,
        timeout=120,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1]), "PYTEST_ADDOPTS": ""},
        check=False,
    )
    caught = set(re.findall(r"::(test_\w+) wrote secrets", done.stdout))
    assert caught == {"test_out", "test_err", "test_log", "test_file"}, done.stdout
    assert done.returncode == 1
