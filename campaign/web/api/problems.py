"""What goes wrong, as problem+json (RFC 9457): a status, a title, what to do, and a name that programs can go by."""

from collections.abc import Callable, Mapping
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Receive, Scope, Send

from campaign.errors import BadInput, CampaignError, Changed, MoveRefused, NotAllowed, TurnedAway, UnknownName, Unread
from campaign.models.database import DatabaseAway
from campaign.scrubbing import scrub
from campaign.web.refusals import note

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_TITLES: Mapping[int, tuple[str, str]] = {
    400: ("bad-request", "The request cannot be read"),
    404: ("not-found", "There is no such thing"),
    405: ("method-not-allowed", "This address takes no such method"),
    413: ("too-long", "The request is too long"),
}


class SeenOthers(TurnedAway):
    """Others are there than you saw. Look again."""

    status, code = 409, "changed"


SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "title", "status", "code"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "A name that stays, for programs."},
        "detail": {"type": "string"},
        "errors": {"type": "array", "items": {"type": "object"}},
    },
}


def problem(
    status: int, code: str, title: str, detail: str = "", headers: Mapping[str, str] | None = None, **more: object
) -> Response:
    """Return a problem."""
    body = {"type": "about:blank", "title": title, "status": status, "code": code, **more}
    if detail:
        body["detail"] = detail
    return JSONResponse(body, status, dict(headers or {}), MEDIA_TYPE)


def add_problems(site: FastAPI) -> None:
    """Teach the API every problem."""

    def on(kind: type[Exception], answer: Callable[[Request, Any], Response]) -> None:
        site.add_exception_handler(kind, answer)

    on(TurnedAway, _turned_away)
    on(RequestValidationError, _unreadable)
    on(HTTPException, _http)
    on(CampaignError, _ours)
    on(DatabaseAway, lambda _request, _error: problem(503, "away", "The database does not answer; try again later"))
    on(Exception, _broken)


def _turned_away(request: Request, error: TurnedAway) -> Response:
    if error.noted:
        note(request, error.noted)
    title, mend = str(error).rstrip("."), str(error.facts.get("mend", ""))
    return problem(error.status, error.code, title, mend, error.headers)


def _unreadable(_request: Request, error: RequestValidationError) -> Response:
    errors = [
        {"field": ".".join(map(str, fault["loc"][1:])), "in": str(fault["loc"][0]), "problem": str(fault["msg"])}
        for fault in error.errors()
    ]
    return problem(422, "unreadable", "The request cannot be understood", errors=errors)


def _http(_request: Request, error: HTTPException) -> Response:
    code, title = _TITLES.get(error.status_code, ("refused", "The request was refused"))
    return problem(error.status_code, code, title, headers=error.headers)


def _ours(request: Request, error: CampaignError) -> Response:
    """Answer one of our own refusals; what is not there and what is another partner's look alike."""
    if isinstance(error, UnknownName):
        return problem(404, "not-found", "There is no such thing", str(error))
    if isinstance(error, NotAllowed):
        note(request, "no right")
        return problem(403, "not-allowed", "You may not do this", str(error))
    if isinstance(error, MoveRefused):
        return _refused(error)
    if isinstance(error, BadInput):
        errors = [
            {"field": one.field, "in": "fields", "problem": f"{one.problem}. {one.mend}"} for one in error.findings
        ]
        return problem(422, "bad-fields", "The fields do not do", str(error), errors=errors)
    return problem(422, "wrong-use", "This cannot be done", str(error))


def _refused(error: MoveRefused) -> Response:
    """Answer what the state of things does not allow."""
    if isinstance(error, Changed):
        return problem(409, "changed", "It changed since it was seen", str(error))
    if isinstance(error, Unread):
        return problem(409, "unread", "It has checks that nobody says they have read", str(error))
    return problem(409, "refused", "It cannot be done as things stand", str(error))


def _broken(request: Request, error: Exception) -> Response:
    log.error("a call failed", path=scrub(request.url.path), error=type(error).__name__)
    return problem(500, "broken", "Something is wrong with the service", "Nothing was half done. Try again later.")


class Bounded:
    """Refuses a body that is longer than any of ours, before it is read, whoever sends it. ``most`` says by method and
    path how many bytes it may have.
    """

    def __init__(self, app: ASGIApp, most: Callable[[str, str], int]) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is short enough."""
        answers = self._app
        if scope["type"] == "http":
            headers = dict(scope["headers"])
            length = headers.get(b"content-length", b"0")
            most = self._most(scope["method"], scope["path"])
            if b"transfer-encoding" in headers or not length.isdigit() or int(length) > most:
                answers = problem(413, "too-long", _TITLES[413][1])
        await answers(scope, receive, send)
