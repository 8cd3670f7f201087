"""A workspace on either kind of database, and another one to restore into."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from backup_place import Place
from conftest import MovedClock

from campaign.backup import seal
from campaign.models import Database
from campaign.models.database import migrate


@pytest.fixture(autouse=True)
def cheap_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys that cost nothing; the story of a restore makes real ones."""
    monkeypatch.setattr(seal, "_COST", {"n": 1 << 10, "r": 8, "p": 1})


@pytest.fixture
def place(database: Database, clock: MovedClock, tmp_path: Path) -> Place:
    place = Place(tmp_path / "here", database, clock)
    place.open()
    return place


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, clock: MovedClock, tmp_path: Path) -> Iterator[Place]:
    """Another machine: a fresh folder and an empty database."""
    url = f"sqlite:///{tmp_path}/new.db" if request.param == "sqlite" else request.getfixturevalue("postgres_url")
    opened = Database(url, connections=2)
    yield Place(tmp_path / "there", opened, clock)
    opened.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of an empty database, once of each kind: here every migration is walked."""
    if request.param == "sqlite":
        (tmp_path / "campaign.db").touch()
        return f"sqlite:///{tmp_path}/campaign.db"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture
def older(database_url: str) -> Iterator[Callable[[str], Database]]:
    """Opens a fresh database as it was at an older migration."""
    opened = Database(database_url, connections=2)

    def at(revision: str) -> Database:
        with opened.write() as session:
            connection = session.connection()
            migrate(connection, revision)
        return opened

    yield at
    opened.close()
