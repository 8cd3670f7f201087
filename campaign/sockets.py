"""The connections beneath ``campaign.http``: a request goes out in one piece or not at all, and an answer is bounded in
time.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from typing import Any

import requests
import urllib3

Before = Callable[[], None]


class _Bounded(io.RawIOBase):
    """An answer's bytes with one bound on all of it: headers that drip outlast any bound on each wait."""

    def __init__(self, sock: socket.socket, raw: io.RawIOBase, wait: float) -> None:
        self._sock, self._raw, self._wait = sock, raw, wait
        self._end = time.monotonic() + 2 * wait

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer came too slowly")
        self._sock.settimeout(min(left, self._wait))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        with suppress(OSError):  # the next request on this connection gets the whole wait; a closed one needs none
            self._sock.settimeout(self._wait)
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        wait = sock.gettimeout()
        if wait is not None:
            self.fp = io.BufferedReader(_Bounded(sock, self.fp.detach(), wait))


class _Connection(urllib3.connection.HTTPConnection):
    """Asks ``before`` once it stands, and then writes the request in one piece, for ``patience`` seconds at most.

    A connection takes its time, TLS most of all: a hold that came meanwhile counts, and a process that was stopped
    meanwhile finds its lease gone. In two pieces a request could be begun in time and ended too late.
    """

    response_class = _Response

    def __init__(self, *args: Any, before: Before | None = None, patience: float, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._before = before
        self._patience = patience
        self._pieces: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """Write one request. Raises what ``before`` does, with nothing written, and NewConnectionError where the other
        side has closed the connection meanwhile.
        """
        pieces = self._pieces = list[bytes]()
        try:
            super().request(*args, **kwargs)
        finally:
            self._pieces = None
        whole = b"".join(pieces)
        if self.sock is None:
            self.connect()
        if self._before is not None:
            self._before()  # nothing that takes time may stand between this and the writing
            if self._is_closed():
                raise urllib3.exceptions.NewConnectionError(self, "it was closed before the request was written")
        self.sock.settimeout(self._patience)
        self.send(whole)

    def _is_closed(self) -> bool:
        """Say whether the other side has ended the connection, or says something that nobody asked for. A ticket of
        TLS, which may come at any time, is neither.
        """
        self.sock.settimeout(0)
        try:
            self.sock.recv(1)
        except (BlockingIOError, ssl.SSLWantReadError):
            return False
        except OSError:
            return True
        return True

    def send(self, data: Any) -> None:
        """Keep a piece of a request that is being made, else write."""
        if self._pieces is None:
            super().send(data)
        else:
            self._pieces.append(data)


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsConnection(_Connection, urllib3.connection.HTTPSConnection):
    """Tells a handshake that failed, before which nothing of ours was sent, from TLS that breaks in an answer."""

    def connect(self) -> None:
        try:
            super().connect()
        except (OSError, urllib3.exceptions.SSLError) as error:
            raise urllib3.exceptions.NewConnectionError(self, f"no TLS: {error}") from error


class _TlsPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class Adapter(requests.adapters.HTTPAdapter):
    """The adapter of requests over such connections; what the other side has not taken after ``read`` is dropped.

    The kernel goes on sending for a minute or two what a program has given up: when a dead line comes back a request
    would arrive whose post has been declared absent meanwhile.
    """

    pools: Mapping[str, type[urllib3.HTTPConnectionPool]] = {"http": _Pool, "https": _TlsPool}

    def __init__(self, read: float, before: Before | None = None) -> None:
        self._before = before
        self._read = read
        self._options = [*urllib3.connection.HTTPConnection.default_socket_options]
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux alone
            self._options.append((socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, max(1, int(read * 1000))))
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Let the connections be of our kinds."""
        super().init_poolmanager(*args, socket_options=self._options, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {
            scheme: partial(pool, before=self._before, patience=self._read) for scheme, pool in self.pools.items()
        }
