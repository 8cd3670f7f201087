"""Sender processes: they send and say how it went; one that dies leaves its post in doubt; none outlives its daemon."""

import os
import signal
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from multiprocessing import active_children
from pathlib import Path
from socket import AF_UNIX, SO_LINGER, SOCK_STREAM, SOL_SOCKET, socket
from threading import Event, Thread
from time import sleep
from types import SimpleNamespace

import pytest
from daemons import comes_true
from dispatch_room import Room, claim_next, means_of, opened_room

from campaign.dispatch import lane
from campaign.dispatch.claimed import Claimed, Done
from campaign.dispatch.senders import Senders
from campaign.errors import NeverSent, Stopped, Unknown, Wait
from campaign.models.status import Status
from campaign.ports import Receipt
from campaign.sandbox.server import Sandbox

DAEMON = """
import time
from multiprocessing import active_children
from campaign.dispatch.senders import Senders
from test_senders import nothing

if __name__ == "__main__":
    senders = Senders(nothing, 2)
    print(senders.folder, *(child.pid for child in active_children()), flush=True)
    time.sleep(60)
"""


@pytest.fixture
def room(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room("facebook", sandbox, tmp_path)


@pytest.fixture
def senders(room: Room, tmp_path: Path) -> Iterator[Senders]:
    opened = partial(means_of, "facebook", tmp_path, f"sqlite:///{tmp_path}/room.db", room.box.urls["facebook"])
    made = Senders(opened, 1)
    yield made
    made.hush()
    made.end()


def nothing() -> object:
    """Means that no test of the end of a process needs."""
    return SimpleNamespace(stopping=Event())


def pids() -> list[int]:
    """The sender processes of this one."""
    return [child.pid for child in active_children() if child.name == "sender" and child.pid]


def kill_once(so: Callable[[], bool]) -> None:
    assert comes_true(15, so)
    os.kill(pids()[0], signal.SIGKILL)


def send(room: Room, carry: Callable[[Claimed], Done]) -> Done:
    """Claim what is due, have it sent as a thread of a crew does, and settle it."""
    room.later(timedelta(minutes=1))  # an account's pace
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    done: list[Done] = []
    thread = Thread(target=lambda: done.append(carry(claimed)))
    thread.start()
    thread.join()
    lane.turn(room.means, done, ())
    return done[0]


def test_a_post_goes_out_from_the_other_process_and_is_settled_here(room: Room, senders: Senders) -> None:
    post_id = room.post("From over there.")
    done = send(room, senders.send)
    assert isinstance(done.result, Receipt)
    assert done.started_at <= done.at
    assert room.shown() == [done.result.external_id]
    assert room.seen(post_id).status == Status.PUBLISHED
    assert len(pids()) == 1


def test_who_dies_in_knocking_keeps_no_other_out(room: Room, senders: Senders) -> None:
    (door,) = Path(senders.folder).iterdir()
    for said in (b"", b"nonsense", struct.pack("!i", 20) + b"half"):
        with socket(AF_UNIX, SOCK_STREAM) as caller:
            caller.connect(str(door))
            caller.sendall(said)
            caller.recv(1)  # its answer has come, so that what was said is read
            caller.setsockopt(SOL_SOCKET, SO_LINGER, struct.pack("ii", 1, 0))
    room.post("From over there.")
    assert isinstance(send(room, senders.send).result, Receipt)


def told_to_wait(done: Done) -> tuple[object, ...]:
    """Return all that a wait bears, its times as whole seconds from when it was told: each process has a clock."""
    told = done.result
    assert isinstance(told, Wait)
    assert told.pace is not None
    until = told.until and round((told.until - done.at).total_seconds())
    why = told.pace.why.partition(" until ")[0]
    return told.detail, told.after, until, told.stated, why, round((told.pace.ready_at - done.at).total_seconds())


def test_an_outcome_crosses_the_border_whole(room: Room, senders: Senders) -> None:
    room.goes_wrong("429")
    waits = []
    for carry in (senders.send, partial(lane.send, room.means)):
        room.post("Too often.")
        waits.append(told_to_wait(send(room, carry)))
    there, here = waits
    assert there == here
    assert timedelta(minutes=1) in here, "Facebook said no time: the pause is ours"


def test_a_sender_that_dies_in_mid_send_leaves_its_post_to_be_looked_up_and_another_takes_its_place(
    room: Room, senders: Senders
) -> None:
    room.goes_wrong("store-then-delay", seconds=20, times=1)
    post_id = room.post("Stored, and never answered.")
    killer = Thread(target=kill_once, args=(lambda: bool(room.shown()),))
    killer.start()
    assert isinstance(send(room, senders.send).result, Unknown)
    killer.join()
    room.come_to_rest()
    assert room.seen(post_id).status == Status.PUBLISHED
    next_id = room.post("And on.")
    assert isinstance(send(room, senders.send).result, Receipt)
    assert room.shown() == [room.seen(post_id).external_id, room.seen(next_id).external_id]


def hush_once(so: Callable[[], bool], senders: Senders) -> None:
    assert comes_true(15, so)
    senders.hush()


def test_a_sender_that_died_with_nothing_to_do_leaves_no_post_in_doubt(room: Room, senders: Senders) -> None:
    """Its threads' wires are there still: what cannot be handed over to it was not sent."""
    results = []

    def work() -> None:
        for number in range(3):
            room.post(f"Word {number}")
            room.later(timedelta(minutes=1))
            claimed = claim_next(room.means, room.accounts["oak"])
            assert claimed is not None
            results.append(done := senders.send(claimed))
            lane.turn(room.means, [done], ())
            if not number:
                kill_once(lambda: bool(pids()))
                assert comes_true(15, lambda: not pids())

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert [type(done.result) for done in results] == [Receipt, NeverSent, Receipt]
    assert len(room.shown()) == 2


def test_a_soft_stop_waits_for_the_answer_to_what_is_on_the_wire(room: Room, senders: Senders) -> None:
    room.goes_wrong("store-then-delay", seconds=1, times=1)
    post_id = room.post("The answer comes after the stop.")
    stopper = Thread(target=hush_once, args=(lambda: bool(room.shown()), senders))
    stopper.start()
    assert isinstance(send(room, senders.send).result, Receipt)
    stopper.join()
    assert room.seen(post_id).status == Status.PUBLISHED


def test_once_hushed_no_sender_begins_another_request(room: Room, senders: Senders) -> None:
    room.post("One.")
    send(room, senders.send)
    room.post("Two.")
    senders.hush()
    sleep(0.5)
    assert isinstance(send(room, senders.send).result, Stopped | NeverSent)
    assert len(room.shown()) == 1


def test_no_sender_outlives_its_daemon(tmp_path: Path) -> None:
    """Killed, the daemon can tell nobody: the end of the lifeline does."""
    file = tmp_path / "daemon.py"
    file.write_text(DAEMON)
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    environ = os.environ | {"PYTHONPATH": paths}
    with subprocess.Popen([sys.executable, str(file)], stdout=subprocess.PIPE, text=True, env=environ) as process:  # noqa: S603 - our own program
        assert process.stdout is not None
        folder, *found = process.stdout.readline().split()
        senders = [int(pid) for pid in found]
        assert len(senders) == 2
        process.kill()
    assert comes_true(10, lambda: not any(lives(pid) for pid in senders))
    assert not Path(folder).exists()


def lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
