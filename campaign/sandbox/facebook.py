"""The local Facebook: the Graph API as far as pages, their posts, photos and insights go.

Written from the Graph API's public reference. Every call ends here: it is read, given its version, run under the fault
that it meets, and answered with the usage headers.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from campaign.errors import Declined
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.calls import answered, hangs, respond
from campaign.sandbox.consent import consent_page
from campaign.sandbox.facebook_call import CHANNEL, Call, bearer, holder, read_params
from campaign.sandbox.facebook_error import blocked, declined, manners, parameter, throttled, usage_headers
from campaign.sandbox.facebook_fields import Field
from campaign.sandbox.facebook_insights import insights
from campaign.sandbox.facebook_post import Seen, shown
from campaign.sandbox.facebook_read import debug_token, listing, node, nodes, own_post, pages, wanted
from campaign.sandbox.facebook_token import MANNER, exchange, is_person, of_person, page_of
from campaign.sandbox.facebook_usage import DAILY_CALLS, Usage
from campaign.sandbox.facebook_write import add_photo, delete, edit, publish
from campaign.sandbox.world import World

VERSIONS: Mapping[str, date | None] = {
    "v20.0": date(2026, 9, 24),
    "v21.0": date(2027, 1, 21),
    "v22.0": date(2027, 5, 20),
    "v23.0": date(2027, 10, 8),
    "v24.0": date(2028, 2, 18),
    "v25.0": date(2028, 7, 29),
    "v26.0": None,
}
"""Graph API, *Versions*: the day on which each stops being served."""

BATCH_MAX = 50
LISTINGS = {"feed", "posts", "published_posts"}
METHODS = ["GET", "POST", "DELETE"]


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the local Facebook, to be mounted under its prefix."""
    graph = Graph(world)
    dialog = consent_page(world, MANNER)
    return [
        Route("/{version}/dialog/oauth", dialog, methods=["GET", "POST"]),
        Route("/{path:path}", graph.answer, methods=METHODS),
    ]


