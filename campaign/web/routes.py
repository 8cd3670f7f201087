"""Routes of many rooms, put together."""

from collections.abc import Iterable, Sequence

from fastapi import APIRouter, FastAPI
from starlette.routing import BaseRoute


def put_together(bare: FastAPI, routers: Iterable[APIRouter]) -> Sequence[BaseRoute]:
    """Return the routes of these routers as ``bare`` takes them in. To be kept and shared by the sites of a process:
    FastAPI works out what each route needs at each inclusion.
    """
    before = len(bare.routes)
    for router in routers:
        bare.include_router(router)
    return bare.routes[before:]
