"""One call to the Graph API, read from any of the forms in which the API takes it, and whose token it bears.

Graph API, *Overview*: parameters come in the query string, as a URL-encoded form, as multipart, or as a JSON body; the
token comes as a parameter or in the Authorization header.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.facebook_error import bad_token, declined, parameter, unknown_token
from campaign.sandbox.world import World

CHANNEL = "facebook"
EVERYWHERE = {"access_token", "appsecret_proof", "fields", "locale", "pretty", "format", "debug", "suppress_http_code"}
"""Parameters that every call may carry, whatever it asks for."""

_INDEXED = re.compile(r"(\w+)\[(\d+)\](?:\[(\w+)\])?$")


@dataclass(frozen=True, slots=True)
class Photo:
    """A file of a multipart body."""

    data: bytes
    mime: str


@dataclass(frozen=True, slots=True)
class Call:
    """What is asked. ``here`` is the absolute address of the API's root, with the version, for paging links."""

    method: str
    path: tuple[str, ...]
    params: Mapping[str, object]
    here: str

    def text(self, name: str) -> str | None:
        """Return a parameter as text, or None where it was not sent."""
        value = self.params.get(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, Photo):
            raise parameter(f"Param {name} must be a string")
        return json.dumps(value)

    def flag(self, name: str, *, default: bool) -> bool:
        """Return a boolean parameter; Python's ``False`` as text is none."""
        value = self.params.get(name, default)
        known = {True: True, False: False, "true": True, "false": False, "1": True, "0": False}
        if not isinstance(value, (bool, str)) or value not in known:
            raise parameter(f"Param {name} must be a boolean")
        return known[value]

    def only(self, allowed: Collection[str]) -> None:
        """Refuse the call when it carries a parameter beyond ``allowed``; the real API would often ignore it."""
        names = {name.split("[")[0] for name in self.params}
        for name in sorted(names - set(allowed) - EVERYWHERE):
            raise parameter(f"Unknown parameter: {name}")

    def entries(self, name: str) -> list[dict[str, str]]:
        """Return a list of objects: a JSON array as text, ``name[0]={...}`` or ``name[0][key]=...``, or a JSON body.

        Graph API, *Page Feed* and *Page Photos*: ``attached_media`` is shown in all of these forms.
        """
        return [*(_entry(name, entry) for entry in self.array(name)), *self._indexed(name)]

    def array(self, name: str) -> list[object]:
        """Return an array that came as JSON text or in a JSON body, empty where it was not sent."""
        value = self.params.get(name, [])
        entries = _json(name, value) if isinstance(value, str) else value
        if not isinstance(entries, list):
            raise parameter(f"Param {name} must be an array")
        return entries

    def _indexed(self, name: str) -> list[dict[str, str]]:
        found: dict[int, dict[str, str]] = {}
        for key, value in self.params.items():
            match = _INDEXED.match(key)
            if not match or match[1] != name:
                continue
            part = {match[3]: str(value)} if match[3] else _entry(name, value)
            found.setdefault(int(match[2]), {}).update(part)
        return [found[index] for index in sorted(found)]


async def read_params(request: Request) -> dict[str, object]:
    """Read the parameters of query string and body together; the body wins."""
    params: dict[str, object] = dict(request.query_params)
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind == "application/json":
        body = _json("body", (await request.body()).decode("utf-8", "replace"))
        if not isinstance(body, dict):
            raise parameter("The body must be a JSON object")
        return params | body
    if kind == "multipart/form-data":
        async with request.form() as form:
            for name, value in form.multi_items():
                params[name] = await _file(value) if isinstance(value, UploadFile) else value
        return params
    return params | dict(parse_qsl((await request.body()).decode("utf-8", "replace"), keep_blank_values=True))


def bearer(call: Call, header: str | None) -> str | None:
    """Return the token that the call carries, wherever it stands."""
    token = call.text("access_token")
    if token or not header:
        return token
    scheme, _, rest = header.partition(" ")
    return rest.strip() if scheme.lower() in {"bearer", "oauth"} else None


def holder(world: World, call: Call, page: SandboxAccount | None, token: str | None) -> SandboxAccount:
    """Return the page whose token this is, its life and its app secret proof checked.

    Graph API, *Secure Graph API calls*: the proof is the hex HMAC-SHA256 of the token under the app secret; an app
    that asks for it refuses calls without. Pages whose credentials hold an ``app_secret`` ask for it.
    """
    if not token:
        raise declined(2500, "An active access token must be used to query information about the current user.")
    if page is None:
        raise unknown_token()
    _check_life(world, page)
    _check_proof(call, page, token)
    return page


def _check_life(world: World, page: SandboxAccount) -> None:
    until = page.credentials.get("expires_at")
    if until and _instant(until) <= world.clock.now():
        raise bad_token(463)


def _check_proof(call: Call, page: SandboxAccount, token: str) -> None:
    secret, proof = page.credentials.get("app_secret"), call.text("appsecret_proof")
    if not secret:
        return
    if proof is None:
        message = "API calls from the server require an appsecret_proof argument"
        raise declined(100, message, kind="GraphMethodException")
    expected = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(proof.encode(), expected.encode()):
        message = "Invalid appsecret_proof provided in the API argument"
        raise declined(100, message, kind="GraphMethodException")


def _instant(text: str) -> datetime:
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    instant = datetime.fromisoformat(text)
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


async def _file(part: UploadFile) -> Photo:
    return Photo(await part.read(), part.content_type or "application/octet-stream")


def _entry(name: str, value: object) -> dict[str, str]:
    entry = _json(name, value) if isinstance(value, str) else value
    if not isinstance(entry, dict):
        raise parameter(f"Param {name} must hold objects")
    return {str(key): str(part) for key, part in entry.items()}


def _json(name: str, text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        raise parameter(f"Param {name} must be valid JSON") from None
