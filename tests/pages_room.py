"""The pages over a workspace for tests: people of every role, sessions without a sign-in page, and a plain client."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from html import unescape
from pathlib import Path

import pytest
import requests
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.app import App
from campaign.config import lay_out, load_settings
from campaign.metrics import Metrics
from campaign.models import Database, users
from campaign.people import tickets, visits
from campaign.people.tickets import Purpose
from campaign.people.visits import Lasting
from campaign.vault import create_key
from campaign.web.server import serving
from campaign.web.site import site

TOKEN = re.compile(r'name="form_token" value="([^"]*)"')
HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)"')
VERSION = re.compile(r'name="version" value="([^"]*)"')


def opened_app(folder: Path, database: Database, clock: MovedClock, environ: Mapping[str, str] | None = None) -> App:
    """An app over the shipped workspace whose database and clock are the test's."""
    lay_out(folder)
    app = App(folder, load_settings(folder, environ or {}), clock=clock)
    if not app.settings.vault.key_file.exists():
        create_key(app.settings.vault.key_file)
    app.__dict__["database"] = database  # where the cached property keeps it
    return app


@contextmanager
def served(app: App) -> Iterator[str]:
    """Serve the pages of an app while the block runs; gives the address."""
    pages = site(app, Metrics(app.database, app.clock))
    with serving(pages, "127.0.0.1:0") as address:
        yield address


@dataclass
class Browser:
    """A browser without scripts: keeps its cookie, reads the form token of a page, sends forms as a page does."""

    address: str
    session: requests.Session = field(default_factory=requests.Session)
    token: str | None = None
    """The form token where it is known without a page."""

    def get(self, path: str) -> requests.Response:
        return self.session.get(f"{self.address}{path}", timeout=20, allow_redirects=False)

    def send(self, path: str, page: str | None = None, **fields: str) -> requests.Response:
        """Send a form with its token: from a page of ours where one is named or the token is not known."""
        found = TOKEN.search(self.get(page or "/account").text) if page or self.token is None else None
        return self.post(path, {"form_token": found[1] if found else self.token or ""} | fields)

    def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str] | None = None) -> requests.Response:
        return self.session.post(
            f"{self.address}{path}", data=fields, headers=headers, timeout=20, allow_redirects=False
        )

    def upload(self, path: str, text: str, name: str = "rows.csv", **fields: str) -> requests.Response:
        """Send a form with a CSV file."""
        return self.session.post(
            f"{self.address}{path}",
            data={"form_token": self.token, **fields},
            files={"file": (name, text.encode(), "text/csv")},
            timeout=20,
        )

    def confirm(self, path: str, page: str, **changed: str) -> requests.Response:
        """Send the form of a preview on, as a browser without scripts does."""
        fields = {name: unescape(text) for name, text in HIDDEN.findall(page)} | changed
        files = {name: (None, text) for name, text in fields.items()}  # which makes it multipart
        return self.session.post(f"{self.address}{path}", files=files, timeout=20, allow_redirects=False)

    def version(self, path: str) -> str:
        """Return the version that the form of a page carries, nothing where it has none."""
        found = VERSION.search(self.get(path).text)
        return found[1] if found else ""


@dataclass
class Room:
    """The pages, served over an office."""

    office: Office
    app: App
    address: str

    def browser(self, name: str | None = None) -> Browser:
        """A browser, signed in as a person where one is named."""
        found = Browser(self.address)
        if name is not None:
            web = self.app.settings.web
            with self.office.database.write() as session:
                person = users.user(session, name)
                assert person is not None
                secret = visits.sign_in_as(
                    session,
                    person,
                    self.office.clock.now(),
                    Lasting(web.session, web.session_idle),
                    how="a test",
                    browser="",
                    before=None,
                )
                visit = visits.find(session, secret, self.office.clock.now(), Lasting(web.session, web.session_idle))
                assert visit is not None
                found.token = visit[0].form_token
            found.session.cookies.set("campaign", secret)
        return found


@contextmanager
def opened_room(folder: Path, clock: MovedClock, environ: Mapping[str, str] | None = None) -> Iterator[Room]:
    """Serve the pages over an office of their own."""
    for office in opened_office(folder, clock):
        app = opened_app(folder / "workspace", office.database, office.clock, environ)
        with served(app) as address:
            yield Room(office, app, address)


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock) -> Iterator[Room]:
    """A room of the test's own, with people of every role and no posts."""
    with opened_room(tmp_path, clock) as room:
        yield room


def demo_link(room: Room, name: str = "rita") -> str:
    """Return the path of a demo's link for a person."""
    with room.office.database.write() as session:
        person = users.user(session, name)
        assert person is not None
        secret = tickets.issue(session, person, Purpose.DEMO, by="adam", now=room.office.clock.now())
    return f"/sign-in/demo/{secret}"
