"""Nudges: a writing command tells the daemon of its workspace to look at the tables now.

One datagram over a Unix socket in the workspace, best effort: nobody waits for it and nothing depends on it, because
the daemon's beat finds what a lost nudge did not tell. A datagram carries nothing, so a forged one costs a look.
"""

import contextlib
import hashlib
import logging
import os
import selectors
import socket
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Self

SOCKET_NAME = ".campaign.sock"
_LONGEST = 100
"""Bytes of a socket's path: Linux holds 107 and a closing zero, macOS 103 (unix(7), sun_path)."""
_LOOK = b"look"
_log = logging.getLogger(__name__)


def socket_path(workspace: Path) -> Path:
    """Return where the daemon of this workspace listens; a path too long for a socket gets a short stand-in.

    The stand-in lies in the temp directory under the digest of the workspace's path and the user's id.
    """
    path = workspace.resolve() / SOCKET_NAME
    if len(os.fsencode(path)) <= _LONGEST:
        return path
    name = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
    return Path(tempfile.gettempdir()) / f"campaign-{os.getuid()}-{name}.sock"


def nudge(workspace: Path) -> None:
    """Tell the daemon to look now. Never raises and never blocks: nobody may be there, or be busy already."""
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as wire:
        wire.setblocking(False)
        wire.sendto(_LOOK, os.fspath(socket_path(workspace)))


class Listener:
    """Calls ``on_nudge`` in a thread of its own whenever somebody nudges this workspace.

    ``on_nudge`` should only set a flag: nudges that come while it runs fold into one more call. A socket left by a
    daemon that died is replaced; that only one process dispatches is what the database's lock sees to. Where the
    folder takes no socket (some network drives) ``listening`` is False and the beat alone does the work.
    """

    def __init__(self, workspace: Path, on_nudge: Callable[[], None]) -> None:
        self.path = socket_path(workspace)
        self._on_nudge = on_nudge
        self._wire = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._wire.setblocking(False)
        self._inode = _bound(self._wire, self.path)
        self._ear, self._mouth = socket.socketpair()
        self._thread = Thread(target=self._listen, name="nudges", daemon=True)
        self._thread.start()

    @property
    def listening(self) -> bool:
        """Say whether nudges can arrive."""
        return self._inode is not None

    def __enter__(self) -> Self:
        """Return the listener; it listens since it was made."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop listening."""
        self.close()

    def close(self) -> None:
        """Stop listening, wait for a call under way, and take the socket away."""
        if not self._thread.is_alive():
            return
        self._mouth.send(b".")
        self._thread.join()
        for wire in (self._wire, self._ear, self._mouth):
            wire.close()
        with contextlib.suppress(OSError):
            # A newer daemon may have put its own socket there.
            if self.path.stat().st_ino == self._inode:
                self.path.unlink()

    def _listen(self) -> None:
        with selectors.DefaultSelector() as awaited:
            awaited.register(self._wire, selectors.EVENT_READ)
            awaited.register(self._ear, selectors.EVENT_READ)
            while self._ear not in [key.fileobj for key, _ in awaited.select()]:
                _drain(self._wire)
                self._on_nudge()


def _bound(wire: socket.socket, path: Path) -> int | None:
    """Put the socket at ``path``, for this user alone; return its inode, None where it cannot be there."""
    try:
        path.unlink(missing_ok=True)
        wire.bind(os.fspath(path))
        path.chmod(0o600)
        return path.stat().st_ino
    except OSError as error:
        _log.warning("no nudges at %s (%s): changes are seen at the next beat", path, error.strerror)
        return None


def _drain(wire: socket.socket) -> None:
    with contextlib.suppress(BlockingIOError):
        while True:
            wire.recv(64)
