"""A relay before a local platform, which asks a question at the first byte of every connection, before it passes on."""

import socket
from collections.abc import Callable
from threading import Thread
from types import TracebackType
from typing import Self
from urllib.parse import SplitResult


class Relay:
    """Passes bytes between who calls ``url`` and the platform at ``target``. ``ask`` runs before the first goes on."""

    def __init__(self, target: SplitResult) -> None:
        self._target = target
        self.ask: Callable[[], None] = lambda: None
        self._door = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._door.getsockname()[1]}{target.path}"
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self._door.accept()
            except OSError:
                return
            Thread(target=self._pass, args=(caller,), daemon=True).start()

    def _pass(self, caller: socket.socket) -> None:
        with caller, socket.create_connection((str(self._target.hostname), self._target.port or 80)) as platform:
            begun = caller.recv(65536)
            self.ask()
            platform.sendall(begun)
            back = Thread(target=_pour, args=(platform, caller), daemon=True)
            back.start()
            _pour(caller, platform)
            back.join(5)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._door.close()


def _pour(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return  # the other side has gone, and so has what it would have said
