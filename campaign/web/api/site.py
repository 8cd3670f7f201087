"""The API's application: its routes, its problems, its OpenAPI document."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from fastapi import Depends, FastAPI
from starlette.routing import BaseRoute

from campaign import __version__
from campaign.web.api import (
    account,
    admin,
    calendar,
    connecting,
    details,
    facts,
    figures,
    health,
    holds,
    importing,
    lists,
    outcomes,
    participation,
    pictures,
    planning,
    posts,
    register,
    review,
    speaking,
    webhooks,
)
from campaign.web.api.problems import MEDIA_TYPE, SCHEMA, Bounded, add_problems
from campaign.web.api.query import only_declared
from campaign.web.house import House
from campaign.web.routes import put_together

_MODULES = (
    importing,
    posts,
    planning,
    review,
    outcomes,
    register,
    speaking,
    details,
    pictures,
    connecting,
    holds,
    facts,
    figures,
    calendar,
    participation,
    health,
    admin,
    lists,
    webhooks,
    account,
)

_REFUSALS = {
    400: "The body is no JSON",
    401: "No token that serves",
    403: "The token or its person may not do this",
    404: "There is no such thing, or it is another partner's",
    409: "It changed meanwhile, or cannot be done as things stand",
    422: "The request cannot be understood, or cannot be done",
    413: "The body is longer than any that is needed, or does not say how long it is",
    429: "Too many requests",
    500: "Something is wrong with the service; nothing was half done",
    503: "The database does not answer, or too many are at this just now; try again later",
}
_DESCRIPTION = """What the pages do, for programs.

Send `Authorization: Bearer TOKEN`. Times are ISO 8601 with a zone. Lists come page by page: send `next` as `cursor`.
Writes take an `Idempotency-Key`. Whatever goes wrong is answered as `application/problem+json`; a method that an
address does not take is answered 405.
"""


def api(house: House) -> FastAPI:
    """Return the application to mount at /api/v1."""
    found = _bare()
    found.state.house = house
    found.router.routes.extend(_routes())
    add_problems(found)
    found.add_middleware(Bounded, most=pictures.most_bytes)
    return found


@cache
def _routes() -> Sequence[BaseRoute]:
    return put_together(_bare(), (module.router for module in _MODULES))


def _bare() -> FastAPI:
    problem = {MEDIA_TYPE: {"schema": SCHEMA}}
    refusals: dict[int | str, dict[str, Any]] = {
        status: {"description": words, "content": problem} for status, words in _REFUSALS.items()
    }
    return FastAPI(
        title="campaign",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        responses=refusals,
        dependencies=[Depends(only_declared)],
        separate_input_output_schemas=False,
    )
