"""The daemon in a process of its own, for tests that look at it from outside."""

import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from workshop import CAMPAIGN


@contextmanager
def daemon(folder: Path, environ: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """A daemon that listens already; it must end well when it is told to."""
    log = folder / "daemon.log"
    with log.open("wb") as words:
        process = subprocess.Popen(  # noqa: S603 - our own program
            [str(CAMPAIGN), "-w", str(folder), "run"], stdout=words, stderr=words, env=os.environ | dict(environ or {})
        )
    try:
        assert comes_true(60, (folder / ".campaign.sock").exists), log.read_text()
        yield process
        assert process.poll() is None, log.read_text()
        process.terminate()
        assert process.wait(30) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port that nobody listens on just now."""
    with socket.create_server((host, 0)) as door:
        return int(door.getsockname()[1])


def comes_true(seconds: float, look: Callable[[], bool], *, every: float = 0.1) -> bool:
    """Look ``every`` so many seconds until it is so, for ``seconds`` at most; say whether it was."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if look():
            return True
        time.sleep(every)
    return False
