"""What is ordered to be taken down while nobody knows whether it is there: taken down once found, never sent again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from time import sleep

import pytest
from dispatch_room import Room, claim_next, deliver, opened_room

from campaign.dispatch import sweep
from campaign.dispatch.dispatcher import Dispatcher
from campaign.models import audit, leaving, listing, upkeep
from campaign.models.status import Move, Status
from campaign.ports import Media
from campaign.review import taking_down
from campaign.sandbox.server import Sandbox

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room(request.param, sandbox, tmp_path)


@pytest.fixture
def facebook(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("facebook", sandbox, tmp_path)


def retract(room: Room, scope: str) -> taking_down.Ordered:
    with room.desk() as desk:
        return taking_down.take_down(desk, taking_down.out_under(desk.session, scope).posts, "the wrong picture")


def lost(room: Room, kind: str) -> int:
    """Send a post whose answer is lost."""
    post_id = room.post("Have your say on SEND reform")
    room.goes_wrong(kind, nth=(1,))
    room.serve()
    room.box.world.faults.replace(())
    assert room.seen(post_id).status == Status.UNCONFIRMED
    return post_id


def moves(room: Room, post_id: int) -> list[tuple[str, str]]:
    with room.means.database.read() as session:
        return [(event.who, event.move) for event in listing.events(session, post_id)]


def ahead(room: Room) -> bool:
    with room.means.database.read() as session:
        return upkeep.still_to_come(session, room.means.clock.now())


def settled(room: Room, post_id: int, wanted: Status) -> bool:
    """Let a dispatcher look until the post stands there."""
    dispatcher = Dispatcher(room.means, threads=1, changed=lambda: None)
    try:
        for _ in range(200):
            dispatcher.look()
            if room.seen(post_id).status == wanted:
                return True
            sleep(0.02)
            room.later(timedelta(seconds=5))
        return False
    finally:
        dispatcher.stop()


def test_an_unconfirmed_post_is_taken_down_once_it_is_found(room: Room) -> None:
    post_id = lost(room, "store-then-drop")
    assert retract(room, "everything") == (0, 1)
    assert (room.seen(post_id).status, len(room.shown())) == (Status.UNCONFIRMED, 1)
    assert settled(room, post_id, Status.RETRACTED)
    assert room.shown() == []
    happened = moves(room, post_id)
    assert [name for name in happened if name[0] == "rita"] == [("rita", "retract once found"), ("rita", Move.RETRACT)]
    assert not ahead(room)


def test_what_was_found_before_the_order_is_carried_out_keeps_the_program_at_work(facebook: Room) -> None:
    post_id = lost(facebook, "store-then-drop")
    retract(facebook, f"post:{post_id}")
    facebook.look(post_id)
    assert facebook.seen(post_id).status == Status.PUBLISHED
    assert ahead(facebook)
    sweep.carry_out_orders(facebook.means, facebook.means.clock.now())
    assert facebook.seen(post_id).status == Status.RETRACTING


def test_a_post_on_its_way_is_taken_down_once_it_is_published(facebook: Room) -> None:
    post_id = facebook.post("Have your say on SEND reform")
    claimed = claim_next(facebook.means, facebook.accounts["oak"])
    assert claimed is not None
    assert retract(facebook, "channel:facebook") == (0, 1)
    deliver(facebook.means, claimed)
    assert facebook.seen(post_id).status == Status.PUBLISHED
    assert settled(facebook, post_id, Status.RETRACTED)
    assert facebook.shown() == []


@pytest.mark.parametrize("late", [False, True])
def test_what_proves_not_to_be_there_is_withdrawn_not_sent_again(facebook: Room, *, late: bool) -> None:
    post_id = lost(facebook, "drop-before-store")
    retract(facebook, "partner:oak")
    if late:
        facebook.later(facebook.means.policy.grace)
    facebook.come_to_rest()
    assert (facebook.seen(post_id).status, facebook.shown()) == (Status.WITHDRAWN, [])
    assert moves(facebook, post_id)[-2:] == [("here:1", Move.ABSENT), ("rita", Move.WITHDRAW)]
    assert [notice.subject for notice in facebook.notices() if "missed" in notice.subject] == []
    assert not ahead(facebook)


def test_what_is_put_off_while_on_its_way_is_withdrawn(facebook: Room) -> None:
    post_id = facebook.post("Have your say on SEND reform")
    claimed = claim_next(facebook.means, facebook.accounts["oak"])
    assert claimed is not None
    retract(facebook, "everything")
    facebook.goes_wrong("5xx-before-store", nth=(1,))
    facebook.means.stopping.set()
    deliver(facebook.means, claimed)
    facebook.means.stopping.clear()
    assert (facebook.seen(post_id).status, facebook.shown()) == (Status.WITHDRAWN, [])
    with facebook.means.database.read() as session:
        assert leaving.count(session) == 0


def test_of_what_is_refused_there_is_nothing_to_take_down_later(facebook: Room) -> None:
    ended = Media("0" * 64, "image/png", "A graph", Path("a.png"), until=facebook.means.clock.now() - MINUTE)
    post_id = facebook.post("Have your say on SEND reform", media=(ended,))
    claimed = claim_next(facebook.means, facebook.accounts["oak"])
    assert claimed is not None
    retract(facebook, "everything")
    deliver(facebook.means, claimed)
    sweep.carry_out_orders(facebook.means, facebook.means.clock.now())
    assert facebook.seen(post_id).status == Status.FAILED
    with facebook.means.database.read() as session:
        assert leaving.count(session) == 0


def test_the_order_stands_in_the_audit_chain(facebook: Room) -> None:
    post_id = lost(facebook, "store-then-drop")
    retract(facebook, "everything")
    with facebook.means.database.read() as session:
        assert ("retract once found", f"post:{post_id}") in [(row.action, row.subject) for row in audit.rows(session)]
