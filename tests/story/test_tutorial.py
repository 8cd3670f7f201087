"""The tutorial, word for word: its commands are run in order, and what they print is what the page shows."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from daemons import free_port

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial.md"
MARK = "---- block {} ----"


@dataclass(frozen=True)
class Block:
    kind: str
    text: str


def blocks(page: str) -> list[Block]:
    return [
        Block(kind, text) for kind, text in re.findall(r"^```(\w[^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ]


def settled(text: str) -> list[str]:
    """Return the lines without what differs from run to run: times, hashes, numbers of platforms, widths of columns."""
    for pattern, word in (
        (r"(?!2099)\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?", "TIME"),
        (r"utm_content=\w+", "TOKEN"),
        (r"\b[0-9a-f]{32}\b", "HASH"),
        (r"\d{9,}", "NUMBER"),
        (r"─+", ""),
    ):
        text = re.sub(pattern, word, text)
    return [line for line in (" ".join(line.split()) for line in text.splitlines()) if line]


@contextmanager
def standing(command: str, folder: Path, environ: dict[str, str], port: int) -> Iterator[None]:
    """Run what the page runs in its second terminal, until the first one is done."""
    arguments = [*command.split(), "--listen", f"127.0.0.1:{port}", "--smtp", f"127.0.0.1:{free_port()}"]
    with subprocess.Popen(arguments, cwd=folder, env=environ, stdout=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(timeout=60)


def wait_for(port: int, process: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and process.poll() is None:
        with closing(socket.socket()) as one:
            if one.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    pytest.fail("the sandbox of the tutorial does not answer")


def run(script: str, folder: Path, environ: dict[str, str]) -> str:
    done = subprocess.run(  # noqa: S603 - the page's own commands
        ["bash", "-eu", "-c", script],  # noqa: S607
        cwd=folder, env=environ, capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
    assert "Traceback" not in done.stderr
    return done.stdout


def test_every_command_of_the_tutorial_does_what_the_page_shows(tmp_path: Path) -> None:
    port = free_port()
    found = [
        Block(one.kind, one.text.replace("127.0.0.1:8100", f"127.0.0.1:{port}")) for one in blocks(PAGE.read_text())
    ]
    second = next(number for number, one in enumerate(found) if one.kind == "sh second-terminal")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environ = {**os.environ, "PATH": path, "CAMPAIGN__LOGGING__LEVEL": "warning"}

    shown, _ = printed(found[:second], tmp_path, environ)
    with standing(found[second].text, tmp_path / "first", environ, port):
        later, log = printed(found[second + 1 :], tmp_path / "first", environ)

    wanted = [settled(one.text) for one in found if one.kind == "text"]
    assert len(wanted) > 5
    for page, real in zip(wanted, shown + later, strict=True):
        assert real == page
    assert any(re.search(r"oak facebook 1 hello [12]s \d+ \d+", line) for line in log)


def printed(parts: list[Block], folder: Path, environ: dict[str, str]) -> tuple[list[list[str]], list[str]]:
    """Run the blocks as one shell session; return what was printed before each block to compare, and after the last."""
    script = []
    for number, one in enumerate(parts):
        if one.kind == "sh":
            script.append(one.text)
        if one.kind == "text":
            script.append(f"echo '{MARK.format(number)}'\n")
    script.append("echo\n")
    pieces = re.split(r"^---- block \d+ ----$", run("".join(script), folder, environ), flags=re.MULTILINE)
    return [settled(piece) for piece in pieces[:-1]], settled(pieces[-1])
