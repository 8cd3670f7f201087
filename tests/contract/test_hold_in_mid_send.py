"""A hold that is pressed while a post is under way: no further request goes out, what was not sent goes back whole."""

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from dispatch_room import Room, opened_room, serve
from mail_bench import Bench, benched, people

from campaign.dispatch.gate import SendGate
from campaign.models import Database, claims, holds
from campaign.models.holds import Hold
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.ports import Media, Progress
from campaign.review.content import draft_to_json
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

Pictures = Callable[[int], tuple[Media, ...]]
LEASE = timedelta(minutes=2)


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room(request.param, sandbox, tmp_path)


def illustrated(room: Room, pictures: Sequence[Media]) -> int:
    """Store an approved post with images, each of which costs its platform a request or more of its own."""
    post_id, folder = room.post("Have your say on SEND reform"), room.means.contents.media_folder
    folder.mkdir(exist_ok=True)
    for item in pictures:
        (folder / item.path.name).write_bytes(item.path.read_bytes())
    with room.means.database.write() as session:
        post = session.get_one(Post, post_id)
        media = draft_to_json(room.means.contents.draft(post))["media"]
        media += [{"digest": i.digest, "mime": i.mime, "alt": i.alt, "file": i.path.name} for i in pictures]
        post.draft = {**post.draft, "media": media}
        account = session.get_one(Account, post.account_id)
        post.content_hash = post.approved_hash = room.means.contents.digest(post, account)
        session.add(post)
    return post_id


@contextmanager
def held(database: Database, scope: str = "everything") -> Iterator[None]:
    with database.write() as session:
        row = Hold(scope=scope, reason="a wrong figure", held_by="rita", held_at=MovedClock().now())
        session.add(row)
    yield
    with database.write() as session:
        session.add(row)
        row.released_at = MovedClock().now()


def calls(room: Room, endpoint: str) -> int:
    counted = room.box.world.faults.report()["calls"]
    assert isinstance(counted, dict)
    return int(counted.get(f"{room.channel}.{endpoint}", 0))


def test_a_hold_between_the_upload_and_the_post_stops_the_post(room: Room, pictures: Pictures) -> None:
    post_id = illustrated(room, pictures(2))
    room.box.world.faults.replace([Fault("store-then-delay", room.channel, "upload", seconds=0.6)])
    with ThreadPoolExecutor(1) as pool:
        serving = pool.submit(serve, room.means, room.accounts["oak"])
        end = time.monotonic() + 20
        while not calls(room, "upload") and time.monotonic() < end:
            time.sleep(0.01)
        with held(room.means.database):
            serving.result(30)
            assert calls(room, "upload") == 1, "another upload went out after the hold"
            assert calls(room, "create") == 0
            assert room.seen(post_id).status == Status.APPROVED
            assert room.attempts(post_id) == ["stopped"]
    room.box.world.faults.replace(())
    room.serve()
    assert room.seen(post_id).status == Status.PUBLISHED
    (shown,) = room.box.world.ledger()
    assert len(shown["media"]) == 2  # type: ignore[arg-type]


def gate_of(bench: Bench) -> SendGate:
    """The real gate of an issue's first attempt."""
    with bench.database.write() as session:
        post = session.get_one(Post, bench.post_id)
        found = claims.due(session, [post.account_id], "here:1", bench.clock.now(), LEASE)
        assert claims.take_lanes(session, [post.account_id], "here:1", bench.clock.now(), LEASE)
        claims.claim(session, found, "here:1", bench.clock.now(), LEASE)
    return SendGate(
        database=bench.database,
        clock=bench.clock,
        post_id=bench.post_id,
        number=1,
        scopes=holds.scopes_of(bench.post_id, "email", "p", post.account_id),
        lease=LEASE,
        claimed_at=bench.clock.monotonic(),
        dated_at=bench.clock.now(),
        account_id=post.account_id,
        owner="here:1",
    )


def test_a_hold_stops_a_batch_of_mail_and_a_release_repeats_and_skips_nobody(
    database: Database, clock: MovedClock, tmp_path: Path
) -> None:
    with benched(database, clock, tmp_path / "journal") as bench:
        bench.subscribe(*people(60))
        bench.server.pause = 0.05
        gate = gate_of(bench)
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(bench.send, gate, batch=50)  # type: ignore[arg-type]
            end = time.monotonic() + 20
            while len(bench.server.taken) < 5 and time.monotonic() < end:
                time.sleep(0.005)
            with held(database, "channel:email"):
                pressed = len(bench.server.taken)
                assert sending.result(30) is Progress.STOPPED
                connections = bench.policy.connections
                assert len(bench.server.taken) <= pressed + 2 * connections, "the batch went on after the hold"
                assert set(bench.statuses().values()) == {"sent", "waiting"}
        assert bench.send(gate) is Progress.DONE  # type: ignore[arg-type]
        assert bench.server.received() == dict.fromkeys(people(60), 1)
