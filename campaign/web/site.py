"""The site: every area, what is watched, the files of style and script, and a page for every fault."""

import re
from collections.abc import Sequence
from functools import cache
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.routing import BaseRoute, Mount

from campaign.app import App
from campaign.metrics import Metrics
from campaign.web import (
    accessibility,
    account,
    accounts,
    accounts_importing,
    agreeing,
    audit,
    by_hand,
    calendar,
    calendar_feed,
    charts,
    connecting,
    correcting,
    deciding,
    details,
    engagement,
    health,
    holding,
    home,
    importing,
    invitation,
    links,
    lists,
    new_words,
    outcomes,
    participation,
    partners,
    partners_importing,
    people,
    pictures,
    planning,
    post,
    queue,
    readers_importing,
    reminding,
    review,
    settle,
    sign_in,
    taking_down,
    unsubscribe,
    webhooks,
    weekly,
    writing,
)
from campaign.web.api import api
from campaign.web.area import Area
from campaign.web.cookie import Cookie
from campaign.web.faults import add_faults
from campaign.web.headers import Headers
from campaign.web.house import House
from campaign.web.rates import Rates
from campaign.web.rendering import STATIC, Pages
from campaign.web.routes import put_together
from campaign.web.watching import add_watching, bare_site

_MODULES = (
    home,
    queue,
    calendar,
    calendar_feed,
    writing,
    importing,
    planning,
    post,
    deciding,
    by_hand,
    taking_down,
    correcting,
    review,
    new_words,
    details,
    agreeing,
    pictures,
    accounts,
    accounts_importing,
    connecting,
    participation,
    reminding,
    holding,
    charts,
    engagement,
    weekly,
    outcomes,
    settle,
    health,
    audit,
    people,
    partners_importing,
    partners,
    readers_importing,
    lists,
    webhooks,
    account,
    sign_in,
    invitation,
    unsubscribe,
    links,
    accessibility,
)
AREAS: tuple[Area, ...] = tuple(module.area for module in _MODULES)
"""In the order of the service navigation."""


def site(app: App, metrics: Metrics) -> FastAPI:
    """Return the ASGI application over an opened workspace."""
    settings = app.settings
    pages = Pages(ZoneInfo(settings.campaign.timezone), app.clock.now, settings.campaign.name, settings.web)
    secure = settings.web.public_url.startswith("https:")
    found = add_watching(bare_site(), app.database, app.clock, metrics)
    tabs = tuple(area.tab for area in AREAS if area.tab)
    found.state.house = House(app, pages, Cookie(secure), Rates(), tabs)
    found.router.routes.extend(_of_all_areas())
    found.mount(pages.static, StaticFiles(directory=STATIC), name="static")
    found.router.routes.append(_all_under("/api/v1", api(found.state.house)))
    add_faults(found)
    found.add_middleware(Headers, script=pages.inline_script, static=pages.static, secure=secure)
    return found


@cache
def _of_all_areas() -> Sequence[BaseRoute]:
    return put_together(bare_site(), (area.router for area in AREAS))


def _all_under(path: str, app: FastAPI) -> Mount:
    """Return the mount of an application for every address under a path, also one with a line break in it: Starlette's
    own leaves such a one to the pages, and a program would get HTML.
    """
    found = Mount(path, app)
    found.path_regex = re.compile(found.path_regex.pattern, re.DOTALL)
    return found
