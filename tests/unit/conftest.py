"""What the tests of the pages share: a room of their own, with people of every role and no posts."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MovedClock
from pages_room import Room, opened_room


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock) -> Iterator[Room]:
    with opened_room(tmp_path, clock) as room:
        yield room
