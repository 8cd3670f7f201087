"""/u/<token>: the public address in every newsletter at which a reader leaves its list (RFC 8058)."""

import re

from fastapi.responses import Response

from campaign.models import mailing
from campaign.web.area import Area, Open
from campaign.web.visitor import Anyone

area = Area()


@area.get("/u/{token}", Open.MACHINES)
def ask(token: str, who: Anyone) -> Response:
    """Ask for a confirmation. A GET never unsubscribes: mail scanners fetch every link."""
    who.house.rates.spend("link", who.address)
    with who.reading() as session:
        found = mailing.subscriber_by_token(session, token) if _is_token(token) else None
        names = mailing.speakers(session, found.list_id) if found else []
    return _page(who, "ask", names) if found else _unknown(who)


@area.post("/u/{token}", Open.MACHINES)
def leave(token: str, who: Anyone) -> Response:
    """Take the reader off the list: one click, no cookie, no sign-in, no redirect (RFC 8058 §3.1)."""
    who.house.rates.spend("link", who.address)
    with who.house.app.database.write() as session:
        found = mailing.unsubscribe(session, token, who.house.now()) if _is_token(token) else None
        names = mailing.speakers(session, found.list_id) if found else []
    if "text/html" not in who.request.headers.get("accept", ""):
        return Response(status_code=200 if found else 404)
    return _page(who, "left", names) if found else _unknown(who)


def _is_token(text: str) -> bool:
    """Say whether this could be a token of ours; PostgreSQL answers some other texts (a NUL) with an error."""
    return re.fullmatch(r"[\w.-]{1,200}", text, re.ASCII) is not None


def _page(who: Anyone, name: str, names: list[str]) -> Response:
    """Return a page; ``names`` are those of the partners whose newsletter it is about."""
    return who.page(f"unsubscribe/{name}.html", whose=" and ".join(names))


def _unknown(who: Anyone) -> Response:
    return who.page("unsubscribe/unknown.html", status=404)
