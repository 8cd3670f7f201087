"""/l/<token>/<number>: where a link of a newsletter leads through, so that clicks are counted; how many, never whose.

It leads to what the issue's own words name and nowhere else. There is no cookie, and nothing of the reader is kept.
"""

import re
from collections.abc import Mapping

import structlog
from fastapi.responses import RedirectResponse, Response
from sqlmodel import Session

from campaign.models import clicks
from campaign.models.database import DatabaseAway
from campaign.newsletter.render import links
from campaign.web.area import Area, Open
from campaign.web.visitor import Anyone

log = structlog.get_logger(__name__)
area = Area()

_TOKEN = re.compile(r"[a-z0-9]{1,40}")
_NUMBER = re.compile(r"[0-9]{1,3}")
_PROGRAMS = re.compile(
    r"bot|crawl|spider|scan|preview|fetch|curl|wget|python|java/|go-http|okhttp|headless|proofpoint|mimecast|barracuda|"
    r"safelinks|symantec|trendmicro|cisco|forcepoint|googleimageproxy",
    re.IGNORECASE,
)


@area.get("/l/{token}/{number}", Open.ANYONE, head=True)
def follow(token: str, number: str, who: Anyone) -> Response:
    """Lead on to the address of a link, and count that. Whatever the count meets, the reader gets where they want."""
    who.house.rates.spend("link", who.address)
    if not _TOKEN.fullmatch(token) or not _NUMBER.fullmatch(number):
        return _unknown(who)
    with who.reading() as session:
        found = _address(session, who, token, int(number))
    if found is None:
        return _unknown(who)
    post_id, address = found
    day = f"{who.house.now().astimezone(who.house.zone):%Y-%m-%d}"
    machine = who.request.method == "HEAD" or is_program(who.request.headers)
    try:
        with who.house.app.database.write() as session:
            clicks.count(session, post_id, int(number), day, machine=machine)
    except DatabaseAway as error:
        log.warning("a click was not counted", post=post_id, error=str(error.__cause__ or error).splitlines()[0])
    return RedirectResponse(address, 302, {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"})


def is_program(headers: Mapping[str, str]) -> bool:
    """Say whether a program follows the link, as far as it says so itself: by its name or without one, by fetching
    ahead, or by wanting no page.
    """
    name, ahead = headers.get("user-agent", ""), headers.get("sec-purpose", "") + headers.get("purpose", "")
    return (
        not name or bool(_PROGRAMS.search(name)) or "prefetch" in ahead or "text/html" not in headers.get("accept", "")
    )


def _address(session: Session, who: Anyone, token: str, number: int) -> tuple[int, str] | None:
    post = clicks.issue(session, token)
    if post is None:
        return None
    draft = who.house.app.contents.draft(post)
    if draft.envelope is None or not draft.envelope.counts_clicks:
        return None
    addresses = links(draft.words)
    return (post.ident, addresses[number]) if number < len(addresses) else None


def _unknown(who: Anyone) -> Response:
    return who.page("links/unknown.html", status=404)
