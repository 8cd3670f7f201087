"""The network between the daemons and the world: a line that carries bytes, and may be cut in mid-send."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from threading import Event, Thread
from types import TracebackType
from typing import Self

_PIECE = 64 * 1024


class Wire:
    """A TCP port on loopback that leads to another one. ``dropped`` counts the connections that a cut broke."""

    def __init__(self, host: str, port: int) -> None:
        self._beyond = (host, port)
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._run, name="wire", daemon=True)
        self._ready, self._end = Event(), asyncio.Event()
        self._open: set[asyncio.StreamWriter] = set()
        self._is_cut = False
        self.address = ""
        self.dropped = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait(10)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._soon(self._end.set)
        self._thread.join(10)

    def cut(self) -> int:
        """Break every connection, and each new one as soon as it is made. Returns how many were open."""
        before = self.dropped
        self._is_cut = True
        self._soon(self._break_all)
        return self.dropped - before

    def mend(self) -> None:
        """Let bytes through again."""
        self._is_cut = False

    @property
    def busy(self) -> bool:
        """Say whether a connection is open now."""
        return bool(self._open)

    def _soon(self, act: Callable[[], None]) -> None:
        done = Event()

        def acted() -> None:
            act()
            done.set()

        self._loop.call_soon_threadsafe(acted)
        done.wait(10)

    def _break_all(self) -> None:
        for side in self._open:
            side.transport.abort()
            self.dropped += 1

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, "127.0.0.1", 0, backlog=1024)
        self.address = "{}:{}".format(*server.sockets[0].getsockname()[:2])
        self._ready.set()
        await self._end.wait()
        server.close()
        self._break_all()
        await asyncio.sleep(0.1)  # what was broken ends by itself

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self._is_cut:
            back.transport.abort()
            self.dropped += 1
            return
        try:
            far, forth = await asyncio.open_connection(*self._beyond)
        except OSError:
            back.transport.abort()
            return
        self._open.add(back)
        try:
            await asyncio.gather(_pump(near, forth), _pump(far, back))
        finally:
            self._open.discard(back)
            for side in (back, forth):
                side.transport.abort()


async def _pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Carry bytes until one side ends; what ends it ends the other side too, as a router that forgets does."""
    with suppress(OSError):
        while piece := await source.read(_PIECE):
            sink.write(piece)
            await sink.drain()
    with suppress(OSError, RuntimeError):
        sink.close()
