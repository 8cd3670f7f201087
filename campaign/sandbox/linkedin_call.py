"""One call to LinkedIn's versioned API: its headers checked, its token known, its query and path read raw."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from starlette.requests import Request

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.linkedin_error import dead_token, declined, denied, ended_version, unknown_token
from campaign.sandbox.restli import Value, illegal, query, segment
from campaign.sandbox.world import World

CHANNEL = "linkedin"

VERSIONS: Mapping[str, date] = {
    "202510": date(2026, 10, 15),
    "202511": date(2026, 11, 16),
    "202601": date(2027, 1, 15),
    "202602": date(2027, 2, 15),
    "202603": date(2027, 3, 16),
    "202604": date(2027, 4, 15),
    "202605": date(2027, 5, 15),
    "202606": date(2027, 6, 15),
    "202607": date(2027, 7, 15),
    "202608": date(2027, 8, 16),
    "202609": date(2027, 9, 15),
}
"""LinkedIn, *Versioning*: the day on which each version stops; one that is not here never lived."""


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked, and by whom: ``held`` are the organisations for which the token may speak."""

    world: World
    version: str
    held: tuple[SandboxAccount, ...]
    values: Mapping[str, Value]
    urn: str
    rest_method: str
    body: bytes
    root: str

    def json(self) -> dict[str, object]:
        """Return the JSON object of the body."""
        try:
            body = json.loads(self.body or b"null")
        except ValueError:
            raise illegal("Cannot parse request entity") from None
        if not isinstance(body, dict):
            raise illegal("The request entity must be a JSON object")
        return body

    def speaker(self, urn: str, scope: str, resource: str) -> SandboxAccount:
        """Return the organisation behind ``urn`` when the token has it and the scope, else refuse with 403."""
        account = next((one for one in self.held if organisation(one) == urn), None)
        if account is None or not account.may(scope):
            raise denied(resource, self.version)
        return account

    def needs(self, scope: str, resource: str) -> None:
        """Refuse with 403 unless one of the token's organisations carries the scope."""
        if not any(account.may(scope) for account in self.held):
            raise denied(resource, self.version)


async def read_call(world: World, request: Request) -> Call:
    """Read a call; nothing is checked yet."""
    root = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
    return Call(
        world=world,
        version=request.headers.get("linkedin-version", ""),
        held=(),
        values={},
        urn="",
        rest_method=request.headers.get("x-restli-method", "").upper(),
        body=await request.body(),
        root=root,
    )


def checked(world: World, call: Call, request: Request) -> Call:
    """Return the call with its organisations, query and path, or refuse it for its headers, token or syntax."""
    check_headers(world, request)
    held = holders(world, request.headers.get("authorization"))
    raw_path = request.scope["raw_path"].decode("ascii", "replace")
    urn = segment(raw_path) if "urn" in request.path_params else ""
    values = query(request.scope["query_string"].decode("ascii", "replace"))
    return replace(call, held=held, values=values, urn=urn)


def check_headers(world: World, request: Request) -> None:
    """Refuse a call without its two version headers (400) or with a version that does not live (426).

    LinkedIn, *Versioning* and *Protocol versions*; the body of the 426 names the first day of the month.
    """
    version = request.headers.get("linkedin-version")
    if not version:
        message = "A version must be present. Please specify a version by adding the LinkedIn-Version header."
        raise declined(400, message, "VERSION_MISSING")
    ends = VERSIONS.get(version)
    if ends is None or ends <= world.clock.now().date():
        raise ended_version(version)
    if request.headers.get("x-restli-protocol-version") != "2.0.0":
        raise illegal("X-RestLi-Protocol-Version must be 2.0.0")


def holders(world: World, header: str | None) -> tuple[SandboxAccount, ...]:
    """Return the organisations behind a bearer token (LinkedIn, *Authentication*: 65600 and 65601)."""
    scheme, _, token = (header or "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise declined(401, "Empty oauth2 access token", "EMPTY_ACCESS_TOKEN", 65604)
    held = tuple(one for one in world.on(CHANNEL) if one.credentials.get("access_token") == token)
    if held:
        _check_life(world, held[0].credentials.get("expires_at"))
        return held
    issued = world.recall(f"linkedin/token/{token}")
    if not isinstance(issued, dict):
        raise unknown_token()
    _check_life(world, str(issued["expires_at"]))
    if "accounts" in issued:
        keys = {"access_token": token, "scopes": str(issued["scopes"])}
        known = (world.account(CHANNEL, one) for one in issued["accounts"])
        return tuple(replace(one, credentials={"name": name_of(one), **keys}) for one in known if one is not None)
    holder = str(issued["refresh_token"])
    return tuple(one for one in world.on(CHANNEL) if one.credentials.get("refresh_token") == holder)


def organisation(account: SandboxAccount) -> str:
    """Return the account's URN; accounts.csv may give the bare number."""
    name = account.external_id
    return name if name.startswith("urn:") else f"urn:li:organization:{name}"


def name_of(account: SandboxAccount) -> str:
    """Return the exact name that a mention must use: credentials key ``name``, else the partner's."""
    return account.credentials.get("name") or account.partner_name


def instant(text: str) -> datetime:
    """Read a time given as Unix seconds or ISO 8601; without an offset it is UTC."""
    if text.replace(".", "", 1).isdigit():
        return datetime.fromtimestamp(float(text), UTC)
    at = datetime.fromisoformat(text)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _check_life(world: World, until: str | None) -> None:
    if until and until != "null" and instant(until) <= world.clock.now():
        raise dead_token("EXPIRED_ACCESS_TOKEN")
