"""A caller of X's emulator for tests, and X's own OpenAPI documents, to which its answers are held."""

import base64
import gzip
import io
import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event
from typing import Any

import requests
from openapi_schema_validator import OAS30Validator
from PIL import Image
from requests_oauthlib import OAuth1

from campaign.clock import SystemClock
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.server import Sandbox

DATA = Path(__file__).parent / "data"
DOCUMENTS = {
    "tweet": json.loads(gzip.decompress((DATA / "x-openapi-2.166-tweet.fields.json.gz").read_bytes())),
    "post": json.loads(gzip.decompress((DATA / "x-openapi-2.167-post.fields.json.gz").read_bytes())),
}
EPOCH_MS = 1288834974657
SIGNED = {
    "consumer_key": "app-key",
    "consumer_secret": "app-secret",
    "access_token": "1001-oak",
    "access_token_secret": "oak-secret",
}
TOKENS = {"access_token": "elm-access", "refresh_token": "elm-refresh", "client_id": "elm-app"}
OAK = SandboxAccount("x", "1001", "@oakschool", "oak", "Oak School", credentials=SIGNED)
ELM = SandboxAccount("x", "2002", "elmcouncil", "elm", "Elm Council", credentials=TOKENS)
READER = SandboxAccount(
    "x", "3003", "@reader", "ash", "Ash", credentials={"access_token": "ash", "scopes": "tweet.read users.read"}
)


class ShiftedClock:
    """The machine's clock, moved by ``ahead``."""

    def __init__(self) -> None:
        self.ahead = timedelta(0)

    def now(self) -> datetime:
        return SystemClock().now() + self.ahead

    def monotonic(self) -> float:
        return SystemClock().monotonic()

    def wait(self, event: Event, seconds: float) -> bool:
        return event.wait(seconds)


class Api(requests.Session):
    """A caller of the emulator."""

    def __init__(self, box: Sandbox, token: str = "elm-access") -> None:
        super().__init__()
        self.root = box.x_url
        self.headers["Authorization"] = f"Bearer {token}"

    def __call__(self, method: str, path: str, **more: Any) -> requests.Response:
        return self.request(method, self.root + path, timeout=5, **more)

    def post_id(self, text: str, **more: object) -> str:
        answer = self("POST", "/2/tweets", json={"text": text, **more})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["data"]["id"])

    def read(self, post_id: str, query: str) -> Any:
        return self("GET", f"/2/tweets?ids={post_id}&{query}").json()


def oauth1(**changes: str) -> OAuth1:
    keys = {**SIGNED, **changes}
    return OAuth1(
        *(keys["consumer_key"], keys["consumer_secret"]), *(keys["access_token"], keys["access_token_secret"])
    )


def png(size: int = 4) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), "teal").save(buffer, "PNG")
    return buffer.getvalue()


def gif(pictures: int) -> bytes:
    buffer = io.BytesIO()
    first, *others = (Image.new("RGB", (4, 4), (80 * number, 0, 0)) for number in range(pictures))
    first.save(buffer, "GIF", save_all=True, append_images=others)
    return buffer.getvalue()


def in_parts(api: Api, data: bytes, category: str, mime: str = "image/gif") -> requests.Response:
    """Upload in one part and say what finalizing answers."""
    start = {"media_type": mime, "total_bytes": len(data), "media_category": category}
    media_id = api("POST", "/2/media/upload/initialize", json=start).json()["data"]["id"]
    part = {"media": base64.b64encode(data).decode(), "segment_index": 0}
    assert api("POST", f"/2/media/upload/{media_id}/append", json=part).status_code == 200
    return api("POST", f"/2/media/upload/{media_id}/finalize")


def upload(api: Api, alt: str | None = None, data: bytes | None = None) -> str:
    body = {"media": base64.b64encode(data or png()).decode(), "media_category": "tweet_image"}
    media_id = str(api("POST", "/2/media/upload", json=body).json()["data"]["id"])
    if alt is not None:
        facts = {"id": media_id, "metadata": {"alt_text": {"text": alt}}}
        assert api("POST", "/2/media/metadata", json=facts).status_code == 200
    return media_id


def held(document: str, method: str, path: str, status: str, body: object) -> None:
    """Check an answer against the document, without the keys that it requires and nowhere defines (2.166 has two)."""
    whole = DOCUMENTS[document]
    schema = whole["paths"][path][method]["responses"][status]["content"]["application/json"]["schema"]
    parts = {name: _without_ghosts(part) for name, part in whole["components"]["schemas"].items()}
    OAS30Validator({**schema, "components": {"schemas": parts}}).validate(body)


def _without_ghosts(schema: Mapping[str, Any]) -> dict[str, Any]:
    known = schema.get("properties", {})
    required = [name for name in schema.get("required", []) if name in known]
    cut = {key: value for key, value in schema.items() if key not in {"required", "discriminator"}}
    return {**cut, "required": required} if required else cut


def held_by_both(method: str, path: str, status: str, body: object) -> None:
    for document in DOCUMENTS:
        held(document, method, path, status, body)