@dataclass(slots=True)
class Graph:
    """The API over one world; it counts the calls of each page for the usage headers."""

    world: World
    usage: Usage = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count."""
        self.usage = Usage(self.world)

    async def answer(self, request: Request) -> Response:
        """Answer one HTTP request."""
        try:
            params = await read_params(request)
        except Declined as refusal:
            return answered(refusal)
        version, path = self._version(request.path_params["path"])
        root = f"{request.url.scheme}://{request.url.netloc}{request.scope.get('root_path', '')}"
        call = Call(request.method, path, params, f"{root}/{version}")
        header = request.headers.get("authorization")
        page_id = self._page_id(call, header)
        return respond(
            self.world, CHANNEL, endpoint(call), manners(page_id), lambda: self._made(call, header, version, page_id)
        )

    def _version(self, path: str) -> tuple[str, tuple[str, ...]]:
        """Return the version that serves the path: an expired or missing one falls to the oldest that lives."""
        parts = tuple(filter(None, path.split("/")))
        today = self.world.clock.now().date()
        live = [name for name, ends in VERSIONS.items() if ends is None or today < ends]
        if not parts or parts[0] not in VERSIONS:
            return live[0], parts
        return parts[0] if parts[0] in live else live[0], parts[1:]

    def _page_id(self, call: Call, header: str | None) -> str:
        page = page_of(self.world, bearer(call, header))
        return page.external_id if page else ""

    def _made(self, call: Call, header: str | None, version: str, page_id: str) -> Response:
        if (never := hangs(self.world, CHANNEL, [page_id])) is not None:
            return never
        try:
            answer: Response = JSONResponse(self._result(call, header))
        except Declined as refusal:
            answer = answered(refusal)
        answer.headers["facebook-api-version"] = version
        budget = self._budget()
        percent, minutes = self.usage.percent(page_id, budget), self.usage.minutes(page_id, budget)
        for name, value in usage_headers(page_id, percent, minutes=minutes).items():
            answer.headers.setdefault(name, value)
        if self.world.switches.get("facebook.javascript"):
            answer.headers["content-type"] = "text/javascript; charset=UTF-8"
        return answer

    def _budget(self) -> int:
        """Return the calls of a page in a rolling day; without the switch that of ten engaged users."""
        return int(str(self.world.switches.get("facebook.budget", DAILY_CALLS * 10)))

    def _result(self, call: Call, header: str | None) -> object:
        if call.path == ("oauth", "access_token"):
            return exchange(self.world, call)
        token = bearer(call, header)
        if token is not None and is_person(self.world, token):
            return of_person(self.world, call, token)
        page = holder(self.world, call, page_of(self.world, token), token)
        budget = self._budget()
        if not self.usage.take(page.external_id, budget):
            worn = throttled(page.external_id, 60 * self.usage.minutes(page.external_id, budget))
            raise Declined(status=worn.status_code, body=json.loads(bytes(worn.body)), headers=_usage(worn))
        if not call.path and call.method == "POST":
            return self._batch(call, header)
        return self._one(page, call)

    def _one(self, page: SandboxAccount, call: Call) -> object:
        path = tuple(page.external_id if part == "me" else part for part in call.path)
        match (call.method, *path):
            case ("GET",):
                return nodes(self.world, page, call)
            case ("GET", "debug_token"):
                return debug_token(self.world, call)
            case ("GET", _, "accounts") if call.path[0] == "me":
                return pages(self.world, page, call)
            case (_, name):
                return self._node(page, name, call)
            case (_, name, edge):
                return self._edge(page, name, edge, call)
            case _:
                raise _unknown_path(call)

    def _node(self, page: SandboxAccount, name: str, call: Call) -> object:
        if call.method == "GET":
            call.only(())
            return node(self.world, page, name, call)
        post = own_post(self.world, page, name, call.method)
        if call.method == "DELETE":
            call.only(())
            delete(self.world, page, post)
        else:
            edit(self.world, page, post, call)
        return {"success": True}

    def _edge(self, page: SandboxAccount, name: str, edge: str, call: Call) -> object:
        if (call.method, edge) == ("GET", "insights"):
            call.only({"metric", "period"})
            post = own_post(self.world, page, name, call.method)
            return insights(self.world, page, post, call.text("metric") or "")
        if name != page.external_id:
            raise declined(200, "(#200) The token is not one of this page", status=403)
        return self._page_edge(page, edge, call)

    def _page_edge(self, page: SandboxAccount, edge: str, call: Call) -> object:
        match (call.method, edge):
            case ("POST", "feed"):
                return self._published(page, call)
            case ("POST", "photos"):
                photo_id, post = add_photo(self.world, page, call)
                return {"id": photo_id} | ({"post_id": post.id} if post else {})
            case ("GET", "scheduled_posts"):
                return {"data": []}
            case ("GET", _) if edge in LISTINGS:
                return listing(self.world, page, call)
            case _:
                raise _unknown_path(call)

    def _published(self, page: SandboxAccount, call: Call) -> dict[str, object]:
        """Publish, and read at once what ``fields`` asks for (Graph API, *Overview*, read-after-write).

        The switch ``facebook.blocked`` lists pages that are stopped by policy.
        """
        fields, stopped = wanted(call) or (Field("id"),), self.world.switches.get("facebook.blocked", [])
        if isinstance(stopped, list) and page.external_id in stopped:
            raise blocked()
        return shown(Seen(self.world, page, publish(self.world, page, call)), fields)

    def _batch(self, call: Call, header: str | None) -> list[object]:
        """Answer many calls in their order, each counted by itself; one that times out is null (Graph API, *Batch
        requests*). The switch ``facebook.slow_parts`` lists pieces of addresses that do.
        """
        call.only({"batch", "include_headers"})
        asked = call.array("batch")
        if not 0 < len(asked) <= BATCH_MAX:
            raise parameter(f"Param batch must be an array of 1 to {BATCH_MAX} requests")
        slow = self.world.switches.get("facebook.slow_parts") or []
        late = [isinstance(slow, list) and any(piece in str(part) for piece in slow) for part in asked]
        return [None if over else self._part(call, part, header) for part, over in zip(asked, late, strict=True)]

    def _part(self, whole: Call, part: object, header: str | None) -> dict[str, object]:
        if not isinstance(part, dict) or not isinstance(part.get("relative_url"), str):
            raise parameter("Param batch must hold objects with method and relative_url")
        address = urlsplit(part["relative_url"])
        version, path = self._version(address.path)
        params = dict(parse_qsl(address.query)) | dict(parse_qsl(str(part.get("body", ""))))
        common = {name: whole.params[name] for name in ("access_token", "appsecret_proof") if name in whole.params}
        here = f"{whole.here.rpartition('/')[0]}/{version}"
        call = Call(str(part.get("method", "GET")).upper(), path, common | params, here)
        answer = self._made(call, header, version, self._page_id(call, header))
        headers = [{"name": name, "value": value} for name, value in answer.headers.items()]
        return {"code": answer.status_code, "headers": headers, "body": bytes(answer.body).decode()}


def endpoint(call: Call) -> str:
    """Return the name under which a fault plan knows this call."""
    if call.method == "DELETE":
        return "delete"
    last = call.path[-1] if call.path else ""
    if call.method == "POST":
        return _writing(call, last)
    if last in LISTINGS | {"scheduled_posts"}:
        return "list"
    return "measure" if last == "insights" or "insights" in str(call.params.get("fields", "")) else "read"


def _writing(call: Call, last: str) -> str:
    if not call.path:
        return "measure" if "insights" in str(call.params.get("batch", "")) else "read"
    if last == "photos" and call.params.get("published") in {"false", "0"}:
        return "upload"
    return "create" if last in {"feed", "photos"} else "edit"


def _usage(answer: Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("x-")}


def _unknown_path(call: Call) -> Declined:
    return declined(2500, f"Unknown path components: /{'/'.join(call.path[1:])}")
