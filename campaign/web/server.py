"""Serving the site with uvicorn: in the foreground for `campaign serve`, in a thread for `campaign run --web`."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

from campaign.errors import WrongUse

_STOP_SECONDS = 5
_BACKLOG = 256


_PAGES = "[web] listen"


def serve(site: FastAPI, listen: str) -> None:
    """Serve until SIGINT or SIGTERM. Raises WrongUse when the address cannot be had."""
    with _door(listen, _PAGES) as door:
        uvicorn.Server(_config(site)).run(sockets=[door])


@contextmanager
def serving(site: FastAPI, listen: str, setting: str = _PAGES) -> Iterator[str]:
    """Serve in a thread while the block runs; gives the address. Raises WrongUse when it cannot be had.

    ``listen`` is host and port as config.toml has them, ``setting`` the key to name when they cannot be had.
    """
    with _door(listen, setting) as door:
        server = uvicorn.Server(_config(site))
        thread = Thread(target=server.run, kwargs={"sockets": [door]}, name="web", daemon=True)
        thread.start()
        try:
            yield f"http://{listen.rpartition(':')[0]}:{door.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(_STOP_SECONDS)


def _door(listen: str, setting: str) -> socket.socket:
    # Opened here and not by uvicorn, whose thread would end with a log line while the daemon went on without its pages.
    host, _, port = listen.rpartition(":")
    bare = host.strip("[]")
    family = socket.AF_INET6 if ":" in bare else socket.AF_INET
    try:
        return socket.create_server((bare, int(port)), family=family, backlog=_BACKLOG)
    except OSError as error:
        problem = f"Nobody can listen on {listen} ({error.strerror or error})"
        raise WrongUse(problem=problem, mend=f"Give another address in {setting}.") from error


def _config(site: FastAPI) -> uvicorn.Config:
    return uvicorn.Config(
        site, log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=_STOP_SECONDS
    )
