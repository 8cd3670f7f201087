"""When an issue is late: like any post before its first copy, and never after it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from reviewing import GRACE, Office, opened_office

from campaign.models import claims, upkeep
from campaign.models.deliveries import Delivery
from campaign.models.status import Status

LATE = -GRACE - timedelta(seconds=1)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def issue(office: Office, *deliveries: str) -> int:
    """Store an approved issue that is later than the grace, claimed once, its recipients frozen."""
    office.join("news", channel="email")
    changes = {"started_at": office.clock.now()}
    post_id = office.post("news", status=Status.APPROVED, after=LATE, changes=changes)
    with office.database.write() as session:
        for number, status in enumerate(deliveries):
            row = Delivery(post_id=post_id, email=f"r{number}@example.org", token=f"t{number}", status=status)
            row.next_try_at = office.clock.now()
            session.add(row)
    return post_id


def late(office: Office) -> list[int]:
    with office.database.read() as session:
        return [post.ident for post in upkeep.overdue(session, office.clock.now(), GRACE)]


def next_due(office: Office) -> int | None:
    with office.database.read() as session:
        found = claims.due(session, [office.accounts["news"]], "here:1", office.clock.now(), GRACE)
    return found[0].ident if found else None


@pytest.mark.parametrize("deliveries", [(), ("waiting", "waiting")])
def test_an_issue_that_a_hold_stopped_before_its_first_copy_can_be_missed(
    office: Office, deliveries: tuple[str, ...]
) -> None:
    post_id = issue(office, *deliveries)
    assert late(office) == [post_id]
    assert next_due(office) is None


@pytest.mark.parametrize("first", ["sending", "sent", "deferred", "bounced", "unknown"])
def test_an_issue_that_may_have_reached_somebody_goes_on_however_late(office: Office, first: str) -> None:
    post_id = issue(office, first, "waiting")
    assert late(office) == []
    assert next_due(office) == post_id
