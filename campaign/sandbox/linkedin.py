"""The local LinkedIn: organisation pages by the versioned REST API, image uploads, the token endpoint.

Written from LinkedIn's public reference and captures of live answers. Here stand the addresses; each leads to one
function that answers a checked call, under the fault that the call meets.
"""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from campaign.errors import Declined
from campaign.sandbox import linkedin_figures, linkedin_images, linkedin_posts, linkedin_read
from campaign.sandbox.calls import answered, hangs, respond
from campaign.sandbox.consent import consent_page
from campaign.sandbox.linkedin_call import CHANNEL, Call, checked, holders, read_call
from campaign.sandbox.linkedin_error import MANNERS, traces
from campaign.sandbox.linkedin_token import MANNER, token
from campaign.sandbox.world import World

Answer = Callable[[Request], Awaitable[Response]]
Verb = tuple[str, Callable[[Call], Response]]
"""The name under which a fault plan knows a call, and what answers it."""


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the local LinkedIn, to be mounted under its prefix."""
    tables: dict[str, dict[str, Verb]] = {
        "/rest/posts": {"POST": ("create", linkedin_posts.create), "GET": ("list", linkedin_read.by_author)},
        "/rest/posts/{urn}": {
            "GET": ("read", linkedin_read.one),
            "POST": ("edit", linkedin_posts.edit),
            "DELETE": ("delete", linkedin_posts.delete),
        },
        "/rest/images": {"POST": ("upload", linkedin_images.initialise)},
        "/rest/images/{urn}": {"GET": ("read", linkedin_images.show)},
        "/rest/organizationAcls": {"GET": ("read", linkedin_read.roles)},
        "/rest/organizations/{urn}": {"GET": ("read", linkedin_read.shown_organisation)},
        "/rest/organizationalEntityShareStatistics": {"GET": ("measure", linkedin_figures.statistics)},
        "/rest/socialMetadata": {"GET": ("measure", linkedin_figures.metadata_batch)},
        "/rest/socialMetadata/{urn}": {"GET": ("measure", linkedin_figures.metadata)},
    }
    rest: list[BaseRoute] = [Route(path, _rest(world, verbs), methods=list(verbs)) for path, verbs in tables.items()]
    return [
        *rest,
        Route("/dms-uploads/{number}", _put(world), methods=["PUT"]),
        Route("/oauth/v2/authorization", consent_page(world, MANNER), methods=["GET", "POST"]),
        Route("/oauth/v2/accessToken", _token(world), methods=["POST"]),
    ]


def _rest(world: World, verbs: dict[str, Verb]) -> Answer:
    async def answer(request: Request) -> Response:
        name, act = verbs[request.method if request.method in verbs else "GET"]
        call = await read_call(world, request)

        def make() -> Response:
            whole = checked(world, call, request)
            return hangs(world, CHANNEL, [one.external_id for one in whole.held]) or act(whole)

        return respond(world, CHANNEL, name, MANNERS, lambda: _traced(make))

    return answer


def _put(world: World) -> Answer:
    async def answer(request: Request) -> Response:
        data, number = await request.body(), request.path_params["number"]
        token = request.headers.get("authorization")

        def make() -> Response:
            return _traced(lambda: linkedin_images.put(world, holders(world, token), number, data))

        return respond(world, CHANNEL, "upload", MANNERS, make)

    return answer


def _token(world: World) -> Answer:
    async def answer(request: Request) -> Response:
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        return respond(world, CHANNEL, "token", MANNERS, lambda: _traced(lambda: token(world, form)))

    return answer


def _traced(make: Callable[[], Response]) -> Response:
    """Answer with the headers that every answer of LinkedIn's bears."""
    try:
        answer = make()
    except Declined as refusal:
        answer = answered(refusal)
    answer.headers.update(traces())
    return answer
