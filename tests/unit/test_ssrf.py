"""No partner and no officer makes the program fetch an address of theirs, least of all one inside the house.

``WHO_SAYS_WHERE`` lists every module that opens connections and who decides to which address; what is new must be
added. Then a trap stands on this machine: everything that people can write names it, every door that takes such words
is tried, and nobody may knock at it.
"""

import ast
import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from conftest import MovedClock
from pages_room import Room, opened_room
from PIL import Image

from campaign.channels import load_channels
from campaign.errors import CampaignError, Outcome
from campaign.hooks import signing
from campaign.models.status import Status
from campaign.newsletter.render import rendered
from campaign.ports import Evidence, Identity, Media, Message
from campaign.ports.connecting import Client

pytestmark = pytest.mark.thorough
ROOT = Path(__file__).resolve().parents[2] / "campaign"

OPERATOR = "config.toml or the environment"
OURSELVES = "this machine alone"
OUTSIDE = "an admin, and the place to which the name leads must lie outside"
WHO_SAYS_WHERE = {
    "http.py": "whoever opens a session; it follows no redirect and takes no proxy",
    "channels/_consent.py": "nobody: it reads answers",
    "channels/_facebook_consent.py": OPERATOR,
    "channels/_facebook_wire.py": OPERATOR,
    "channels/_linkedin_consent.py": OPERATOR,
    "channels/_linkedin_wire.py": "config.toml; for an image's bytes LinkedIn, https or the configured host",
    "channels/_watching.py": OPERATOR,
    "channels/_tokens.py": "whoever calls through it",
    "channels/_wire.py": "whoever calls through it",
    "channels/_x_consent.py": OPERATOR,
    "channels/_x_owner.py": OPERATOR,
    "channels/_x_wire.py": OPERATOR,
    "channels/facebook.py": "nobody: it reads answers",
    "channels/linkedin.py": OPERATOR,
    "channels/x.py": OPERATOR,
    "health/webhook.py": OPERATOR,
    "hooks/outside.py": OUTSIDE,
    "hooks/signing.py": OUTSIDE,
    "sockets.py": "whoever opens a session",
    "newsletter/wire.py": OPERATOR,
    "register/connecting.py": "nobody: it says how a call failed",
    "people/provider.py": "config.toml names the issuer, and the issuer's own description the rest",
    "models/jobs.py": OPERATOR,
    "models/nudges.py": OPERATOR,
    "models/postgres.py": OPERATOR,
    "nudge.py": OURSELVES,
    "app.py": OURSELVES,
    "web/server.py": OURSELVES,
    "demo/settings.py": OURSELVES,
}
_OUT = frozenset(
    {
        *("aiohttp", "asyncpg", "facebook", "ftplib", "httpx", "imaplib", "poplib", "psycopg", "requests", "smtplib"),
        *("campaign.channels._wire.once", "campaign.channels._tokens.renewal", "campaign.sockets"),
        *("socket", "tweepy", "urllib3", "http.client", "urllib.request", "campaign.http", "authlib.integrations"),
    }
)


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_every_module_that_can_reach_out_is_known_with_who_says_where() -> None:
    reaching = {
        str(path.relative_to(ROOT))
        for path in ROOT.rglob("*.py")
        if "sandbox" not in path.parts
        and any(name == out or name.startswith(f"{out}.") for name in imported(path) for out in _OUT)
    }
    assert reaching == set(WHO_SAYS_WHERE)


@dataclass
class Trap:
    """A door inside the house at which nobody may knock."""

    door: socket.socket

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.door.getsockname()[1]}"

    @property
    def url(self) -> str:
        return f"http://{self.host}/inside"

    def was_left_alone(self) -> bool:
        with suppress(BlockingIOError):
            self.door.accept()[0].close()
            return False
        return True


@pytest.fixture
def trap() -> Iterator[Trap]:
    with socket.create_server(("127.0.0.1", 0)) as door:
        door.setblocking(False)
        yield Trap(door)


def test_the_trap_tells_who_knocks(trap: Trap) -> None:
    socket.create_connection(("127.0.0.1", trap.door.getsockname()[1])).close()
    assert not trap.was_left_alone()


# --- the platforms' channels ------------------------------------------------------------------------------------------


@dataclass
class Platform:
    """A platform that answers everything with the same words, or leads elsewhere."""

    url: str
    answer: dict[str, Any] = field(default_factory=dict)
    elsewhere: str = ""
    asked: list[str] = field(default_factory=list)


