"""What contract tests share: a local world of its own for each test, the channels set up to speak to it, a mailing."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from conftest import MovedClock
from mail_bench import Bench, benched
from PIL import Image
from terminal import Terminal

from campaign.app import App
from campaign.channels import load_channels
from campaign.clock import SystemClock
from campaign.models import Database
from campaign.ports import Channel, Evidence, Identity, Media, Message
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

CREDENTIALS: Mapping[tuple[str, str], dict[str, str]] = {
    ("x", "1001"): {
        "consumer_key": "app-key",
        "consumer_secret": "app-secret",
        "access_token": "1001-oak",
        "access_token_secret": "oak-secret",
    },
    ("x", "2002"): {"access_token": "elm-access", "refresh_token": "elm-refresh", "client_id": "elm-app"},
    ("facebook", "1001"): {"access_token": "page-1001"},
    ("facebook", "2002"): {"access_token": "page-2002", "app_secret": "hush"},
    ("linkedin", "1001"): {
        "access_token": "token-1001",
        "refresh_token": "refresh-1001",
        "client_id": "app",
        "client_secret": "app-secret",
    },
    ("linkedin", "2002"): {"access_token": "token-2002", "scopes": "w_organization_social"},
}
ADDRESS = {"x": "api_url", "facebook": "graph_url", "linkedin": "api_url"}
QUICK = {"connect": "2s", "read": "700ms", "token_pause": "10ms", "back_off": "90s"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    """A local world that knows two accounts on each platform, with images and statistics ready at once."""
    accounts = [
        SandboxAccount(channel, number, f"@p{number}", number, f"Partner {number}", credentials=credentials)
        for (channel, number), credentials in CREDENTIALS.items()
    ]
    with Sandbox(accounts=accounts) as box:
        box.world.switches.update({"linkedin.processing": 0.05, "linkedin.statistics_delay": 0})
        yield box


@dataclass
class Watch:
    """A gate that notes what is asked of it, and shuts at the call of that number."""

    shuts_at: int = 0
    checks: int = 0
    kept: list[str] = field(default_factory=list)
    stop: Exception | None = None

    def check(self) -> None:
        self.checks += 1
        if self.stop is not None and self.checks >= self.shuts_at:
            raise self.stop

    def keep(self, media_ids: Sequence[str]) -> None:
        self.kept = list(media_ids)


@dataclass
class Stage:
    """One channel that speaks to the local world, and an account of it."""

    channel: Any
    who: Identity
    box: Sandbox

    def as_account(self, number: str) -> "Stage":
        credentials = CREDENTIALS[self.channel.name, number]
        return replace(self, who=replace(self.who, external_id=number, handle=f"@p{number}", credentials=credentials))

    def goes_wrong(self, kind: str, endpoint: str = "create", **more: Any) -> None:
        self.box.world.faults.replace([Fault(kind, self.channel.name, endpoint, **more)])

    def applied(self) -> Any:
        return self.box.world.faults.report()["applied"]

    def ledger(self) -> list[dict[str, Any]]:
        return self.box.world.ledger()

    def evidence(self, message: Message, **more: Any) -> Evidence:
        return Evidence(message, SystemClock().now() - timedelta(seconds=1), **more)


@pytest.fixture
def stage(sandbox: Sandbox) -> Callable[[str], Stage]:
    """Builds the stage of a channel by its name."""

    def build(name: str, **settings: str) -> Stage:
        kind = load_channels()[name]
        where = {ADDRESS[name]: sandbox.urls[name]}
        if name == "linkedin":
            where |= {"auth_url": sandbox.urls[name], "image_poll": "20ms", "image_wait": "2s"}
        channel: Channel = kind.from_settings(kind.settings_type.model_validate({**QUICK, **where, **settings}))
        who = Identity(1, "oak", "Oak School", name, "@p1001", "1001", CREDENTIALS[name, "1001"])
        return Stage(channel, who, sandbox)

    return build


@pytest.fixture
def pictures(tmp_path: Path) -> Callable[[int], tuple[Media, ...]]:
    """Makes images of different colours, each with an alt text of its own."""

    def build(count: int) -> tuple[Media, ...]:
        made = []
        for number in range(count):
            path = tmp_path / f"{number}.png"
            Image.new("RGB", (40, 30), (40 * number, 90, 120)).save(path)
            digest = sha256(path.read_bytes()).hexdigest()
            made.append(Media(digest, "image/png", f"Drawing {number}: a “school” & its garden", path))
        return tuple(made)

    return build


@pytest.fixture
def watch() -> Watch:
    return Watch()


@pytest.fixture
def bench(database: Database, clock: MovedClock, tmp_path: Path) -> Iterator[Bench]:
    """An issue to an empty list, and a server for it."""
    with benched(database, clock, tmp_path / "journal") as made:
        yield made


@pytest.fixture
def app(terminal: Terminal) -> Iterator[App]:
    """The program over the workspace that the test's module lays out."""
    opened = App.open(terminal.folder, {})
    yield opened
    opened.close()
