"""The emulator of X's API v2: its addresses, and what happens to every call before an endpoint sees it.

Sources: X API v2 reference and X's OpenAPI documents 2.166 and 2.167, which its answers are tested against. Order of
the checks: token, limits, credits, then the endpoint's own.
"""

import base64
import json
import secrets
from collections.abc import Awaitable, Callable

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from campaign.errors import Declined
from campaign.sandbox import x_media, x_read, x_write
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.calls import answered, hangs, respond
from campaign.sandbox.consent import consent_page
from campaign.sandbox.world import World
from campaign.sandbox.x_auth import MANNER, Door
from campaign.sandbox.x_bill import app_of
from campaign.sandbox.x_call import Call
from campaign.sandbox.x_problem import manners, out_of_credits, throttled
from campaign.sandbox.x_rates import CREATES_PER_DAY, Rates

Handle = Callable[[Call], Response]

ENDPOINTS: tuple[tuple[str, str, str, Handle], ...] = (
    ("POST", "/2/tweets", "create", x_write.create),
    ("GET", "/2/tweets", "read", x_read.by_ids),
    ("DELETE", "/2/tweets/{id}", "delete", x_write.delete),
    ("GET", "/2/tweets/{id}", "read", x_read.by_id),
    ("GET", "/2/users/me", "read", x_read.me),
    ("GET", "/2/users/{id}/tweets", "list", x_read.of_user),
    ("POST", "/2/users/{id}/retweets", "create", x_write.repost),
    ("DELETE", "/2/users/{id}/retweets/{source_tweet_id}", "delete", x_write.unrepost),
    ("POST", "/2/media/upload", "upload", x_media.one_shot),
    ("GET", "/2/media/upload", "upload", x_media.state),
    ("POST", "/2/media/upload/initialize", "upload", x_media.start),
    ("POST", "/2/media/upload/{id}/append", "upload", x_media.append),
    ("POST", "/2/media/upload/{id}/finalize", "upload", x_media.finalize),
    ("POST", "/2/media/metadata", "upload", x_media.describe),
)
"""Method, path, name for the faults, and what answers."""


def routes(world: World) -> list[BaseRoute]:
    """Return the routes, to be mounted anywhere."""
    gate = _Gate(world)
    found: list[BaseRoute] = [
        Route(path, gate.endpoint(method, path, name, handle), methods=[method])
        for method, path, name, handle in ENDPOINTS
    ]
    return [
        *found,
        Route("/2/oauth2/token", gate.token, methods=["POST"]),
        Route("/i/oauth2/authorize", consent_page(world, MANNER), methods=["GET", "POST"]),
    ]


class _Gate:
    """Runs every call: fault, token, limits, credits, endpoint, headers."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.door = Door(world)
        self.rates = Rates(world)

    def endpoint(self, method: str, path: str, name: str, handle: Handle) -> Callable[[Request], Awaitable[Response]]:
        """Return the route's function."""

        async def run(request: Request) -> Response:
            body = await _as_json(request)
            kind = "measure" if "metrics" in request.url.query else name

            def make() -> Response:
                return self._made(f"{method} {path}", request, body, handle)

            return respond(self.world, "x", kind if name == "read" else name, manners(self.world.clock), make)

        return run

    async def token(self, request: Request) -> Response:
        """Answer POST /2/oauth2/token."""
        body = await request.body()
        return respond(self.world, "x", "token", manners(self.world.clock), lambda: self.door.token(request, body))

    def _made(self, place: str, request: Request, body: bytes, handle: Handle) -> Response:
        account, signed = self.door.let_in(request, body)
        if (never := hangs(self.world, "x", [account.external_id])) is not None:
            return never
        fits, headers = self._counted(account, place)
        if not fits:
            refusal = throttled(self.world.clock, 0)
            refusal.headers.update(headers)
            return refusal
        try:
            self._charge(account)
            answer = handle(Call(self.world, request, body, account, signed))
        except Declined as declined:
            answer = answered(declined)
        answer.headers.update(headers)
        return answer

    def _counted(self, account: SandboxAccount, place: str) -> tuple[bool, dict[str, str]]:
        """Count the call; ``x.rate_factor`` widens every limit, ``x.creates_per_day`` sets that of 24 hours."""
        factor, per_day = (self.world.switches.get(f"x.{name}") for name in ("rate_factor", "creates_per_day"))
        fits, headers = self.rates.take(
            account.external_id,
            app_of(account),
            place,
            factor=float(factor) if isinstance(factor, (int, float)) else 1.0,
            per_day=per_day if isinstance(per_day, int) else CREATES_PER_DAY,
        )
        return fits, {**headers, "x-transaction-id": secrets.token_hex(8), "api-version": "2.167"}

    def _charge(self, account: SandboxAccount) -> None:
        """Decline with 402 while the switch ``x.out_of_credits`` is true, or lists this account."""
        switch = self.world.switches.get("x.out_of_credits", False)
        if switch is True or (isinstance(switch, list) and account.external_id in switch):
            raise out_of_credits()


async def _as_json(request: Request) -> bytes:
    """Return the body; a multipart one, which the media endpoints take too, in the form of its JSON twin."""
    body = await request.body()
    if not request.headers.get("content-type", "").startswith("multipart/"):
        return body
    fields: dict[str, object] = {}
    async with request.form() as form:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                fields[name] = base64.b64encode(await value.read()).decode()
            else:
                fields[name] = int(value) if value.isdecimal() else value
    return json.dumps(fields).encode()
