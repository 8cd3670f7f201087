"""A platform that is not the bottleneck: takes every create of X, Facebook and LinkedIn, and notes when each came.

It knows nothing of rules (the sandbox does); it answers as fast as one Python process can. `python -m
benchmarks.platforms` prints its port; `GET /arrivals` returns the instants at which creates came, and forgets them.
"""

import asyncio
import itertools
import json
import time
from collections.abc import Iterator
from typing import ClassVar

_EPOCH_MS = 1_288_834_974_657


class Platform(asyncio.Protocol):
    """One connection."""

    arrivals: ClassVar[list[float]] = []
    numbers: ClassVar[Iterator[int]] = itertools.count(1)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.read = b""

    def data_received(self, data: bytes) -> None:
        self.read += data
        while True:
            head, gap, rest = self.read.partition(b"\r\n\r\n")
            length = _length(head)
            if not gap or len(rest) < length:
                return
            self.read = rest[length:]
            self.transport.write(self.answer(head))  # type: ignore[attr-defined] # asyncio names the transport of a stream so widely

    def answer(self, head: bytes) -> bytes:
        line = head.split(b"\r\n", 1)[0]
        if line.startswith(b"GET /arrivals"):
            found, Platform.arrivals = Platform.arrivals, []
            return _http(b"200 OK", json.dumps(found).encode())
        Platform.arrivals.append(time.time())
        number = next(Platform.numbers)
        if b"/2/tweets" in line:
            snowflake = ((int(time.time() * 1000) - _EPOCH_MS) << 22) + number
            return _http(b"201 Created", b'{"data":{"id":"%d","text":"as sent"}}' % snowflake)
        if b"/feed" in line:
            body = b'{"id":"1_%d","permalink_url":"http://f/%d","created_time":"2026-01-01T00:00:00+0000"}'
            return _http(b"200 OK", body % (number, number))
        return _http(b"201 Created", b"", b"x-restli-id: urn:li:share:%d\r\n" % number)


def _length(head: bytes) -> int:
    lowered = head.lower()
    at = lowered.find(b"content-length:")
    return int(lowered[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


def _http(status: bytes, body: bytes, more: bytes = b"") -> bytes:
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\n%sContent-Length: %d\r\n\r\n"
    return head % (status, more, len(body)) + body


async def _serve() -> None:
    server = await asyncio.get_running_loop().create_server(Platform, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
