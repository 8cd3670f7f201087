"""The desk of the stories, on a real sandbox in this process and on either database."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from workshop import PARTNERS, Workshop, credentials

from campaign.sandbox.server import Sandbox


@pytest.fixture
def accounts_file(tmp_path: Path) -> Path:
    """Two partners with an account on every channel, written by hand."""
    desk = tmp_path / "desk"
    desk.mkdir()
    rows = ["partner,channel,handle,external_id,mode,credentials"]
    for number, partner in enumerate(PARTNERS):
        for channel in ("x", "facebook", "linkedin"):
            secret = desk / f"{partner}-{channel}.json"
            secret.write_text(json.dumps(credentials(channel, number)))
            rows.append(f"{partner},{channel},@{partner},{1000 + number},api,file:{secret.name}")
        rows.append(f"{partner},email,news-{partner},readers-{partner},api,")
    path = desk / "accounts.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def sandbox(accounts_file: Path, tmp_path: Path) -> Iterator[Sandbox]:
    with Sandbox(accounts=accounts_file, data=tmp_path / "sandbox", speed=1000) as box:
        box.world.switches.update({"linkedin.statistics_delay": 0})
        yield box


@pytest.fixture
def sqlite_desk(accounts_file: Path, sandbox: Sandbox) -> Workshop:
    return Workshop(accounts_file.parent, sandbox.urls)


@pytest.fixture(params=["sqlite", "postgresql"])
def desk(request: pytest.FixtureRequest, accounts_file: Path, sandbox: Sandbox) -> Workshop:
    """The same desk with database.url alone changed."""
    url = "sqlite:///campaign.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    return Workshop(accounts_file.parent, sandbox.urls, database_url=url)
