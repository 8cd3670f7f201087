"""The pages of the sandbox: every account's feed as a follower would see it, and the mailbox.

No asset comes from elsewhere, every value is escaped, and a mail's HTML stands in a frame that may load and run
nothing.
"""

from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Route

from campaign.sandbox.pages import feed, letters
from campaign.sandbox.world import World

Answer = Callable[[Request], Awaitable[Response]]

PLATFORMS = {"x": "X", "facebook": "Facebook", "linkedin": "LinkedIn"}
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' data:; frame-src 'self'"
SHOWN_POSTS = 100
SHOWN_MAILS = 100


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the pages."""
    shelf = _Shelf(world)
    return [
        Route("/", shelf.index),
        Route("/feed/{channel}/{external_id:path}", shelf.feed),
        Route("/mailbox", shelf.mailbox),
        Route("/mailbox/{number}", shelf.letter),
        Route("/media/{channel}/{media_id:path}", shelf.media),
    ]


@cache
def _templates() -> Environment:
    loader = FileSystemLoader(Path(__file__).parent)
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def page(world: World, name: str, status: int = 200, **facts: object) -> Response:
    """Return a page of this folder."""
    text = _templates().get_template(name).render(platforms=PLATFORMS, mails=world.mail_count(), **facts)
    return HTMLResponse(text, status, {"content-security-policy": POLICY, "cache-control": "no-store"})


class _Shelf:
    """Answers the pages over one world."""

    def __init__(self, world: World) -> None:
        self.world = world

    def _page(self, name: str, status: int = 200, **facts: object) -> Response:
        return page(self.world, name, status, **facts)

    def _lost(self, what: str) -> Response:
        return self._page("lost.html", 404, what=what, title="Not here")

    async def index(self, _request: Request) -> Response:
        """List the accounts by platform."""
        lists = {channel: feed.rows(self.world, channel) for channel in PLATFORMS}
        return self._page("index.html", lists=lists, title="Local platforms")

    async def feed(self, request: Request) -> Response:
        """Show one account's feed; ``?watch=1`` looks again every few seconds."""
        channel = request.path_params["channel"]
        account = self.world.account(channel, request.path_params["external_id"])
        if account is None or channel not in PLATFORMS:
            return self._lost("There is no such account on this platform.")
        posts = self.world.posts(channel, account.external_id, limit=SHOWN_POSTS)
        cards = [feed.card(self.world, post) for post in posts]
        watch = request.query_params.get("watch") == "1"
        title = f"{account.partner_name} on {PLATFORMS[channel]}"
        return self._page("feed.html", channel=channel, who=feed.face(account), cards=cards, watch=watch, title=title)

    async def mailbox(self, request: Request) -> Response:
        """List the mails, newest first, a page at a time."""
        number = request.query_params.get("page", "1")
        page = max(1, int(number)) if number.isdecimal() and len(number) < 9 else 1  # noqa: PLR2004 - a sane page
        found = self.world.mails(limit=SHOWN_MAILS, skip=(page - 1) * SHOWN_MAILS)
        more = self.world.mail_count() > page * SHOWN_MAILS
        lines = [letters.line(mail) for mail in found]
        return self._page("mailbox.html", lines=lines, page=page, more=more, title="Mailbox")

    async def letter(self, request: Request) -> Response:
        """Show one mail."""
        mail = self.world.mail(request.path_params["number"])
        if mail is None:
            return self._lost("There is no such message.")
        shown = letters.letter(mail)
        return self._page("letter.html", mail=shown, title=shown.line.subject)

    async def media(self, request: Request) -> Response:
        """Return the bytes of an upload; only images are shown as what they are."""
        upload = self.world.media(request.path_params["channel"], request.path_params["media_id"])
        if upload is None:
            return self._lost("There is no such picture.")
        kind = upload.mime if upload.mime in letters.IMAGES else "application/octet-stream"
        return Response(upload.data, media_type=kind, headers={"x-content-type-options": "nosniff"})
