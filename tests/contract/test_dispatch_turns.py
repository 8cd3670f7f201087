"""Turns of dispatch on the local platforms: what a person did in between stands, a late answer is kept, a fault of one
post stays its own.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from dispatch_room import Room, claim_next, deliver, opened_room

from campaign.dispatch import lane, reconcile
from campaign.dispatch.claimed import Done
from campaign.models import listing, planned
from campaign.models.claims import PostFacts
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import Message, Receipt
from campaign.review import decisions
from campaign.sandbox.server import Sandbox


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("linkedin", sandbox, tmp_path)


def test_a_late_answer_is_kept_even_when_the_post_was_declared_absent(room: Room) -> None:
    post_id = room.post("Have your say")
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    answered = lane.send(room.means, claimed)
    declare_absent(room, post_id)
    lane.turn(room.means, [answered], ())
    room.serve()
    assert (room.seen(post_id).status, [room.seen(post_id).external_id]) == (Status.PUBLISHED, room.shown())


def test_a_late_answer_of_an_older_attempt_settles_nothing(room: Room) -> None:
    post_id = room.post("Have your say")
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    declare_absent(room, post_id)
    room.serve()
    newer = room.seen(post_id).external_id
    lane.turn(room.means, [Done(claimed, Receipt("77"), room.means.clock.now(), room.means.clock.now())], ())
    assert (room.seen(post_id).status, room.seen(post_id).external_id) == (Status.PUBLISHED, newer)


def declare_absent(room: Room, post_id: int) -> None:
    """Lose the post, then find by good reads that it is not there."""
    now = room.means.clock.now()
    with room.means.database.write() as session:
        post = session.get_one(Post, post_id)
        move(session, post, Move.LOSE, who="other:2", at=now, changes={"next_look_at": now})
        reconcile.declare_absent(session, room.means, post, who="other:2", now=now, why="good reads")


@pytest.mark.parametrize("what", ["withdraw", "move", "edit"])
def test_what_a_person_does_between_look_and_claim_stands(room: Room, what: str) -> None:
    post_id = room.post("Have your say")
    room.later(timedelta(minutes=1))
    acts = {
        "withdraw": lambda desk, row: decisions.withdraw(desk, row, "not now"),
        "move": lambda desk, row: planned.set_due(desk.session, row.post, desk.now + timedelta(minutes=5)),
        "edit": lambda desk, row: move(
            desk.session, row.post, Move.EDIT, who="olga", at=desk.now, changes={"version": 2}
        ),
    }

    def act(post: PostFacts) -> Message:
        with room.desk() as desk:
            row = listing.post(desk.session, post_id)
            assert row is not None
            acts[what](desk, row)
        return room.means.contents.message(post)

    contents = SimpleNamespace(message=act, hash_of=room.means.contents.hash_of)
    assert claim_next(replace(room.means, contents=contents), room.accounts["oak"]) is None
    assert (room.attempts(post_id), room.shown()) == ([], [])


def test_one_post_that_cannot_be_composed_stops_no_other(room: Room) -> None:
    broken, good = room.post("Have your say"), room.post("Five principles", partner="elm")
    with room.means.database.write() as session:
        post = session.get_one(Post, broken)
        post.draft = {"nonsense": True}
        session.add(post)
    room.later(timedelta(minutes=1))
    for claimed in lane.turn(room.means, (), list(room.accounts.values())):
        deliver(room.means, claimed)
    assert (room.seen(broken).status, room.seen(good).status) == (Status.APPROVED, Status.PUBLISHED)