@contextmanager
def answering() -> Iterator[Platform]:
    class Handler(BaseHTTPRequestHandler):
        def take(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            platform.asked.append(f"{self.headers['Host']} {self.path}")
            body = json.dumps(platform.answer).encode()
            self.send_response(302 if platform.elsewhere else 200)
            if platform.elsewhere:
                self.send_header("Location", platform.elsewhere)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = take  # noqa: N815 - the names that the library asks for

        def log_message(self, *_words: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        platform = Platform(f"http://127.0.0.1:{server.server_address[1]}")
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield platform
        server.shutdown()


class Open:
    """A gate that lets everything pass."""

    def check(self) -> None:
        pass

    def keep(self, media_ids: object) -> None:
        pass


def built(name: str, platform: Platform) -> Any:
    kind = load_channels()[name]
    where = {"x": ("api_url",), "facebook": ("graph_url",), "linkedin": ("api_url", "auth_url")}[name]
    quick = {"connect": "1s", "read": "1s", "token_pause": "1ms"}
    more = {"image_poll": "1ms", "image_wait": "5ms"} if name == "linkedin" else {}
    settings = {**dict.fromkeys(where, platform.url), **quick, **more}
    return kind.from_settings(kind.settings_type.model_validate(settings))


def hostile(trap: Trap) -> list[str]:
    """Return what an id, a handle, a code or a word may look like that wants to lead elsewhere."""
    return [
        trap.url,
        f"@{trap.host}/",
        f"//{trap.host}/x",
        f"\\\\{trap.host}\\x",
        f"../../../{trap.host}",
        f"1?next={trap.url}",
        f"1#@{trap.host}/",
        f"1\r\nHost: {trap.host}",
    ]


def tried(channel: Any, who: Identity, word: str, image: Media) -> None:
    """Try every power of a channel with words that want to lead elsewhere."""
    text = f"See {word}"
    message = Message(channel.name, text, link=word, link_title=word, media=(image,))
    shared = Message(channel.name, "", share_of=word)
    evidence = Evidence(message, datetime.now(UTC), media_ids=(word,), control_id=word)
    client = Client("app", "secret")
    calls: list[Callable[[], object]] = [
        lambda: channel.publish(who, message, Open()),
        lambda: channel.publish(who, shared, Open()),
        lambda: channel.find(who, evidence),
        lambda: channel.measure(who, [word]),
        lambda: channel.retract(who, word),
        lambda: channel.verify(who),
        lambda: channel.consented(client, word, word, word),
        lambda: channel.renew(who.credentials) if hasattr(channel, "renew") else None,
    ]
    for call in calls:
        # What becomes of the call is another test's; malformed ids may fail in any way, but not lead away.
        with suppress(CampaignError, requests.RequestException, LookupError, TypeError, ValueError, AttributeError):
            call()


@pytest.mark.parametrize("name", ["x", "facebook", "linkedin"])
def test_a_channel_speaks_to_its_platform_whatever_an_account_or_a_post_is_called(
    tmp_path: Path, trap: Trap, name: str
) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "a.png")
    digest = sha256((tmp_path / "a.png").read_bytes()).hexdigest()
    image = Media(digest, "image/png", trap.url, tmp_path / "a.png")
    keys = {"access_token": "t", "refresh_token": "r", "client_id": "c", "client_secret": "s"}
    with answering() as platform:
        channel = built(name, platform)
        # An answer that names the trap wherever a platform gives addresses.
        platform.answer = {
            "id": "1_2",
            "access_token": "token",
            "scope": "users.read rw_organization_admin",
            "data": [{"id": "1", "permission": "pages_show_list", "status": "granted", "tasks": ["CREATE_CONTENT"]}],
            "meta": {"next_token": trap.url},
            "paging": {"next": trap.url, "cursors": {"after": trap.url}, "links": [{"href": trap.url}]},
            "elements": [{"organization": f"urn:li:organization:@{trap.host}/", "role": "ADMINISTRATOR"}],
            "value": {"uploadUrl": trap.url, "image": "urn:li:image:1"},
        }
        for elsewhere in ("", trap.url):
            platform.elsewhere = elsewhere
            for word in hostile(trap):
                who = Identity(1, word, word, name, word, word, keys)
                tried(channel, who, word, image)
        own = platform.url.removeprefix("http://")
        assert len(platform.asked) > 50
        assert {asked.partition(" ")[0] for asked in platform.asked} == {own}
    assert trap.was_left_alone()


def test_a_proxy_of_the_environment_is_not_taken(trap: Trap, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(variable, f"http://{trap.host}")
    with answering() as platform:
        with suppress(CampaignError):
            built("x", platform).verify(Identity(1, "oak", "Oak", "x", "oak", "1", {"access_token": "t"}))
        assert platform.asked
    assert trap.was_left_alone()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "0", "[::ffff:127.0.0.1]", "[::1]"]
)
def test_a_webhook_knocks_at_no_door_inside_however_it_is_written(trap: Trap, host: str) -> None:
    with pytest.raises(Outcome):
        signing.post(f"http://{host}:{trap.host.partition(':')[2]}/", {}, b"{}", loopback=False)
    assert trap.was_left_alone()


