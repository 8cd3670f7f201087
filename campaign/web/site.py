"""The site: a first page, what is watched, and /u/<token>, the public unsubscribe address of RFC 8058."""

import re
from collections.abc import Sequence
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from campaign.clock import Clock
from campaign.metrics import Metrics
from campaign.models import Database, mailing
from campaign.web.watching import add_watching, bare_site

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self' 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


def site(database: Database, clock: Clock, metrics: Metrics) -> FastAPI:
    """Return the ASGI application."""
    app = add_watching(bare_site(), database, clock, metrics)

    @app.get("/")
    def home() -> Response:
        """Say what is served here, until the pages come."""
        return _page("home.html")

    @app.get("/u/{token}")
    def ask(token: str) -> Response:
        """Ask for a confirmation. A GET never unsubscribes: mail scanners fetch every link."""
        with database.read() as session:
            found = mailing.subscriber_by_token(session, token) if _is_token(token) else None
            names = mailing.speakers(session, found.list_id) if found else []
        return _page("confirm.html", names=names) if found else _page("unknown.html", status=404)

    @app.post("/u/{token}")
    def leave(token: str, request: Request) -> Response:
        """Take the reader off the list: one click, no cookie, no sign-in, no redirect (RFC 8058 §3.1)."""
        with database.write() as session:
            found = mailing.unsubscribe(session, token, clock.now()) if _is_token(token) else None
            names = mailing.speakers(session, found.list_id) if found else []
        if "text/html" not in request.headers.get("accept", ""):
            return Response(status_code=200 if found else 404)
        return _page("left.html", names=names) if found else _page("unknown.html", status=404)

    return app


def _is_token(text: str) -> bool:
    """Say whether this could be a token of ours; PostgreSQL answers some other texts (a NUL) with an error."""
    return re.fullmatch(r"[\w.-]{1,200}", text, re.ASCII) is not None


def _page(name: str, *, status: int = 200, names: Sequence[str] = ()) -> HTMLResponse:
    """Return a page; ``names`` are those of the partners whose newsletter it is about."""
    text = _PAGES.get_template(name).render(whose=" and ".join(names))
    return HTMLResponse(text, status_code=status, headers=_HEADERS)
