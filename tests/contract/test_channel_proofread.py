"""LinkedIn cuts a post at a sign that it takes for its own, and says 201: the post is read back and people told."""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from dispatch_room import Room, ShiftedClock, claim_next, opened_room

from campaign.dispatch import lane, proofread
from campaign.dispatch.dispatcher import Dispatcher
from campaign.errors import CannotLook
from campaign.models import listing
from campaign.models.holds import Hold
from campaign.models.partners import Account
from campaign.models.status import Status
from campaign.ports import Message
from campaign.sandbox.server import Sandbox

WORDS = "Have your say (it takes 5 minutes) on SEND reform"
Build = Callable[..., Any]


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("linkedin", sandbox, tmp_path)


def reads(room: Room) -> int:
    calls: Any = room.box.world.faults.report()["calls"]
    return int(calls.get("linkedin.read", 0))


def moves(room: Room, post_id: int) -> list[tuple[str, str]]:
    with room.means.database.read() as session:
        return [(event.move, event.why) for event in listing.events(session, post_id)]


def read_back(room: Room, post_id: int) -> None:
    """Publish, and do what the dispatcher does after: read back what is at risk."""
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    done = lane.send(room.means, claimed)
    lane.turn(room.means, [done], ())
    for due in proofread.worth_reading(room.means, [done]):
        assert due.ident == post_id
        proofread.read_back(room.means, due.ident)


def test_the_dispatcher_reads_back_what_it_published(room: Room) -> None:
    room.box.world.switches["linkedin.forgets_escapes"] = True
    room.post(WORDS)
    dispatcher = Dispatcher(room.means, threads=2, changed=lambda: None)
    try:
        dispatcher.look()
        until = time.monotonic() + 30
        while not room.notices() and time.monotonic() < until:
            time.sleep(0.05)
    finally:
        dispatcher.stop()
    assert [notice.subject for notice in room.notices()] == ["Oak: a post does not show all its words"]


def test_a_post_that_was_cut_is_published_and_its_people_are_told_what_is_missing(room: Room) -> None:
    room.box.world.switches["linkedin.forgets_escapes"] = True
    post_id = room.post(WORDS)
    read_back(room, post_id)
    cut = room.seen(post_id)
    assert (cut.status, [cut.external_id]) == (Status.PUBLISHED, room.shown())
    (notice,) = room.notices()
    assert (notice.to, notice.subject) == ("olga@oak.example.org", "Oak: a post does not show all its words")
    assert "it ends with “Have your say”: 36 characters are missing" in notice.body
    assert notice.path == f"/posts/{post_id}"
    assert moves(room, post_id)[-1][0] == "read back"


@pytest.mark.parametrize("plain", [False, True], ids=["escaped", "plain"])
def test_a_whole_post_is_told_nobody_in_whatever_form_its_words_come_back(room: Room, *, plain: bool) -> None:
    room.box.world.switches["linkedin.plain_commentary"] = plain
    post_id = room.post(r"All of | { } @ [ ] ( ) < > # \ * _ ~ stand, and #SENDreform")
    read_back(room, post_id)
    assert room.seen(post_id).status == Status.PUBLISHED
    assert reads(room) == 1
    assert room.notices() == []


def test_words_that_cannot_be_cut_are_not_asked_for(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform\n\n#SENDreform")
    read_back(room, post_id)
    assert reads(room) == 0


@pytest.mark.parametrize("kind", ["drop-before-store", "5xx-before-store", "truncated", "no-permission", "dead-token"])
def test_a_reading_that_fails_leaves_the_post_published_and_is_made_again_a_few_times(room: Room, kind: str) -> None:
    room.goes_wrong(kind, "read", nth=())
    post_id = room.post(WORDS)
    read_back(room, post_id)
    assert room.seen(post_id).status == Status.PUBLISHED
    assert reads(room) == {"no-permission": 1, "dead-token": 2}.get(kind, 4)
    assert (room.notices(), room.attempts(post_id)) == ([], ["posted"])


def test_a_reading_whose_token_was_refused_is_made_with_a_renewed_one(room: Room) -> None:
    room.box.world.switches["linkedin.forgets_escapes"] = True
    room.goes_wrong("dead-token", "read", nth=(1,))
    read_back(room, room.post(WORDS))
    assert [notice.subject for notice in room.notices()] == ["Oak: a post does not show all its words"]
    calls: Any = room.box.world.faults.report()["calls"]
    assert (reads(room), calls["linkedin.token"]) == (2, 1)


class Passing(ShiftedClock):
    """A clock on which waiting takes no time and passes all the same."""

    def wait(self, event: Event, seconds: float) -> bool:
        ShiftedClock.ahead += timedelta(seconds=seconds)
        return event.is_set()


def test_a_post_that_is_readable_only_later_is_read_then(room: Room) -> None:
    room.box.world.switches["linkedin.forgets_escapes"] = True
    room.means = replace(room.means, clock=Passing())
    room.goes_wrong("read-lag", seconds=30)
    read_back(room, room.post(WORDS))
    assert [notice.subject for notice in room.notices()] == ["Oak: a post does not show all its words"]
    assert reads(room) == 3


def test_under_a_hold_nothing_is_read(room: Room) -> None:
    post_id = room.post(WORDS)
    room.serve()
    with room.desk() as desk:
        desk.session.add(Hold(scope="channel:linkedin", reason="r", held_by="rita", held_at=desk.now))
    proofread.read_back(room.means, post_id)
    assert reads(room) == 0


def test_a_process_that_ends_waits_for_no_reading(room: Room) -> None:
    room.goes_wrong("5xx-before-store", "read", nth=())
    post_id = room.post(WORDS)
    room.serve()
    room.means.stopping.set()
    proofread.read_back(room.means, post_id)
    assert reads(room) == 1


def test_an_account_that_may_not_read_is_not_asked_to(room: Room) -> None:
    with room.desk() as desk:
        desk.session.get_one(Account, room.accounts["oak"]).can_find = False
    post_id = room.post(WORDS)
    read_back(room, post_id)
    assert reads(room) == 0


def test_a_post_that_is_not_readable_yet_is_no_fault(stage: Build, watch: Any) -> None:
    play = stage("linkedin")
    play.goes_wrong("read-lag", seconds=60)
    message = Message("linkedin", WORDS)
    receipt = play.channel.publish(play.who, message, watch)
    with pytest.raises(CannotLook):
        play.channel.proofread(play.who, message, receipt.external_id)
