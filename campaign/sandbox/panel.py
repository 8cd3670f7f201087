"""The sandbox's own controls: the ledger of what the world got, the faults and the switches, and its health.

``GET /ledger`` lists every visible post and mail. ``GET /faults`` shows the plan and what was applied; ``PUT /faults``
puts another plan in force. ``PUT /switches`` merges settings of the emulators, as ``{"x.out_of_credits": true}``.
"""

import json
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from campaign.errors import BadInput
from campaign.sandbox.faults import parse_faults
from campaign.sandbox.world import World

Answer = Callable[[Request], Awaitable[Response]]


def routes(world: World) -> list[BaseRoute]:
    """Return the routes of the controls."""
    return [
        Route("/healthz", _health),
        Route("/ledger", _ledger(world)),
        Route("/faults", _faults(world), methods=["GET", "PUT"]),
        Route("/switches", _switches(world), methods=["GET", "PUT"]),
    ]


async def _health(_request: Request) -> Response:
    return PlainTextResponse("ok")


def _ledger(world: World) -> Answer:
    async def show(_request: Request) -> Response:
        return JSONResponse(world.ledger())

    return show


def _faults(world: World) -> Answer:
    async def show(request: Request) -> Response:
        if request.method == "PUT":
            try:
                world.faults.replace(parse_faults(json.loads(await request.body())))
            except (BadInput, ValueError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse(world.faults.report())

    return show


def _switches(world: World) -> Answer:
    async def show(request: Request) -> Response:
        if request.method == "PUT":
            try:
                given = json.loads(await request.body())
            except ValueError as error:
                return JSONResponse({"error": str(error)}, 400)
            if not isinstance(given, dict):
                return JSONResponse({"error": "no JSON object"}, 400)
            world.switches.update(given)
        return JSONResponse(world.switches)

    return show
