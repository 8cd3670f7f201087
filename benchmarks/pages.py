"""Every page of every role over a large campaign, against itself over a small one and against its template alone.

`python -m benchmarks.pages [POSTS ...] [--postgresql] [--only WORD]`: the first size is what the others are compared
with. Each page is asked for over loopback, as a browser does; then its template is rendered from what the page had
given it, through the same server.
"""

import argparse
import http.client
import json
import platform
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from fastapi.responses import HTMLResponse

from benchmarks import crowd, workers
from benchmarks.crowd import Crowd
from benchmarks.questions import Asked, questions
from campaign.app import App
from campaign.collector import spare_what_stays
from campaign.config import lay_out, load_settings
from campaign.metrics import Metrics
from campaign.models import Database, users
from campaign.models.partners import Campaign
from campaign.people import visits
from campaign.people.visits import Lasting
from campaign.vault import create_key
from campaign.web.server import serving
from campaign.web.site import site

ROUNDS, QUICKLY = 40, 2
_PATIENCE = 20.0
"""Seconds for one page at most: a slower one is asked fewer times."""
_PIECE = 16_384
_ALONE = "/rendered-alone"
_FINE = 200


@dataclass
class Visitor:
    """Somebody at their browser."""

    host: str
    cookie: str = ""

    def get(self, path: str, *, piece: bool = False) -> tuple[int, str]:
        """Ask for a page; returns its status and its text."""
        connection = http.client.HTTPConnection(self.host, timeout=600)
        connection.request("GET", path, headers={"Cookie": self.cookie} if self.cookie else {})
        answer = connection.getresponse()
        text = (answer.read1(_PIECE) if piece else answer.read()).decode(errors="replace")
        if cookie := answer.headers.get("set-cookie"):
            self.cookie = cookie.partition(";")[0]
        connection.close()
        return answer.status, text


class Rendered:
    """Remembers what the newest page gave its template, and renders it again from that."""

    def __init__(self, pages: FastAPI) -> None:
        self._pages = pages.state.house.pages
        self._render = self._pages.render
        self.last: tuple[str, dict[str, Any]] | None = None
        self._pages.render = self._noted
        pages.add_api_route(_ALONE, self.again)

    def _noted(self, template: str, **names: Any) -> str:
        self.last = template, names
        return str(self._render(template, **names))

    def again(self) -> HTMLResponse:
        assert self.last is not None
        template, names = self.last
        return HTMLResponse(self._render(template, **names))


@contextmanager
def opened(posts: int, folder: Path, url: str) -> Iterator[App]:
    """Open a workspace with so many posts; one that is there already serves again."""
    there = folder.exists()
    if not there:
        lay_out(folder)
    app = App(folder, load_settings(folder, {"CAMPAIGN__DATABASE__URL": f'"{url}"'}))
    if not there:
        create_key(app.settings.vault.key_file)
        _stored(app, posts, url)
    app.__dict__["database"] = Database(url, connections=8)
    yield app
    app.database.close()


def _stored(app: App, posts: int, url: str) -> None:
    database, now = Database(url, connections=8), datetime.now(UTC)
    database.upgrade()
    app.__dict__["database"] = database
    with database.write() as session:
        session.add(Campaign(name="Bench", timezone="Europe/London", salt="salt", created_at=now))
    began = time.monotonic()
    crowd.fill(app, Crowd(posts, now))
    print(f"{posts:,} posts stored in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)
    database.close()


@dataclass
class Stage:
    """A campaign of one size with its people at their browsers, and what they ask for."""

    size: int
    people: dict[str, Visitor]
    rendered: Rendered
    asked: list[Asked]

    def try_out(self, one: Asked) -> float:
        """Ask once; returns how many seconds that took."""
        self.rendered.last = None
        began = time.monotonic()
        status, text = self.people[one.who].get(one.path, piece=one.is_file)
        assert status == _FINE, f"{one.name} answered {status}: {text[:300]}"
        return time.monotonic() - began

    def time_once(self, one: Asked) -> None:
        """Ask for the page, then for its template alone."""
        who = self.people[one.who]
        one.seconds.append(_timed(who, one.path, piece=one.is_file))
        if self.rendered.last is not None:
            one.alone.append(_timed(who, _ALONE, piece=False))


@contextmanager
def staged(size: int, *, postgresql: bool, only: str, kept: Path | None) -> Iterator[Stage]:
    """Open a campaign of so many posts and serve its pages."""
    with ExitStack() as stack:
        folder = kept / str(size) if kept else None
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="campaign-pages-")))
        folder.mkdir(parents=True, exist_ok=True)
        url = (
            stack.enter_context(workers.server(kept and folder / "postgresql"))
            if postgresql
            else f"sqlite:///{folder}/campaign.db"
        )
        app = stack.enter_context(opened(size, folder / "workspace", url))
        pages = site(app, Metrics(app.database, app.clock))
        rendered = Rendered(pages)
        host = stack.enter_context(serving(pages, "127.0.0.1:0")).partition("//")[2]
        people = {name: Visitor(host, _cookie(app, name)) for name in ("olga", "rita", "adam")}
        asked = [one for one in questions(app.database, datetime.now(UTC)) if re.search(only, one.name)]
        yield Stage(size, people | {"nobody": Visitor(host)}, rendered, asked)


