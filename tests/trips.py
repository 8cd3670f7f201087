"""An officer on the way to a platform's consent page and back, for the tests of connecting."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest
import requests
from conftest import MovedClock
from pages_room import Browser, Room, opened_room

from campaign.identities import name as bound_to
from campaign.models import partners
from campaign.models.partners import Account
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.consent import CLIENT_ID, CLIENT_SECRET
from campaign.sandbox.server import Sandbox

CHANNELS = ("x", "facebook", "linkedin")
NUMBERS = ("5001", "5002", "5003")
_count = itertools.count(1)


def settings(box: Sandbox) -> dict[str, str]:
    """Return the environment that points every channel at the sandbox, under its app."""
    where = {
        "X__API_URL": box.x_url,
        "X__AUTHORIZE_URL": f"{box.x_url}/i/oauth2/authorize",
        "FACEBOOK__GRAPH_URL": box.facebook_url,
        "FACEBOOK__DIALOG_URL": box.facebook_url,
        "LINKEDIN__API_URL": box.linkedin_url,
        "LINKEDIN__AUTH_URL": box.linkedin_url,
    }
    for channel in ("X", "FACEBOOK", "LINKEDIN"):
        where |= {f"{channel}__CLIENT_ID": CLIENT_ID, f"{channel}__CLIENT_SECRET": "file:app.txt"}
        where |= {f"{channel}__READ": "700ms", f"{channel}__TOKEN_PAUSE": "10ms"}
    return {f"CAMPAIGN__CHANNELS__{name}": value for name, value in where.items()}


@dataclass
class Trip:
    """An officer with one account, and the way to the platform and back."""

    room: Room
    box: Sandbox
    account_id: int
    officer: str
    browser: Browser = field(init=False)

    def __post_init__(self) -> None:
        self.browser = self.room.browser(self.officer)

    @property
    def stored(self) -> Account:
        with self.room.office.database.read() as session:
            return session.get_one(Account, self.account_id)

    @property
    def credentials(self) -> dict[str, str]:
        return self.room.app.vault.open(self.stored.sealed or b"", bound_to(self.stored))

    def asked(self) -> str:
        """Press *Continue*; returns the address of the platform's page."""
        found = self.browser.get(f"/accounts/{self.account_id}/connect/start")
        assert found.status_code == 303
        return found.headers["location"]

    def allowed(self, address: str, *accounts: str, do: str = "allow", without: str = "") -> str:
        """Decide on the platform's page; returns the path to which it sends the browser back."""
        page = requests.get(address, timeout=5).text
        scopes = re.findall(r'name="scope" value="([^"]+)"', page)
        fields = [("account", one) for one in accounts] + [("scope", one) for one in scopes if one != without]
        back = requests.post(address, data=[*fields, ("do", do)], timeout=5, allow_redirects=False)
        assert back.status_code == 302
        parts = urlsplit(back.headers["location"])
        return f"{parts.path}?{parts.query}"

    def comes_back(self, *accounts: str, **more: str) -> requests.Response:
        return self.browser.get(self.allowed(self.asked(), *accounts, **more))

    def notice(self) -> str:
        found = re.search(r'banner__heading">(.*?)<', self.browser.get("/accounts").text, re.DOTALL)
        assert found
        return found[1].strip()

    def refused(self, found: requests.Response, words: str) -> None:
        assert found.status_code == 422
        assert "The account is not connected" in found.text
        assert words in found.text
        assert self.stored.sealed is None


@pytest.fixture(scope="module")
def box() -> Iterator[Sandbox]:
    accounts = [
        SandboxAccount(channel, number, f"@s{number}", number, f"School {number}")
        for channel in CHANNELS
        for number in NUMBERS
    ]
    with Sandbox(accounts=accounts, clock=MovedClock()) as box:
        yield box


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, box: Sandbox) -> Iterator[Room]:
    environ = settings(box) | {"CAMPAIGN__WEB__PUBLIC_URL": "http://localhost:1"}
    with opened_room(tmp_path_factory.mktemp("connecting"), MovedClock(), environ) as room:
        (room.app.workspace / "app.txt").write_text(f"{CLIENT_SECRET}\n")
        yield room


@pytest.fixture(params=CHANNELS)
def trip(request: pytest.FixtureRequest, room: Room, box: Sandbox) -> Trip:
    """An officer whose account has an id, on each platform."""
    return begun(room, box, request.param)


def begun(room: Room, box: Sandbox, channel: str, *, external_id: str = "5001", mode: str = "api") -> Trip:
    key = f"school-{next(_count)}"
    room.office.join(key, channel=channel, mode=mode)
    room.office.hire(f"officer-{key}", "officer", key)
    ident = room.office.accounts[key]
    with room.office.database.write() as session:
        partners.change_account(session, ident, {"external_id": external_id, "handle": "s5001"})
    return Trip(room, box, ident, f"officer-{key}")
