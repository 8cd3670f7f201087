"""Nudges over real sockets: heard when somebody listens, harmless when nobody does."""

import socket
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event

import pytest

from campaign.nudge import Listener, nudge, socket_path


@pytest.fixture
def workspace() -> Iterator[Path]:
    """Give a short folder: pytest's own may be too long for a socket."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def test_a_nudge_is_heard_at_once(workspace: Path) -> None:
    heard = Event()
    with Listener(workspace, heard.set) as listener:
        assert listener.listening
        for _ in range(3):
            nudge(workspace)
            assert heard.wait(5)
            heard.clear()


def test_nobody_listening_is_no_error(workspace: Path) -> None:
    nudge(workspace)
    nudge(workspace / "no such folder")


def test_a_dead_daemons_socket_is_no_error_and_is_replaced(workspace: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as dead:
        dead.bind(str(socket_path(workspace)))
    nudge(workspace)
    heard = Event()
    with Listener(workspace, heard.set):
        nudge(workspace)
        assert heard.wait(5)


def test_a_busy_listener_never_blocks_the_nudger(workspace: Path) -> None:
    go_on, calls = Event(), []

    def busy() -> None:
        calls.append(1)
        go_on.wait(20)

    with Listener(workspace, busy):
        began = time.monotonic()
        for _ in range(5000):
            nudge(workspace)
        assert time.monotonic() - began < 10
        go_on.set()
    assert 1 <= len(calls) < 5000


def test_closing_takes_the_socket_away_but_not_a_successors(workspace: Path) -> None:
    first = Listener(workspace, Event().set)
    heard = Event()
    second = Listener(workspace, heard.set)
    first.close()
    first.close()
    nudge(workspace)
    assert heard.wait(5)
    second.close()
    assert not socket_path(workspace).exists()


def test_the_socket_is_for_its_owner_alone(workspace: Path) -> None:
    with Listener(workspace, Event().set) as listener:
        assert listener.path.stat().st_mode & 0o777 == 0o600


def test_a_path_too_long_for_a_socket_gets_a_short_stand_in(workspace: Path) -> None:
    deep = workspace / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    assert socket_path(deep) != socket_path(deep.parent)
    heard = Event()
    with Listener(deep, heard.set) as listener:
        assert len(str(listener.path)) <= 100
        nudge(deep)
        assert heard.wait(5)


def test_a_folder_that_takes_no_socket_leaves_the_work_to_the_beat(
    workspace: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Listener(workspace / "missing", Event().set) as listener:
        assert not listener.listening
    assert "next beat" in caplog.text
