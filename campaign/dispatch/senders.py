"""Sender processes: calls to the platforms made in processes of their own, because one interpreter runs one thread at a
time, and the client libraries keep it busy.

A thread of a crew has a thread of a sender at its disposal and waits for it, so everything else stays as it is: the
daemon alone claims and settles. What a sender that dies had on the wire is *unknown*, as if the answer had been lost.
A sender whose daemon has died begins no further request: the end of its lifeline shuts its gates.
"""

import secrets
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from multiprocessing import AuthenticationError, get_context
from multiprocessing.connection import Client, Connection, Listener
from multiprocessing.process import BaseProcess
from pathlib import Path
from threading import Lock, Thread, local

import structlog

from campaign.collector import spare_what_stays
from campaign.dispatch import lane
from campaign.dispatch.claimed import Claimed, Done, Parcel
from campaign.dispatch.means import Means
from campaign.errors import NeverSent, Outcome, Unknown

log = structlog.get_logger(__name__)

_SPAWN = get_context("spawn")  # a fork would copy locks that other threads hold
_START_UP = 60.0  # seconds until a sender must be ready
_KNOCKED = 0.01  # seconds until the next one is let in


@dataclass(frozen=True, slots=True)
class _Sender:
    """One process: where its threads listen, and the pipe whose end tells it that the daemon ends."""

    address: str
    process: BaseProcess
    lifeline: "Connection[None, None]"

    def await_start(self) -> None:
        """Wait until it listens. Raises OSError or EOFError."""
        if not self.lifeline.poll(_START_UP):
            raise TimeoutError(f"no sender within {_START_UP:.0f} s")
        self.lifeline.recv()


class Senders:
    """So many sender processes. ``opened`` is called in each of them, so it must be one that can be pickled.
    Thread-safe.

    Raises:
        OSError, EOFError: a sender did not start.

    """

    def __init__(self, opened: Callable[[], Means], processes: int) -> None:
        self._opened = opened
        self._tidied = tempfile.TemporaryDirectory(prefix="campaign-")  # mode 700: nobody else finds its way in
        self.folder = self._tidied.name
        self._key = secrets.token_bytes(32)
        self._lock = Lock()
        self._hushed = False
        self._starts, self._threads, self._mine = count(), count(), local()
        self._senders = [self._started() for _ in range(processes)]
        for sender in self._senders:
            sender.await_start()

    def send(self, claimed: Claimed) -> Done:
        """Have a sender send the post, and wait for it. Never raises: an outcome says it all."""
        began_at = claimed.gate.clock.now()
        try:
            wire = self._wire()
            wire.send(claimed.parcel)  # one that does not arrive whole cannot be read: nothing was sent
        except Exception as error:
            log.exception("no sender", post=claimed.due.ident)
            self._mine.wire = None
            return _failed(claimed, NeverSent(detail=f"no sender process: {type(error).__name__}"), began_at)
        try:
            return Done(claimed, *wire.recv())
        except Exception as error:
            log.exception("a sender ended", post=claimed.due.ident)
            self._mine.wire = None
            return _failed(claimed, Unknown(detail=f"its sender process ended: {type(error).__name__}"), began_at)

    def _wire(self) -> "Connection[Parcel, lane.Ended]":
        """Return this thread's own wire; where its sender has died, one to a new sender."""
        if (wire := getattr(self._mine, "wire", None)) is None:
            sender = self._alive(next(self._threads) % len(self._senders))
            wire = self._mine.wire = Client(sender.address, family="AF_UNIX", authkey=self._key)
        return wire

    def _alive(self, place: int) -> _Sender:
        with self._lock:
            if not self._senders[place].process.is_alive() and not self._hushed:
                self._senders[place] = self._started()
                self._senders[place].await_start()
            return self._senders[place]

    def _started(self) -> _Sender:
        address = str(Path(self.folder) / f"sender-{next(self._starts)}")
        ours, theirs = _SPAWN.Pipe()
        process = _SPAWN.Process(
            target=_serve, args=(self._opened, address, self._key, theirs), name="sender", daemon=True
        )
        process.start()
        theirs.close()
        return _Sender(address, process, ours)

    def hush(self) -> None:
        """Let no sender begin another request; what is on the wire ends."""
        with self._lock:
            self._hushed = True
            for sender in self._senders:
                sender.lifeline.close()

    def end(self) -> None:
        """Wait until every sender has ended; the threads that held their wires must have ended."""
        for sender in self._senders:
            sender.process.join()
        self._tidied.cleanup()


def _failed(claimed: Claimed, outcome: Outcome, began_at: datetime) -> Done:
    return Done(claimed, outcome, claimed.gate.clock.now(), began_at)


def _serve(opened: Callable[[], Means], address: str, key: bytes, lifeline: "Connection[None, None]") -> None:
    """Run in the sender: serve every wire until the daemon closes the lifeline, or dies."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # sent to the whole group; the daemon decides when its senders end
    means = opened()
    spare_what_stays()
    try:
        listener = Listener(address, family="AF_UNIX", backlog=64, authkey=key)
    except FileNotFoundError:
        return  # the daemon has died meanwhile, and another sender has tidied up
    with listener:
        Thread(target=_accept, args=(listener, means), daemon=True).start()
        with suppress(EOFError, OSError):  # the daemon has ended, by intent or not
            lifeline.send(None)
            lifeline.recv()
        means.stopping.set()
    with suppress(OSError):  # another sender is still there, or the daemon tidied up itself
        Path(address).parent.rmdir()
    # The threads end with their wires, and the interpreter waits for them.


def _accept(listener: Listener, means: Means) -> None:
    while not means.stopping.is_set():
        try:
            wire = listener.accept()
        except (EOFError, OSError, AuthenticationError):
            # Whoever knocked has died, has not the key or talks nonsense; or no file may be opened for a while.
            means.stopping.wait(_KNOCKED)
            continue
        # Of this thread's own kind it would be a daemon too, and a stop would cut what is on the wire.
        Thread(target=_work, args=(wire, means), daemon=False).start()


def _work(wire: "Connection[lane.Ended, Parcel]", means: Means) -> None:
    with suppress(EOFError, OSError), wire:
        while True:
            wire.send(lane.send_parcel(means, wire.recv()))
