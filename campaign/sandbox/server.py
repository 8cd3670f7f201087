"""The program that runs the local world: one HTTP port for all platforms and the pages, one SMTP port for the mail.

``Sandbox`` runs it in a thread (tests, rehearsals, the demo); ``run_sandbox`` is the command.
"""

import asyncio
import importlib
import math
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from threading import Event, Thread
from types import TracebackType
from typing import Self

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount
from starlette.types import Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from campaign.clock import Clock, SystemClock
from campaign.errors import BadInput, WrongUse
from campaign.sandbox import mail, pages, panel
from campaign.sandbox.accounts import SandboxAccount, load_accounts
from campaign.sandbox.faults import Fault, read_faults
from campaign.sandbox.wires import TRANSPORT
from campaign.sandbox.world import World

PLATFORMS = ("x", "facebook", "linkedin")
BACKLOG = 1024
START_WAIT = 10.0
PORT_MAX = 65_535


class _Protocol(H11Protocol):
    """Uvicorn's protocol, with the connection's transport in the scope so that a fault can cut it."""

    def __init__(self, *arguments: object, **named: object) -> None:
        super().__init__(*arguments, **named)  # type: ignore[arg-type]  # whatever uvicorn gives
        inner = self.app

        async def with_transport(scope: Scope, receive: Receive, send: Send) -> None:
            scope[TRANSPORT] = self.transport
            await inner(scope, receive, send)

        self.app = with_transport

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Send small pieces at once: asyncio does so only for sockets it made, and Nagle costs 40 ms an answer."""
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(transport)


def build(world: World) -> Starlette:
    """Return the ASGI app over this world: the platforms under their names, the pages at the root."""
    mounts: list[BaseRoute] = [
        Mount(f"/{name}", routes=importlib.import_module(f"campaign.sandbox.{name}").routes(world))
        for name in PLATFORMS
    ]
    return Starlette(routes=[*mounts, *panel.routes(world), *pages.routes(world)])


class Sandbox:
    """The local world in a thread of its own. Port 0 takes a free port; the addresses are known after ``start``.

    ``accounts`` is a file that is read again whenever it changes, or the accounts themselves.
    """

    def __init__(
        self,
        *,
        accounts: Path | Iterable[SandboxAccount] | None = None,
        faults: Path | Iterable[Fault] | None = None,
        data: Path | None = None,
        listen: str = "127.0.0.1:0",
        smtp: str = "127.0.0.1:0",
        speed: float = 1.0,
        clock: Clock | None = None,
    ) -> None:
        if not 0 < speed < math.inf:
            raise WrongUse(problem=f"--speed {speed:g} is no speed", mend="Write a number above 0: 1 is as in life")
        self._listen, self._smtp = _place(listen), _place(smtp)
        self.world = World(data, clock or SystemClock(), speed=speed)
        self._file = _AccountsFile(self.world, accounts) if isinstance(accounts, Path) else None
        if not isinstance(accounts, Path):
            self.world.know(accounts or ())
        self.world.faults.replace(read_faults(faults) if isinstance(faults, Path) else faults or ())
        self._app = build(self.world)
        self._ready = Event()
        self._failure: Exception | None = None
        self._server: uvicorn.Server | None = None
        self._thread = Thread(target=self._run, name="sandbox", daemon=True)
        self.base_url = self.smtp_url = ""

    x_url = property(lambda self: f"{self.base_url}/x", doc="Where X's API is.")
    facebook_url = property(lambda self: f"{self.base_url}/facebook", doc="Where Facebook's Graph API is.")
    linkedin_url = property(lambda self: f"{self.base_url}/linkedin", doc="Where LinkedIn's API is.")

    @property
    def urls(self) -> dict[str, str]:
        """The four addresses by channel, as the first line of the command gives them."""
        platforms = {name: f"{self.base_url}/{name}" for name in PLATFORMS}
        return {**platforms, "smtp": self.smtp_url}

    def start(self) -> Self:
        """Begin to serve; returns when both ports answer. Raises WrongUse when one cannot be had."""
        self._thread.start()
        self._ready.wait(START_WAIT)
        if self._failure is not None:
            raise WrongUse(
                problem=f"The sandbox cannot listen: {self._failure}", mend="Give another --listen or --smtp"
            )
        return self

    def stop(self) -> None:
        """End; requests under way are cut after a second."""
        if self._server is not None:
            self._server.should_exit = True
        self._thread.join(START_WAIT)
        self.world.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except Exception as error:  # noqa: BLE001 - ``start`` tells whoever waits for it
            self._failure = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        with socket.create_server(self._listen, backlog=BACKLOG) as door:
            catcher = await mail.catch(self.world, asyncio.get_running_loop(), *self._smtp)
            self.base_url = f"http://{_spelt(door.getsockname())}"
            self.smtp_url = f"smtp://{_spelt(catcher.sockets[0].getsockname())}"
            self._server = uvicorn.Server(self._config())
            self._ready.set()
            try:
                await self._server.serve(sockets=[door])
            finally:
                catcher.close()

    def _config(self) -> uvicorn.Config:
        app = self._app

        async def reloading(scope: Scope, receive: Receive, send: Send) -> None:
            if self._file is not None:
                self._file.refresh()
            await app(scope, receive, send)

        return uvicorn.Config(
            reloading,
            http=_Protocol,
            ws="none",
            loop="asyncio",
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            backlog=BACKLOG,
            timeout_graceful_shutdown=1,
        )


class _AccountsFile:
    """Keeps the world's accounts equal to the file: partners are imported while the sandbox runs."""

    def __init__(self, world: World, path: Path) -> None:
        self._world, self._path = world, path
        self._seen: tuple[int, int] | None = None
        self._read(self._mark())

    def refresh(self) -> None:
        """Read the file if it changed. One that cannot be read, half written say, leaves the accounts as they are."""
        mark = self._mark()
        if mark != self._seen:
            try:
                self._read(mark)
            except (BadInput, OSError):
                self._seen = mark

    def _mark(self) -> tuple[int, int] | None:
        try:
            facts = self._path.stat()
        except OSError:
            return None
        return facts.st_mtime_ns, facts.st_size

    def _read(self, mark: tuple[int, int] | None) -> None:
        if mark is not None:
            self._world.know(load_accounts(self._path))
        self._seen = mark


def _place(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdecimal()) or int(port) > PORT_MAX:
        raise WrongUse(problem=f"{text!r} is no HOST:PORT", mend="Write it like 127.0.0.1:8100")
    return host.strip("[]") or "127.0.0.1", int(port)


def _spelt(address: tuple[str, int]) -> str:
    host, port = address[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def run_sandbox(
    listen: str,
    smtp: str,
    *,
    accounts: Path | None = None,
    faults: Path | None = None,
    data: Path | None = None,
    speed: float = 1.0,
    announce: Callable[[Mapping[str, str]], None],
    until: Event | None = None,
) -> None:
    """Run the sandbox until Ctrl-C, or until ``until`` is set. ``announce`` gets the four addresses first."""
    box = Sandbox(listen=listen, smtp=smtp, accounts=accounts, faults=faults, data=data, speed=speed).start()
    try:
        announce(box.urls)
        (until or Event()).wait()
    except KeyboardInterrupt:
        return  # Ctrl-C is how a person ends it
    finally:
        box.stop()
