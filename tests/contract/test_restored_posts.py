"""Look-ups after a restore, on the local platforms: what went out since is adopted, what did not waits its turn."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from dispatch_room import Room, opened_room
from sqlmodel import col, update

from campaign.backup.ruling import Ruled, rule
from campaign.dispatch import reconcile
from campaign.models import holds
from campaign.models.posts import Post
from campaign.models.replaced import Replaced
from campaign.models.status import Status
from campaign.models.users import User
from campaign.sandbox.server import Sandbox

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    # Nothing but the program itself may prevent a second post.
    sandbox.world.switches.update({f"{name}.duplicate_window": 0 for name in ("x", "facebook", "linkedin")})
    yield from opened_room(request.param, sandbox, tmp_path)


def forget(room: Room, post_id: int, status: Status = Status.APPROVED) -> None:
    """Let the row stand as a backup had it that was made before the post went out."""
    bare = {"status": status, "external_id": None, "url": None, "published_at": None, "tries": 9, "started_at": None}
    with room.means.database.write() as session:
        session.execute(update(Post).where(col(Post.id) == post_id).values(**bare))


def restored(room: Room, made_at: datetime) -> Ruled:
    now = room.means.clock.now()
    person = User(name="rita", role="admin", added_at=now)
    with room.means.database.write() as session:
        return rule(session, made_at=made_at, now=now, person=person, posts=0, before=Replaced())


def release(room: Room) -> None:
    with room.means.database.write() as session:
        for hold in holds.active(session):
            hold.released_at = room.means.clock.now()
            session.add(hold)


def settled(room: Room, post_id: int) -> Post:
    """Look the post up, whenever a look is due, until it is known."""
    for _ in range(8):
        post = room.seen(post_id)
        if post.status != Status.UNCONFIRMED or post.next_look_at is None:
            break
        room.later(max(post.next_look_at - room.means.clock.now(), timedelta()))
        reconcile.look_up(room.means, post_id)
    return room.seen(post_id)


def test_what_went_out_since_is_adopted_and_never_sent_again(room: Room) -> None:
    control = room.post("Published before the backup")
    room.serve()
    room.later(10 * MINUTE)
    made_at = room.means.clock.now()
    since = room.post("Published since")
    room.serve()
    room.later(20 * MINUTE)
    not_sent = room.post("Due, and not published")
    shown = room.shown()
    forget(room, since)
    assert restored(room, made_at).to_look_up == 2
    room.serve()
    assert room.shown() == shown, "something was sent before anybody looked"
    found, absent = settled(room, since), settled(room, not_sent)
    assert (found.status, found.external_id) == (Status.PUBLISHED, shown[1])
    assert absent.status == Status.APPROVED
    room.serve()
    assert room.shown() == shown, "something was sent under the hold"
    release(room)
    room.serve()
    room.serve()
    assert len(room.shown()) == len(shown) + 1
    assert [room.seen(ident).status for ident in (control, since, not_sent)] == [Status.PUBLISHED] * 3


def test_what_is_absent_does_not_go_out_before_its_time(room: Room) -> None:
    made_at = room.means.clock.now()
    post_id = room.post("Its window is open, its time is to come")
    due_at = made_at + 25 * MINUTE
    with room.means.database.write() as session:
        session.execute(update(Post).where(col(Post.id) == post_id).values(due_at=due_at, next_try_at=due_at))
    restored(room, made_at)
    absent = settled(room, post_id)
    assert (absent.status, absent.next_try_at) == (Status.APPROVED, due_at)


@pytest.mark.parametrize("status", [Status.IN_REVIEW, Status.DRAFT])
def test_what_nobody_has_approved_is_not_sent_when_it_is_absent(room: Room, status: Status) -> None:
    made_at = room.means.clock.now()
    post_id = room.post("Not approved when the backup was made")
    forget(room, post_id, status)
    with room.means.database.write() as session:
        session.execute(update(Post).where(col(Post.id) == post_id).values(approved_hash=None))
    restored(room, made_at)
    assert settled(room, post_id).status == Status.MISSED
    release(room)
    room.serve()
    assert room.shown() == []


def test_what_was_approved_and_published_since_is_adopted_from_review(room: Room) -> None:
    made_at = room.means.clock.now()
    post_id = room.post("Approved and published since")
    room.serve()
    room.later(20 * MINUTE)
    forget(room, post_id, Status.IN_REVIEW)
    restored(room, made_at)
    found = settled(room, post_id)
    assert (found.status, [found.external_id]) == (Status.PUBLISHED, room.shown())
