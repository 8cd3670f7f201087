"""A machine whose clock is fast, and a post whose answer was lost: the wrong time never proves that it is not there."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_room import Room, ShiftedClock, opened_room

from campaign.dispatch.stepping import Steps
from campaign.models.status import Status
from campaign.ports import Media
from campaign.sandbox.server import Sandbox

WORDS = "Have your say on SEND reform"
VIEWS = "https://www.gov.uk/dfe/SEND-conversation"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

Pictures = Callable[[int], tuple[Media, ...]]


class RightClock(ShiftedClock):
    """The platform's time, where the clock of the machine that sends is ``fast``."""

    fast = timedelta()

    def now(self) -> datetime:
        return super().now() - type(self).fast


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    """A room whose platform takes the same words twice: nothing but the look-ups keeps a post from being doubled."""
    RightClock.fast = timedelta()
    for opened in opened_room(request.param, sandbox, tmp_path):
        sandbox.world.clock = RightClock()
        sandbox.world.switches[f"{request.param}.duplicate_window"] = 0
        yield opened


def published(room: Room, words: str = "An older post") -> str:
    post_id = room.post(words)
    room.serve()
    return room.seen(post_id).external_id or ""


def lost(room: Room, kind: str = "store-then-drop", **more: Any) -> int:
    """Publish with an answer that is lost."""
    post_id = room.post(**{"words": WORDS, **more})
    room.goes_wrong(kind, nth=(1,))
    room.serve()
    room.box.world.faults.replace(())
    assert room.seen(post_id).status == Status.UNCONFIRMED
    return post_id


def asked_about(room: Room, post_id: int) -> bool:
    """Let dispatch come to rest; say whether the post was sent once, and a person is asked whether this one is it."""
    stood = room.shown()
    room.come_to_rest()
    post = room.seen(post_id)
    assert room.shown() == stood
    assert room.attempts(post_id) == ["unknown"]
    return post.status == Status.UNCONFIRMED and stood[-1].rpartition("_")[2] in (post.needs_person or "")


@pytest.mark.parametrize("fast", [15 * MINUTE, 3 * DAY], ids=str)
def test_words_from_before_the_attempt_are_neither_adopted_nor_taken_for_absence(room: Room, fast: timedelta) -> None:
    RightClock.fast = fast
    published(room)
    assert asked_about(room, lost(room))


@pytest.mark.parametrize("fast", [15 * MINUTE, 3 * DAY], ids=str)
def test_so_it_is_with_the_first_post_of_an_account(room: Room, fast: timedelta) -> None:
    RightClock.fast = fast
    assert asked_about(room, lost(room))


@pytest.mark.parametrize("earlier", [True, False])
def test_a_post_that_went_out_since_hides_nothing(room: Room, *, earlier: bool) -> None:
    RightClock.fast = 15 * MINUTE
    if earlier:
        published(room)
    post_id = lost(room)
    stood = room.shown()[-1]
    published(room, "A younger post")
    room.come_to_rest()
    assert stood.rpartition("_")[2] in (room.seen(post_id).needs_person or "")
    assert room.attempts(post_id) == ["unknown"]


def test_so_it_is_where_the_clock_is_set_right_while_nothing_runs(room: Room) -> None:
    RightClock.fast = HOUR
    published(room)
    post_id = lost(room)
    ShiftedClock.ahead -= HOUR
    RightClock.fast = timedelta()
    Steps(room.means).mend(room.means.clock.now())
    assert asked_about(room, post_id)


def test_a_post_is_found_by_its_uploads_whatever_its_time(room: Room, pictures: Pictures) -> None:
    RightClock.fast = 3 * HOUR
    published(room)
    post_id = lost(room, media=room.keep_images(pictures(2)))
    room.come_to_rest()
    assert room.seen(post_id).external_id == room.shown()[-1]
    assert room.attempts(post_id) == ["unknown"]


@pytest.mark.parametrize("room", ["facebook", "linkedin"], indirect=True)  # X shows no token
def test_a_post_is_found_by_the_token_in_its_card_whatever_its_time(room: Room) -> None:
    RightClock.fast = 3 * HOUR
    published(room)
    post_id = lost(room, link=VIEWS, link_title="Have your say")
    room.come_to_rest()
    assert room.seen(post_id).external_id == room.shown()[-1]
    assert room.attempts(post_id) == ["unknown"]


def test_a_share_is_not_made_twice(room: Room) -> None:
    RightClock.fast = HOUR
    room.post("The launch", partner="elm", slot="launch")
    room.serve("elm")
    published(room)
    post_id = lost(room, words="", share_of="launch@elm")
    stood = len(room.shown())
    room.come_to_rest()
    assert len(room.shown()) == stood
    assert (room.seen(post_id).status, room.attempts(post_id)) == (Status.UNCONFIRMED, ["unknown"])
    assert room.seen(post_id).needs_person


def test_equal_words_from_before_our_last_post_keep_nothing_back(room: Room) -> None:
    """Somebody put them there by hand an hour ago; we have posted since, so that they cannot be ours."""
    published(room)
    (ours,) = room.box.world.stored(room.channel)
    told = {**ours.extra, "commentary": WORDS} if "commentary" in ours.extra else ours.extra
    by_hand = ours.id[:-1] + str((int(ours.id[-1]) + 1) % 10)
    room.box.world.add_post(replace(ours, id=by_hand, text=WORDS, extra=told))
    room.later(HOUR)
    published(room, "A younger post")
    room.later(HOUR)
    post_id = lost(room, "drop-before-store")
    room.come_to_rest()
    assert (room.seen(post_id).status, room.attempts(post_id)) == (Status.PUBLISHED, ["unknown", "posted"])
