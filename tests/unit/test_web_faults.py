"""A page that breaks says so in the log, and tells nobody's secret there."""

from pathlib import Path

import pytest
from pages_room import Room
from structlog.testing import capture_logs

pytestmark = pytest.mark.thorough


def test_the_secret_of_an_address_stays_out_of_the_log(room: Room) -> None:
    file = Path(room.office.database.url.database or "")
    file.rename(file.with_suffix(".away"))
    with capture_logs() as lines:
        assert room.browser().get("/invitation/a-secret-that-serves-once").status_code == 500
    file.with_suffix(".away").rename(file)
    failed = [line for line in lines if line["event"] == "a page failed"]
    assert [line["path"] for line in failed] == ["/invitation/{secret}"]
    assert "a-secret" not in str(lines)
