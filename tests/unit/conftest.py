"""What unit tests share: a room of the pages for each test, and a SQLite file where either database will do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pages_room import room

from campaign.models import Database

__all__ = ["room"]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database with the newest schema."""
    opened = Database(f"sqlite:///{tmp_path}/t.db", connections=4)
    opened.upgrade()
    yield opened
    opened.close()
