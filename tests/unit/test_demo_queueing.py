"""The demo's launch lies so far ahead that what it opens with is approved in time, also on a slow machine."""

from datetime import UTC, datetime, timedelta

import pytest

from campaign.demo.queueing import leaves_time

BEGAN = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("lead", "took", "fine"),
    [(6, 0.3, True), (6, 1.1, True), (6, 1.3, False), (6, 2.9, False), (12, 2.3, True), (24, 5, False), (48, 5, True)],
)
def test_what_takes_long_to_plan_takes_longer_to_approve(lead: float, took: float, *, fine: bool) -> None:
    now, launch_at = BEGAN + timedelta(seconds=took), BEGAN + timedelta(seconds=lead)
    assert leaves_time(BEGAN, now, launch_at) is fine
