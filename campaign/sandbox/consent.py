"""The consent pages of the local platforms: whoever sits before one says whose account it is, and allows or cancels.

RFC 6749, section 4.1: an unknown client or a wrong address to come back to is said on the page and never sent back
(4.1.2.1); every other fault goes back with ``error`` and ``state``. A code serves once, for the client and the address
that it was asked with.
"""

import base64
import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import compare_digest, token_urlsafe
from urllib.parse import parse_qsl, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from campaign.sandbox.pages import PLATFORMS, feed, page
from campaign.sandbox.world import World

CLIENT_ID = "campaign-sandbox"
CLIENT_SECRET = "sandbox-app-secret"  # noqa: S105 - of the local platforms' own app: it opens nothing elsewhere
PUBLIC_ID = "campaign-sandbox-public"
"""The app as X may know it too: without a secret (X API documentation, *Public clients*)."""

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_STATE_MAX = 500
_CHALLENGE = 43
"""Letters of a SHA-256 in base64url (RFC 7636, section 4.2)."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a platform asks. ``several``: its person may have more than one account there. ``declines``: permissions
    can be taken away one by one. ``pkce``: a challenge must come. ``clients`` are the apps that it knows.
    """

    channel: str
    scopes: frozenset[str]
    denial: Mapping[str, str]
    life: timedelta
    separator: str = " "
    several: bool = True
    declines: bool = False
    pkce: bool = False
    clients: tuple[str, ...] = (CLIENT_ID,)


@dataclass(frozen=True, slots=True)
class Allowed:
    """What stands behind a code."""

    accounts: tuple[str, ...]
    scopes: tuple[str, ...]


def consent_page(world: World, manner: Manner) -> Callable[[Request], Awaitable[Response]]:
    """Return what answers the consent page of a platform: GET shows it, POST takes the decision."""

    async def answer(request: Request) -> Response:
        query = dict(request.query_params)
        if wrong := _not_ours(query, manner):
            return page(world, "consent.html", 400, title="Something went wrong", wrong=wrong, accounts=(), scopes=())
        if error := _fault(query, manner):
            return _back(query, {"error": error})
        if request.method == "GET":
            return _asked(world, query, manner)
        form = parse_qsl((await request.body()).decode("utf-8", "replace"))
        return _decided(world, query, form, manner)

    return answer


def _not_ours(query: Mapping[str, str], manner: Manner) -> str:
    """Say why nobody may be sent back: the app is unknown, or the address is none that it registered."""
    if query.get("client_id") not in manner.clients:
        return "This app is not known here (client_id)."
    parts = urlsplit(query.get("redirect_uri", ""))
    if parts.scheme not in {"http", "https"} or parts.hostname not in _LOOPBACK or parts.fragment or parts.query:
        return "The address to come back to is not registered (redirect_uri). Here it must be on this machine."
    return ""


def _fault(query: Mapping[str, str], manner: Manner) -> str:
    scopes = frozenset(filter(None, query.get("scope", "").split(manner.separator)))
    if query.get("response_type") != "code":
        return "unsupported_response_type"
    if not scopes or scopes - manner.scopes:
        return "invalid_scope"
    # RFC 7636, section 4.4.1; X wants state as well (OAuth 2.0 Authorization Code Flow with PKCE, parameters).
    challenged = query.get("code_challenge_method") == "S256" and len(query.get("code_challenge", "")) == _CHALLENGE
    if manner.pkce and not (challenged and 0 < len(query.get("state", "")) <= _STATE_MAX):
        return "invalid_request"
    return ""


def _asked(world: World, query: Mapping[str, str], manner: Manner) -> Response:
    rows = [(account.external_id, feed.face(account)) for account in world.on(manner.channel)]
    title = f"Allow campaign to use your account on {PLATFORMS[manner.channel]}?"
    scopes = query["scope"].split(manner.separator)
    return page(
        world, "consent.html", title=title, wrong="", accounts=rows, scopes=scopes, several=manner.several,
        declines=manner.declines, channel=manner.channel,
    )  # fmt: skip


def _decided(world: World, query: Mapping[str, str], form: Sequence[tuple[str, str]], manner: Manner) -> Response:
    named = [value for key, value in form if key == "account"]
    accounts = tuple(one for one in dict.fromkeys(named) if world.account(manner.channel, one) is not None)
    if ("do", "allow") not in form or (not accounts and not manner.declines):
        return _back(query, manner.denial)
    asked = query["scope"].split(manner.separator)
    kept = [value for key, value in form if key == "scope"] if manner.declines else asked
    code = token_urlsafe(32)
    facts = {
        "client": query["client_id"],
        "back": query["redirect_uri"],
        "challenge": query.get("code_challenge", ""),
        "accounts": accounts if manner.several else accounts[:1],
        "scopes": [scope for scope in asked if scope in kept],
        "ends_at": (world.clock.now() + manner.life).isoformat(),
    }
    world.keep(f"{manner.channel}/code/{code}", facts)
    return _back(query, {"code": code})


def _back(query: Mapping[str, str], fields: Mapping[str, str]) -> Response:
    more = {"state": query["state"]} if "state" in query else {}
    return RedirectResponse(f"{query['redirect_uri']}?{urlencode({**fields, **more})}", 302)


def redeemed(world: World, manner: Manner, form: Mapping[str, str], client: str) -> Allowed | None:
    """Take a code in; None where it does not serve: unknown, used, too old, another app's, address's or asker's.

    RFC 6749, section 4.1.3, and RFC 7636, section 4.6.
    """
    key = f"{manner.channel}/code/{form.get('code', '')}"
    with world.together():
        facts = world.recall(key)
        world.keep(key, None)
    if not isinstance(facts, dict) or datetime.fromisoformat(facts["ends_at"]) <= world.clock.now():
        return None
    proof = base64.urlsafe_b64encode(hashlib.sha256(form.get("code_verifier", "").encode()).digest()).decode()
    proven = not manner.pkce or compare_digest(proof.rstrip("="), facts["challenge"])
    if (client, form.get("redirect_uri")) != (facts["client"], facts["back"]) or not proven:
        return None
    return Allowed(tuple(facts["accounts"]), tuple(facts["scopes"]))
