"""An area of the pages: one module and one folder of templates. Each of its routes declares what it takes to enter."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from campaign.people import Right
from campaign.web.forms import MOST_BYTES
from campaign.web.guard import guarded
from campaign.web.visitor import SignInFirst, visitor


class Open(StrEnum):
    """What takes no right."""

    ANYONE = "anyone"
    SIGNED_IN = "whoever has signed in"
    MACHINES = "anyone, also a mail program that posts without a page of ours"


Need = Right | Open


@dataclass(frozen=True, slots=True)
class Tab:
    """A place of the service navigation, shown to whoever has the right, ``unless`` another leads there already."""

    title: str
    path: str
    right: Right
    unless: Right | None = None


class Area:
    """Routes that belong together. ``needs`` names for each route what it takes; the rights' test reads it."""

    def __init__(self, tab: Tab | None = None) -> None:
        self.tab = tab
        self.router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
        self.needs: dict[tuple[str, str], Need] = {}

    def get(self, path: str, needs: Need, *, head: bool = False) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register a page that only shows. ``head``: programs that check links ask it for its head alone."""
        return self._route("GET", path, needs, more=("HEAD",) if head else ())

    def post(
        self, path: str, needs: Need, *, most_bytes: int = MOST_BYTES
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Register what a form does; unless it is for machines, it is proven to come from a page of ours. A form that
        brings a file may be longer than others.
        """
        return self._route("POST", path, needs, most_bytes)

    def _route(
        self, method: str, path: str, needs: Need, most_bytes: int = MOST_BYTES, more: Sequence[str] = ()
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        methods = [method, *more]
        self.needs.update({(one, path): needs for one in methods})
        asked = [Depends(_admits(needs)), Depends(_takes(most_bytes))]
        if method == "POST" and needs is not Open.MACHINES:
            asked.append(Depends(guarded))
        return self.router.api_route(path, methods=methods, dependencies=asked, response_model=None)


def _admits(needs: Need) -> Callable[[Request], None]:
    """Return what lets in whoever has the right; it asks for no session where none is needed."""

    def admit(request: Request) -> None:
        if needs is Open.MACHINES:
            return
        who = visitor(request)
        if isinstance(needs, Right):
            who.actor.demand_passkey()
            who.actor.demand(needs)
        elif needs is Open.SIGNED_IN and who.person is None:
            raise SignInFirst(who.here)

    return admit


def _takes(most_bytes: int) -> Callable[[Request], None]:
    """Return what says how long the form of a request may be, before it is read."""

    def take(request: Request) -> None:
        request.state.most_bytes = most_bytes

    return take


__all__ = ["Area", "Need", "Open", "Tab"]
