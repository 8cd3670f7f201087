"""A page that breaks says so in the log, and tells nobody's secret there."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import MovedClock
from pages_room import Room, opened_room
from reviewing import opened_office
from structlog.testing import capture_logs

pytestmark = pytest.mark.thorough


@pytest.fixture
def room(tmp_path: Path, clock: MovedClock) -> Iterator[Room]:
    for office in opened_office(tmp_path, clock):
        with opened_room(tmp_path, office) as room:
            yield room


def test_the_secret_of_an_address_stays_out_of_the_log(room: Room) -> None:
    file = Path(room.office.database.url.database or "")
    file.rename(file.with_suffix(".away"))
    with capture_logs() as lines:
        assert room.browser().get("/invitation/a-secret-that-serves-once").status_code == 500
    file.with_suffix(".away").rename(file)
    failed = [line for line in lines if line["event"] == "a page failed"]
    assert [line["path"] for line in failed] == ["/invitation/{secret}"]
    assert "a-secret" not in str(lines)
