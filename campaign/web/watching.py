"""/healthz and /metrics: what a load balancer, a watchdog and Prometheus ask for."""

from fastapi import FastAPI
from fastapi.responses import JSONResponse, Response

from campaign.clock import Clock
from campaign.health.beat import health
from campaign.metrics import CONTENT_TYPE, Metrics
from campaign.models import Database

_FRESH = {"Cache-Control": "no-store"}


def bare_site() -> FastAPI:
    """Return an application without routes of its own."""
    return FastAPI(title="campaign", docs_url=None, redoc_url=None, openapi_url=None)


def add_watching(site: FastAPI, database: Database, clock: Clock, metrics: Metrics) -> FastAPI:
    """Give an application the two addresses; returns it."""

    @site.get("/healthz")
    def healthz() -> JSONResponse:
        """Answer 200 while dispatch ticks, else 503."""
        found = health(database, clock)
        return JSONResponse(found.document(), status_code=200 if found.well else 503, headers=_FRESH)

    @site.get("/metrics")
    def scrape() -> Response:
        """Answer the figures of this process and of the database."""
        return Response(metrics.text(), media_type=CONTENT_TYPE, headers=_FRESH)

    return site
