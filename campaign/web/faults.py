"""When a page cannot be had: each fault as a page that says what happened and what to do next."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import RedirectResponse, Response
from starlette.exceptions import HTTPException

from campaign.errors import CampaignError, MoveRefused, NotAllowed, TurnedAway, UnknownName
from campaign.models.database import DatabaseAway
from campaign.seats import Busy
from campaign.web.guard import Forged
from campaign.web.headers import headers
from campaign.web.rates import TooMany
from campaign.web.refusals import note
from campaign.web.visitor import Detour, Visitor
from campaign.web.words import without_commands

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fault:
    """What a fault's page says: its title and its first words."""

    title: str
    words: str


NOT_FOUND = Fault("Page not found", "If you typed the web address, check that it is correct.")
NOT_ALLOWED = Fault("You cannot do this", "Your role does not allow it. Ask an admin if you think it should.")
FORGED = Fault("This page has gone out of date", "Go back, load the page again, then send the form once more.")
CLASH = Fault("This could not be done", "Something has changed since you opened the page. Look at it again.")
WRONG = Fault("There is a problem with what you sent", "Go back and check it.")
BROKEN = Fault("Sorry, there is a problem with the service", "Try again later. Nothing that you sent was half done.")
TOO_MANY = Fault("Too many tries", "Wait a few minutes, then try again.")
BUSY = Fault("The service is busy", "Nothing has changed. Wait a minute, then go back and try again.")
_TURNED_AWAY: Mapping[type[TurnedAway], Fault] = {Forged: FORGED, TooMany: TOO_MANY, Busy: BUSY}
_BY_STATUS: Mapping[int, Fault] = {404: NOT_FOUND, 403: NOT_ALLOWED, 405: NOT_FOUND, 422: WRONG}


def add_faults(site: FastAPI) -> None:
    """Teach the site every fault."""

    def on(kind: type[Exception], answer: Callable[[Request, Any], Response]) -> None:
        site.add_exception_handler(kind, answer)

    on(Detour, lambda _request, detour: RedirectResponse(detour.address, HTTPStatus.SEE_OTHER))
    on(TurnedAway, _turned_away)
    on(RequestValidationError, lambda request, _error: _page(request, WRONG, HTTPStatus.UNPROCESSABLE_ENTITY))
    on(HTTPException, _http)
    on(CampaignError, _ours)
    on(DatabaseAway, _broken)
    on(Exception, _broken)


def _page(request: Request, fault: Fault, status: int, said: str = "") -> Response:
    """Return the fault's page in the visitor's frame, as far as it is known who asks."""
    house = request.app.state.house
    who = getattr(request.state, "visitor", None) or Visitor(request, house, None, None)
    return who.page("fault/fault.html", status=status, fault=fault, said=said)


def _turned_away(request: Request, error: TurnedAway) -> Response:
    if error.noted:
        note(request, error.noted)
    answer = _page(request, _TURNED_AWAY.get(type(error), WRONG), error.status)
    answer.headers.update(error.headers)
    return answer


def _http(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return _page(request, _BY_STATUS.get(status, WRONG), status)


def _ours(request: Request, error: Exception) -> Response:
    """Answer one of our own refusals; what is not there and what is another partner's look alike."""
    said = without_commands(str(error))
    if isinstance(error, UnknownName):
        return _page(request, NOT_FOUND, HTTPStatus.NOT_FOUND)
    if isinstance(error, NotAllowed):
        note(request, "no right")
        return _page(request, NOT_ALLOWED, HTTPStatus.FORBIDDEN, said)
    if isinstance(error, MoveRefused):
        return _page(request, CLASH, HTTPStatus.CONFLICT, said)
    return _page(request, WRONG, HTTPStatus.UNPROCESSABLE_ENTITY, said)


def _broken(request: Request, error: Exception) -> Response:
    """Answer what nobody foresaw. It asks the database nothing: that may be what is broken."""
    # The pattern and not the path: an invitation's secret stands in its path.
    log.error("a page failed", path=getattr(request.scope.get("route"), "path", ""), error=type(error).__name__)
    house = request.app.state.house
    text = house.pages.render("fault/fault.html", fault=BROKEN, said="", path=request.url.path, tabs=[])
    # Starlette answers this one outside of every middleware.
    return Response(text, 500, headers(house.pages.inline_script, secure=house.cookie.secure), "text/html")
