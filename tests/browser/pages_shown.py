"""The pages in Debian's chromium, over an office with posts of every kind. Browsers call localhost by its name."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from conftest import MovedClock
from daemons import free_port
from measured import measure
from pages_room import Room, demo_link, opened_app
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect
from reviewing import opened_office

from campaign.hooks import managing
from campaign.metrics import Metrics
from campaign.models import hooks, mailing
from campaign.models.status import Status
from campaign.ports import Draft, Envelope
from campaign.review import decisions, holding
from campaign.review.content import draft_to_json
from campaign.web.server import serving
from campaign.web.site import site

CHROMIUM = shutil.which("chromium")
NEEDED = os.environ.get("REQUIRE_ALL") == "1"
SAID_TWICE = "Families can ring 020 7946 0000 until nine in the evening"
PATIENCE = 30_000
"""Milliseconds: other tests keep both cores busy."""
expect.set_options(timeout=PATIENCE)
QUIET = ["--no-sandbox", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/browser/" in item.path.as_posix() and not CHROMIUM and not NEEDED:
            item.add_marker(pytest.mark.skip(reason="no chromium here: scripts/test-needs installs it"))


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    return {"executable_path": CHROMIUM, "args": QUIET}


@contextmanager
def opened_pages(folder: Path) -> Iterator[Room]:
    """Serve an office's pages under the name localhost, which passkeys ask for."""
    port, clock = free_port(), MovedClock()
    environ = {"CAMPAIGN__WEB__PUBLIC_URL": f"http://localhost:{port}", "CAMPAIGN__CHANNELS__X__CLIENT_ID": "ours"}
    for office in opened_office(folder, clock):
        app = opened_app(folder / "workspace", office.database, clock, environ)
        with serving(site(app, Metrics(app.database, clock)), f"127.0.0.1:{port}"):
            yield Room(office, app, f"http://localhost:{port}")


def furnish(room: Room) -> dict[str, int]:
    """Store posts of every state for both partners; returns some by name."""
    office, found = room.office, dict[str, int]()
    office.reach("rita", "rita@dfe.example.org")
    office.reach("ella", "ella@elm.example.org")
    for number, status in enumerate(Status):
        found[status.value] = office.post("oak", status=status, after=timedelta(hours=number - 3))
    found["returned"] = office.post("oak", status=Status.DRAFT, changes={"comment": "Say where the course is"})
    found["to_settle"] = office.post("oak", status=Status.UNCONFIRMED, changes={"needs_person": "X does not answer"})
    for number in range(40):
        office.post("elm", after=timedelta(hours=number))
    found["slot"] = 7
    office.post("oak", status=Status.PUBLISHED, changes={"slot": "7"})
    found["account"] = office.accounts["oak"]
    found["written"] = office.post("oak", changes={"template": "post-1", "fields": {"x_line": "Ours"}})
    for number in range(2):
        office.post("oak", changes={"slot": f"alike {number}", "draft": {"words": SAID_TWICE, "media": []}})
    office.join("ash", channel="email")
    sent_by = Envelope("News <news@example.org>", "Ash School", "https://campaign.example.org")
    letter = Draft("# News\n\nFrom us.", subject="News", audience="ash", envelope=sent_by)
    found["issue"] = office.post("ash", changes={"draft": draft_to_json(letter)})
    with office.desk("rita") as desk:
        holding.hold(desk.session, desk.person, "channel:email", "A wrong link", desk.now)
    decide(room)
    found["webhook"] = webhook(room)
    return found | measure(room)


def decide(room: Room) -> None:
    """Store decisions, and addresses that get no mail."""
    office, now = room.office, room.office.clock.now()
    for name in ("olga", "adam"):
        room.browser(name)
    for number in range(60):
        post = office.post("oak", changes={"slot": f"decided {number}"}, after=timedelta(days=9))
        with office.deciding("rita", post) as (desk, row):
            decisions.send_back(desk, row, "Say where the course is, and until when families can sign up for it")
    with office.database.write() as session:
        for number, why in enumerate(["hard bounce", "hard bounce", "complaint"]):
            mailing.suppress(session, f"gone{number}@example.org", why, now)


def webhook(room: Room) -> int:
    """Store a webhook with a call that was taken and one that was not."""
    address, now = "https://programs.example.org/hook", room.office.clock.now()
    with room.office.desk("adam") as desk:
        made, _ = managing.add(desk, room.app.vault, url=address, kinds=["published", "failed"], loopback=False)
        for _ in range(2):
            call = managing.test(desk, made)
        hooks.taken(desk.session, call, "HTTP 204", now)
        return made.ident


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Room]:
    with opened_pages(tmp_path_factory.mktemp("pages")) as room:
        yield room


@pytest.fixture(scope="module")
def posts(pages: Room) -> dict[str, int]:
    return furnish(pages)


def sign_in(page: Page, room: Room, name: str) -> None:
    page.goto(f"{room.address}{demo_link(room, name)}")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url(f"{room.address}/")


@contextmanager
def a_page(browser: Browser, room: Room, name: str | None, path: str | None = "/", **options: Any) -> Iterator[Page]:
    """Open a page, or none, as a person where one is named. Whatever the console says against it fails the test."""
    context = browser.new_context(**options)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    with nothing_said_against(page):
        enter(context, room, name)
        if path is not None:
            page.goto(f"{room.address}{path}")
        yield page
        context.close()


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[Page]:
    """A window for tests that only look at pages: to open one costs more than the page that is shown in it."""
    context = browser.new_context()
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    yield page
    context.close()


@contextmanager
def shown(window: Page, room: Room, name: str | None, path: str) -> Iterator[Page]:
    """Open a page in the window, as ``a_page`` does in one of its own."""
    window.context.clear_cookies()
    window.emulate_media(forced_colors="none")
    with nothing_said_against(window):
        enter(window.context, room, name)
        window.goto(f"{room.address}{path}")
        yield window


def enter(context: BrowserContext, room: Room, name: str | None) -> None:
    """Let the browser be a person's, where one is named."""
    if name is not None:
        secret = room.browser(name).session.cookies["campaign"]
        context.add_cookies([{"name": "campaign", "value": secret, "url": room.address}])


@contextmanager
def nothing_said_against(page: Page) -> Iterator[None]:
    said = list[str]()

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            said.append(message.text)

    def fault(error: Error) -> None:
        said.append(str(error))

    page.on("console", hear)
    page.on("pageerror", fault)
    yield
    page.remove_listener("console", hear)
    page.remove_listener("pageerror", fault)
    against = [line for line in said if "the server responded with a status of 4" not in line]
    assert against == [], against