def test_a_letter_is_made_without_fetching_anything(trap: Trap) -> None:
    words = "\n\n".join(
        (
            f"![picture]({trap.url}/a.png)",
            f'<link rel="stylesheet" href="{trap.url}/a.css">',
            f'<img src="{trap.url}/b.png"><style>@import "{trap.url}/b.css";</style>',
            f"[link]({trap.url}) <{trap.url}>",
        )
    )
    letter = rendered(words, f"@import url({trap.url})", f"<link rel=stylesheet href={trap.url}>")
    assert "<img" not in letter.html
    assert trap.was_left_alone()


# --- the pages --------------------------------------------------------------------------------------------------------


def test_no_word_in_a_form_is_fetched(tmp_path: Path, trap: Trap, clock: MovedClock) -> None:
    with opened_room(tmp_path, clock) as room:
        browser = room.browser("olga")
        own = {"x_line": f"See {trap.url}", "own_words": trap.url, "local_link": trap.url, "local_event": trap.url}
        image = {"image": trap.url, "image_alt": trap.url}
        names = {"name": trap.url, "contact": "send@oak.example"}
        for do in ("preview", "save"):
            version = browser.version("/details")
            found = browser.send("/details", partner="oak", do=do, version=version, **own, **image, **names)
            assert found.status_code in {200, 303}
        new = {"template": "post-1", "account": str(room.office.accounts["oak"]), "day": "8/12/2025", "time": "9:30"}
        for do in ("preview", "send"):
            found = browser.send("/posts/new", do=do, **new, **own, **image)
            assert found.status_code in {200, 303}
        post = int(found.headers["location"].rpartition("/")[2])
        assert browser.get(f"/posts/{post}").status_code == 200
        assert room.browser("rita").get(f"/posts/{post}").status_code == 200
        by_hand_addresses(room, trap)
    assert trap.was_left_alone()


def by_hand_addresses(room: Room, trap: Trap) -> None:
    """Give the address of a post that a person published; it is read, never opened."""
    post, browser = room.office.post("oak", status=Status.BY_HAND), room.browser("olga")
    addresses = (trap.url, f"https://x.com@{trap.host}/oak/status/12", f"https://{trap.host}/oak/status/12")
    for address in (*addresses, f"http://x.com:{trap.host.partition(':')[2]}/oak/status/12#", "file:///etc/passwd"):
        browser.send(f"/posts/{post}/hand", url=address)
    browser.send(f"/posts/{post}/hand", url="https://x.com/i/status/1995000000000000000")
    assert room.office.seen(post).status == Status.PUBLISHED


def test_where_a_platform_sends_people_back_is_nobodys_to_choose(tmp_path: Path, trap: Trap, clock: MovedClock) -> None:
    environ = {"CAMPAIGN__CHANNELS__X__CLIENT_ID": "ours", "CAMPAIGN__WEB__PUBLIC_URL": "https://campaign.example"}
    with opened_room(tmp_path, clock, environ) as room:
        browser = room.browser("olga")
        cookie = {"__Host-campaign": browser.session.cookies["campaign"]}
        headers = {"Host": trap.host, "X-Forwarded-Host": trap.host, "Forwarded": f"host={trap.host}"}
        account = room.office.accounts["oak"]
        path = f"{room.address}/accounts/{account}/connect/start?redirect_uri={trap.url}&back={trap.url}"
        found = requests.get(path, headers=headers, cookies=cookie, allow_redirects=False, timeout=10)
        asked = urlsplit(found.headers["location"])
        assert asked.netloc == "x.com"
        assert parse_qs(asked.query)["redirect_uri"] == ["https://campaign.example/accounts/connected/x"]
        for channel in (trap.host, "x.evil", "email"):
            back = f"{room.address}/accounts/connected/{channel}?code={trap.url}&state=x&iss={trap.url}"
            assert requests.get(back, cookies=cookie, allow_redirects=False, timeout=10).status_code in {404, 422}
    assert trap.was_left_alone()
