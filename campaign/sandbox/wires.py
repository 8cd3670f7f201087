"""Answers that go wrong on the wire: cut connections, late, dripping and mangled bodies, as ASGI responses."""

import asyncio
import json
from collections.abc import Callable

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

TRANSPORT = "campaign.transport"
"""The key of the ASGI scope under which the server puts the connection's transport."""


class Drop(Response):
    """Cuts the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Cut it, and wait until the server has seen that, else it would answer 500 itself."""
        _cut(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


class CutBody(Response):
    """Announces the whole body, sends half of it and cuts the connection."""

    def __init__(self, whole: Response) -> None:
        super().__init__()
        self.whole = whole

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and half of the body, then cut."""
        await send({"type": "http.response.start", "status": self.whole.status_code, "headers": self.whole.raw_headers})
        body = bytes(self.whole.body)
        await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
        await asyncio.sleep(0.02)  # let the half leave: an abort throws away what is still in the buffer
        _cut(scope)
        while (await receive())["type"] != "http.disconnect":
            pass


class Late(Response):
    """Sends the answer after a while."""

    def __init__(self, whole: Response, seconds: float) -> None:
        super().__init__()
        self.whole = whole
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then send; no thread is held meanwhile."""
        await asyncio.sleep(self.seconds)
        await self.whole(scope, receive, send)


class Drip(Response):
    """Sends the body in many small pieces, spread over some seconds."""

    PIECES = 20

    def __init__(self, whole: Response, seconds: float) -> None:
        super().__init__()
        self.whole = whole
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's form
        """Send piece by piece."""
        await send({"type": "http.response.start", "status": self.whole.status_code, "headers": self.whole.raw_headers})
        body = bytes(self.whole.body)
        size = max(1, len(body) // self.PIECES)
        for start in range(0, len(body), size):
            await send({"type": "http.response.body", "body": body[start : start + size], "more_body": True})
            await asyncio.sleep(self.seconds / self.PIECES)
        await send({"type": "http.response.body", "body": b""})


def truncated(whole: Response) -> Response:
    """Return the answer with half of its body, honestly measured."""
    return _like(whole, bytes(whole.body)[: len(bytes(whole.body)) // 2])


def emptied(whole: Response) -> Response:
    """Return the answer without body and without the headers that name an id."""
    return _like(whole, b"", drop=_ID_HEADERS)


def as_html(whole: Response) -> Response:
    """Return a page of HTML with the answer's status, as an edge server gives one."""
    page = b"<!doctype html><html><body><h1>One moment, please</h1></body></html>"
    return Response(page, whole.status_code, media_type="text/html")


def untyped(whole: Response) -> Response:
    """Return the answer without its content type."""
    return _like(whole, bytes(whole.body), drop=("content-type",))


def without_id(whole: Response) -> Response:
    """Return the answer with no id in its JSON and its headers."""
    try:
        body = json.dumps(_no_ids(json.loads(bytes(whole.body)))).encode()
    except ValueError:
        body = bytes(whole.body)
    return _like(whole, body, drop=_ID_HEADERS)


MANGLED: dict[str, Callable[[Response], Response]] = {
    "truncated": truncated,
    "cut-body": CutBody,
    "empty-2xx": emptied,
    "html-2xx": as_html,
    "no-content-type": untyped,
    "id-less-2xx": without_id,
}
"""By kind of fault: what becomes of the answer."""

_ID_HEADERS = ("x-restli-id", "x-linkedin-id")


def _like(whole: Response, body: bytes, drop: tuple[str, ...] = ()) -> Response:
    headers = {name: value for name, value in whole.headers.items() if name not in {*drop, "content-length"}}
    return Response(body, whole.status_code, headers)


def _no_ids(value: object) -> object:
    if isinstance(value, dict):
        return {key: _no_ids(part) for key, part in value.items() if key not in {"id", "post_id"}}
    return [_no_ids(part) for part in value] if isinstance(value, list) else value


def _cut(scope: Scope) -> None:
    transport = scope.get(TRANSPORT)
    if not isinstance(transport, asyncio.Transport):
        raise RuntimeError("no transport in the ASGI scope: the sandbox's own server must carry this app")  # noqa: TRY004 - a wiring fault
    transport.abort()
