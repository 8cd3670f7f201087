"""Serving the site with uvicorn: in the foreground for `campaign serve`, in a thread for `campaign run --web`."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread

import uvicorn
from fastapi import FastAPI

_STOP_SECONDS = 5


def serve(site: FastAPI, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    uvicorn.Server(_config(site, host, port)).run()


@contextmanager
def serving(site: FastAPI, host: str, port: int) -> Iterator[None]:
    """Serve in a thread while the block runs."""
    server = uvicorn.Server(_config(site, host, port))
    thread = Thread(target=server.run, name="web", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(_STOP_SECONDS)


def _config(site: FastAPI, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        site, host=host, port=port, log_level="warning", access_log=False, timeout_graceful_shutdown=_STOP_SECONDS
    )
