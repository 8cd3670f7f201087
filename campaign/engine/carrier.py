"""PgQueuer on an asyncio loop of its own, in a thread of its own: carries *go and look* from machine to machine.

It outlives a restart of the database: whatever breaks, it connects anew after a second. What is not carried meanwhile
the sweep finds.
"""

import asyncio
import json
import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from threading import Event, Thread
from time import monotonic
from typing import Protocol

import structlog
from pgqueuer import Job, Queries, QueueManager, RetryRequested

from campaign.errors import WrongUse
from campaign.models import Database, jobs
from campaign.models.feed import Coming

log = structlog.get_logger(__name__)

_ENTRYPOINT = "look"
_HEARTBEAT = timedelta(seconds=8)
"""A job whose worker has been silent for so long is another's. Twice a beat's length plus what a flush may take."""
_POLL = timedelta(seconds=2)
"""An idle worker looks for such jobs no more often; the library's 30 s would leave them lying for as long."""
_TURN = 0.05  # seconds between two looks whether a lane is still served
_AGAIN = 1.0  # seconds between two tries to reach the database
_PATIENCE = 5.0  # seconds for which a feed is waited for
_CLEARS = timedelta(hours=1)


class Lanes(Protocol):
    """What serves lanes on this machine."""

    def serve(self, account_id: int, channel: str) -> None:
        """Send what is due of this account as soon as a thread is free."""
        ...

    def serving(self, account_id: int, channel: str) -> bool:
        """Say whether the account still waits for a thread, or a post of it is on its way."""
        ...


class Carrier:
    """Takes jobs for as many lanes at once as it has ``slots``, and gives each to ``lanes``."""

    def __init__(self, database: Database, lanes: Lanes, *, slots: int) -> None:
        self._url = database.url
        self._lanes = lanes
        self._slots = max(2, slots)  # the library wants room for two batches
        self._stopping = Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._manager: QueueManager | None = None
        self._statements: Queries | None = None
        self._thread = Thread(target=self._run, name="jobs", daemon=True)
        self._cleared_at = monotonic()
        logging.getLogger("pgqueuer").addFilter(_in_one_line)

    def start(self) -> None:
        """Begin to take jobs; returns at once."""
        self._thread.start()

    def stop_taking(self) -> None:
        """Take no more jobs; those under way go on."""
        self._stopping.set()
        if self._loop is not None:
            with suppress(RuntimeError):  # it has ended by itself
                self._loop.call_soon_threadsafe(self._shut)

    def stop(self) -> None:
        """End; returns when the last job under way has ended."""
        self.stop_taking()
        self._thread.join()

    def feed(self, coming: Sequence[Coming], now: datetime) -> None:
        """Let the fleet know of what falls due; what it knows already changes nothing."""
        loop, statements = self._loop, self._statements
        if loop is None or statements is None or self._stopping.is_set():
            return
        clears = monotonic() - self._cleared_at > _CLEARS.total_seconds()
        if not coming and not clears:
            return
        fed = asyncio.run_coroutine_threadsafe(self._feed(statements, coming, now, clears=clears), loop)
        try:
            fed.result(_PATIENCE)
        except Exception as error:  # noqa: BLE001 - the sweep does without: no fault of the library may end the look
            fed.cancel()
            log.warning("jobs not fed", error=_words(error))

    async def _feed(self, statements: Queries, coming: Sequence[Coming], now: datetime, *, clears: bool) -> None:
        if coming:
            await statements.enqueue(
                [_ENTRYPOINT] * len(coming),
                [_named(item) for item in coming],
                [0] * len(coming),
                [item.at - now for item in coming],
                [item.key for item in coming],
                on_conflict="skip",
            )
        if clears:  # nobody reads the library's log of jobs done, and it grows for ever
            self._cleared_at = monotonic()
            await statements.clear_queue_log(_ENTRYPOINT)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._own_loop) as runner:
            runner.run(self._carry_on())

    def _own_loop(self) -> asyncio.AbstractEventLoop:
        self._loop = asyncio.new_event_loop()
        return self._loop

    async def _carry_on(self) -> None:
        while not self._stopping.is_set():
            try:
                await self._carry()
            except Exception as error:  # noqa: BLE001 - whatever breaks must not end the carrying
                log.warning("no jobs for a while", error=_words(error))
                await asyncio.sleep(_AGAIN)

    async def _carry(self) -> None:
        async with await jobs.connect(self._url) as asks, await jobs.connect(self._url, listens=True) as listens:
            statements = jobs.statements(jobs.TwoConnections(asks, listens))
            manager = QueueManager(statements, jobs.CHANNEL)
            manager.entrypoint(_ENTRYPOINT)(self._look_at)
            self._manager, self._statements = manager, statements
            if self._stopping.is_set():
                self._shut()
            try:
                await manager.run(
                    dequeue_timeout=_POLL,
                    batch_size=self._slots // 2,
                    max_concurrent_tasks=self._slots,
                    shutdown_on_listener_failure=True,
                    heartbeat_timeout=_HEARTBEAT,
                    log_aggregation_interval=timedelta(0),
                )
            finally:
                self._manager = self._statements = None

    async def _look_at(self, job: Job) -> None:
        """Serve the lane of the job's post, and be busy for so long: so each machine takes what it can do.

        A job that is not done when this process is to end goes back to the fleet.
        """
        named = json.loads(job.payload or b"{}")
        lane = int(named["account"]), str(named["channel"])
        if not self._stopping.is_set():
            self._lanes.serve(*lane)
        while not self._stopping.is_set():
            await asyncio.sleep(_TURN)
            if not self._lanes.serving(*lane):
                return
        raise RetryRequested

    def _shut(self) -> None:
        if self._manager is not None:
            self._manager.shutdown.set()


def check(database: Database) -> None:
    """Raise WrongUse where the library's tables are missing or too old."""
    try:
        asyncio.run(_check(database))
    except RuntimeError as error:
        problem = f"The tables of the engine pgqueuer are not ready: {str(error).split('.')[0]}"
        raise WrongUse(problem=problem, mend="Run `campaign db upgrade`.") from error


async def _check(database: Database) -> None:
    async with await jobs.connect(database.url) as wire:
        await QueueManager(jobs.statements(jobs.TwoConnections(wire, wire)), jobs.CHANNEL).verify_structure()


def _named(item: Coming) -> bytes:
    return json.dumps({"post": item.post_id, "account": item.account_id, "channel": item.channel}).encode()


def _words(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0] or type(error).__name__


def _in_one_line(record: logging.LogRecord) -> bool:
    """Keep the library's words and leave its tracebacks: that a database was away is no fault in the program."""
    record.exc_info = record.exc_text = None
    return True
