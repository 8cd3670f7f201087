"""The doors of a dispatching process: the pages where they are asked for, and the one for watching alone."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import structlog

from campaign.app import App
from campaign.metrics import Metrics
from campaign.web.server import serving
from campaign.web.site import site
from campaign.web.watching import add_watching, bare_site

log = structlog.get_logger(__name__)


@contextmanager
def doors(app: App, *, pages: bool) -> Iterator[None]:
    """Serve the pages, the door for watching alone where it is set, or both while the block runs; dispatch then counts
    for /metrics. Raises WrongUse when an address cannot be had.

    To be entered before the engine is made: it takes the meter that is bound here.
    """
    metrics = Metrics(app.database, app.clock)
    app.meter = metrics.counts
    with ExitStack() as opened:
        if pages:
            opened.enter_context(serving(site(app, metrics), app.settings.web.listen))
        if alone := app.settings.metrics.listen:
            watching = add_watching(bare_site(), app.database, app.clock, metrics)
            address = opened.enter_context(serving(watching, alone, "[metrics] listen"))
            log.info("metrics are served", address=address)
        yield
