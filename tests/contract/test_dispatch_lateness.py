"""Late is missed, however it came about: nothing beyond the grace goes out, within it everything does, in due order."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_room import POLICY, SECOND, Room, opened_room, serve

from campaign.dispatch import sweep
from campaign.models.status import Status
from campaign.sandbox.server import Sandbox


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("x", sandbox, tmp_path)


def test_a_lane_that_slept_beyond_the_grace_sends_nothing_before_anybody_has_swept(room: Room) -> None:
    """A suspended machine goes on in the middle of a lane: the next post may be hours late by then."""
    post_id = room.post("Have your say on SEND reform")
    room.later(timedelta(hours=6))
    serve(room.means, room.accounts["oak"])
    assert room.shown() == []
    sweep.expire(room.means, room.means.clock.now())
    assert room.seen(post_id).status == Status.MISSED
    assert [notice.to for notice in room.notices()] == ["olga@oak.example.org"]


def test_what_is_late_keeps_nothing_within_the_grace_back(room: Room) -> None:
    room.post("Too late by now")
    room.later(POLICY.grace + SECOND)
    room.post("Just in time")
    serve(room.means, room.accounts["oak"])
    (shown,) = room.box.world.ledger()
    assert shown["text"] == "Just in time"


def test_more_late_posts_than_one_sweep_reads_are_all_missed_in_one_look(room: Room) -> None:
    for number in range(7):
        room.post(f"Words {number}")
    room.later(POLICY.grace + SECOND)
    sweep.expire(room.means, room.means.clock.now(), at_once=3)
    assert {room.seen(number + 1).status for number in range(7)} == {Status.MISSED}