def weigh(stages: Sequence[Stage], rounds: int) -> None:
    """Ask for everything, many times. Sizes take turns, so that a machine whose speed drifts drifts for all."""
    for together in zip(*(stage.asked for stage in stages), strict=True):
        slowest = max(stage.try_out(one) for stage, one in zip(stages, together, strict=True))
        for _ in range(max(1, min(rounds, int(_PATIENCE / slowest)))):
            for stage, one in zip(stages, together, strict=True):
                stage.time_once(one)
        shown = "  ".join(f"{_p(one.seconds, 95):8.1f} {_p(one.alone, 95):8.1f}" for one in together)
        print(f"{shown}  {together[0].name}", file=sys.stderr, flush=True)


def _timed(who: Visitor, path: str, *, piece: bool) -> float:
    began = time.perf_counter()
    who.get(path, piece=piece)
    return time.perf_counter() - began


def _cookie(app: App, name: str) -> str:
    now, web = app.clock.now(), app.settings.web
    lasting = Lasting(web.session, web.session_idle)
    with app.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        secret = visits.sign_in_as(session, person, now, lasting, how="a bench", browser="", before=None)
    return f"campaign={secret}"


def _p(seconds: Sequence[float], hundredth: int) -> float:
    """Return a percentile in milliseconds; 0 of nothing."""
    if len(seconds) < 2:  # noqa: PLR2004 - quantiles need two
        return 1000 * sum(seconds)
    return 1000 * statistics.quantiles(seconds, n=100, method="inclusive")[hundredth - 1]


def compared(
    sizes: Sequence[int], *, postgresql: bool, only: str = "", rounds: int = ROUNDS, kept: Path | None = None
) -> dict[str, object]:
    """Return each page's times at each size, what it grew by, and how it stands to its template alone."""
    found: dict[str, dict[str, float]] = {}
    with ExitStack() as stack:
        stages = [stack.enter_context(staged(size, postgresql=postgresql, only=only, kept=kept)) for size in sizes]
        spare_what_stays()  # as a process that serves does
        weigh(stages, rounds)
    for stage in stages:
        for one in stage.asked:
            facts = {f"p50_ms_at_{stage.size}": _p(one.seconds, 50), f"p95_ms_at_{stage.size}": _p(one.seconds, 95)}
            if one.alone:
                facts[f"alone_p95_ms_at_{stage.size}"] = _p(one.alone, 95)
            found.setdefault(_stable(one), {}).update({name: round(value, 1) for name, value in facts.items()})
    first, last = sizes[0], sizes[-1]
    for facts in found.values():
        facts["growth"] = round(facts[f"p95_ms_at_{last}"] / facts[f"p95_ms_at_{first}"], 2)
        if f"alone_p95_ms_at_{last}" in facts:
            facts["to_template"] = round(facts[f"p95_ms_at_{last}"] / facts[f"alone_p95_ms_at_{last}"], 2)
    ratios = {
        "pages_growth": max(facts["growth"] for facts in found.values()),
        "pages_to_template": max(facts.get("to_template", 0) for facts in found.values()),
    }
    _show(found)
    return {"pages": found, "ratios": ratios}


def _stable(one: Asked) -> str:
    """Return the question's name, alike at every size: ids and instants differ."""
    return re.sub(r"%3A\d+|\d{3,}\S*", "N", one.name)


def _show(found: dict[str, dict[str, float]]) -> None:
    for name, facts in sorted(found.items(), key=lambda pair: -pair[1]["growth"]):
        print(f"{facts['growth']:7.2f} {facts.get('to_template', 0):7.2f}  {name}", file=sys.stderr)


def measure(*, quick: bool) -> dict[str, object]:
    """Return the small form: on SQLite alone."""
    return compared((4000, 8000) if quick else (4000, 40_000), postgresql=False, rounds=QUICKLY if quick else ROUNDS)


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.pages")
    words.add_argument("sizes", nargs="*", type=int, default=[10_000, 1_000_000])
    words.add_argument("--postgresql", action="store_true")
    words.add_argument("--only", default="", help="the questions that this pattern finds")
    words.add_argument(
        "--keep", type=Path, help="a folder where filled workspaces of one kind of database stay, to be asked again"
    )
    words.add_argument("--rounds", type=int, default=ROUNDS)
    given = words.parse_args()
    found = compared(given.sizes, postgresql=given.postgresql, only=given.only, rounds=given.rounds, kept=given.keep)
    names = ("fastapi", "jinja2", "sqlalchemy", "psycopg", "uvicorn")
    versions = {"python": platform.python_version(), **{name: version(name) for name in names}}
    print(json.dumps({"sizes": given.sizes, "postgresql": given.postgresql, **found, "versions": versions}))


if __name__ == "__main__":
    main()
