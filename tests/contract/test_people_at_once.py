"""Two people decide on one post at the same moment, each in a transaction of their own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.errors import MoveRefused
from campaign.models.partners import Partner
from campaign.models.status import Status
from campaign.review import decisions, rearranging

MINUTE = timedelta(minutes=1)


@pytest.fixture
def office(database_url: str, tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock, database_url)


def approve(office: Office, name: str, post_id: int) -> bool:
    with office.deciding(name, post_id) as (desk, row):
        return decisions.approve(desk, row, row.post.content_hash)


def approve_while_it_moves(office: Office, post_id: int) -> None:
    with office.deciding("rita", post_id) as (desk, row):
        with office.deciding("olga", post_id) as (hers, mine):
            rearranging.reschedule(hers, mine, mine.post.due_at + 10 * MINUTE)
        decisions.approve(desk, row, row.post.content_hash)


def test_of_two_sides_that_say_yes_at_once_the_second_approves(office: Office) -> None:
    with office.database.write() as session:
        session.get_one(Partner, 1).approver = "both"
    post_id = office.post("oak")
    with ThreadPoolExecutor(1) as other:
        with office.deciding("rita", post_id) as (desk, row):
            assert not decisions.approve(desk, row, row.post.content_hash)
            theirs = other.submit(approve, office, "olga", post_id)
            sleep(0.5)  # theirs is under way before this one is written
        assert theirs.result(timeout=30)
    assert office.seen(post_id).status == Status.APPROVED


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.thorough
def test_a_post_that_gets_another_time_in_its_window_while_it_is_approved_is_looked_at_again(office: Office) -> None:
    """Its version stays as it is; the time at which it is first tried would be the old one."""
    post_id = office.post("oak", after=120 * MINUTE, window=60 * MINUTE)
    with pytest.raises(MoveRefused, match="meanwhile"):
        approve_while_it_moves(office, post_id)
    assert approve(office, "rita", post_id)
    post = office.seen(post_id)
    assert (post.next_try_at, post.moved) == (post.due_at, True)
