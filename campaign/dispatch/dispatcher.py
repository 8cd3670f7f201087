"""The dispatcher: a look finds what is due, crews send it, and one thread writes what was sent and claims what is next.

One writer per process, because a commit costs about the same for one post as for thirty, and because SQLite has one
writer at a time anyway.
"""

import heapq
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from math import inf
from threading import Event, Thread

import structlog

from campaign.clock import NEVER
from campaign.dispatch import lane, proofread, reconcile, sweep
from campaign.dispatch.claimed import Claimed, Done
from campaign.dispatch.crew import Crew
from campaign.dispatch.errands import Errands
from campaign.dispatch.means import Means
from campaign.dispatch.senders import Senders
from campaign.dispatch.shares import Shares
from campaign.dispatch.stepping import Steps
from campaign.models import lanes, upkeep
from campaign.models.away import is_away
from campaign.ports import Receipt

log = structlog.get_logger(__name__)

_LINGER = 0.002  # seconds between two looks whether the threads run out of work, while the writer gathers results
_GATHERED = 10  # such looks at most: a result is stored within a moment
_AWAY = 1.0  # seconds until a database that is away is asked again
_AGAIN = 1.0  # seconds until the writer goes on that has broken off
_REST = 60.0  # seconds until an account is claimed from again whose claim has broken
_MOST = 1000  # accounts that one look puts in the row


class Dispatcher:
    """Sends posts with up to ``threads`` threads. Issues, look-ups, retractions and reading back have threads of their
    own: an issue takes hours, a slow read delays no post, and reading back waits. ``changed`` is called when the
    tables are to be looked at anew.
    """

    def __init__(
        self, means: Means, *, threads: int, changed: Callable[[], None], senders: Senders | None = None
    ) -> None:
        self.means = means
        self._changed = changed
        self._senders = senders
        send = self._send if senders is None else senders.send
        self._posts = Crew("lane", Shares(threads, means.clock.monotonic), send, self._landed)
        patient = Shares(max(2, threads // 4), means.clock.monotonic, slow=inf, ahead=1)
        self._issues = Crew("issue", patient, self._send, self._landed)
        self._looks = Errands("look", 4, partial(reconcile.look_up, means), changed)
        self._take_downs = Errands("take down", 2, partial(sweep.take_down, means), changed)
        self._proofs = Errands("read back", 2, partial(proofread.read_back, means), changed)
        self._errands = (self._looks, self._take_downs, self._proofs)
        self._done: dict[int, Done] = {}  # by post: what came back, until it is stored
        self._paced: list[tuple[float, int, str]] = []
        self._event = Event()
        self._steps = Steps(means)
        self._resting: dict[int, float] = {}
        self._leaves_at = inf
        self._writer = Thread(target=self._write, name="writer", daemon=True)
        self._writer.start()

    def look(self) -> datetime | None:
        """Start what is due now; return the next instant at which something is, None when nothing waits."""
        means, now = self.means, self.means.clock.now()
        self._steps.mend(now)
        recovered = sweep.recover(means, now, serving=self._posts.accounts | self._issues.accounts)
        expired = sweep.expire(means, now)
        sweep.hand_over(means, now)
        sweep.carry_out_orders(means, now)
        with means.database.read() as session:
            due = lanes.due_accounts(session, now, means.policy.grace, limit=_MOST)
            lost = upkeep.to_look_up(session, now, without=self._looks.full)
            leaving = upkeep.to_retract(session, now, without=self._take_downs.full)
            wake_at = upkeep.next_wake(session, now, means.policy.grace)
        for account_id, channel in due:
            self.serve(account_id, channel)
        for post_id, channel in lost:
            self._looks.run(post_id, channel)
        for post_id, channel in leaving:
            self._take_downs.run(post_id, channel)
        return self._not_before(wake_at, now, whole=recovered and expired)

    def _not_before(self, wake_at: datetime | None, now: datetime, *, whole: bool) -> datetime | None:
        # What is due at once but could not start (all threads busy, its lane at work) is woken by the work's end.
        if wake_at is not None and wake_at <= now:
            return now + timedelta(seconds=1 if self.busy or self._resting or not whole else 0.05)
        return wake_at

    def serve(self, account_id: int, channel: str) -> None:
        """Send what is due of this account as soon as a thread is free."""
        if self._rests(account_id):
            return
        self._crew(channel).offer(account_id, channel)
        self._event.set()

    def _rests(self, account_id: int) -> bool:
        if self._resting.get(account_id, inf) <= self.means.clock.monotonic():
            self._resting.pop(account_id, None)  # three threads ask, and another may have been quicker
        return account_id in self._resting

    def serving(self, account_id: int, channel: str) -> bool:
        """Say whether the account waits for a thread here, or a post of it is on its way."""
        return self._crew(channel).has(account_id)

    @property
    def busy(self) -> bool:
        """Say whether any thread is at work or a post waits for one."""
        parts = (*self._errands, self._posts, self._issues)
        return any(part.busy for part in parts) or bool(self._done)

    def hush(self) -> None:
        """Begin nothing more from now on; what is on the wire ends and is stored. Returns at once."""
        leaves_at = self.means.clock.monotonic() + self.means.policy.lease.total_seconds()
        self._leaves_at = min(self._leaves_at, leaves_at)
        self.means.stopping.set()
        if self._senders is not None:
            self._senders.hush()
        for errands in self._errands:
            errands.hush()
        self._event.set()

    def stop(self) -> None:
        """Finish what is on the wire, give back what is not, start nothing more.

        What cannot be stored within a lease of the hush is left: its attempt counts as lost by then and is looked up.
        """
        self.hush()
        self._writer.join()
        self._posts.end()
        self._issues.end()
        if self._senders is not None:
            self._senders.end()
        for errands in self._errands:
            errands.end()

    # --- posts -------------------------------------------------------------------------------------------------------

    def _crew(self, channel: str) -> Crew:
        return self._issues if channel in self.means.bulk else self._posts

    def _send(self, claimed: Claimed) -> Done:
        return lane.send(self.means, claimed)

    def _landed(self, done: Done) -> None:
        self._done[done.claimed.due.ident] = done
        self._event.set()

    def _write(self) -> None:
        while self._goes_on():
            self._event.wait(self._patience())
            self._event.clear()
            try:
                self._gather()
                self._posts.relieve()
                self._turn()
            except Exception:
                # The only thread that writes must not end. What came back is kept still; what was not claimed is found
                # by the next look.
                log.exception("the writer broke off")
                self.means.clock.wait(NEVER, _AGAIN)
                self._event.set()

    def _goes_on(self) -> bool:
        """Say whether there is anything left to write, or may be."""
        if not self.means.stopping.is_set():
            return True
        if not (self._posts.flying or self._issues.flying):
            return False
        if self.means.clock.monotonic() < self._leaves_at:
            return True
        for one in list(self._done.values()):  # a thread may land yet another
            log.error("left unwritten; it is looked up later", post=one.claimed.due.ident, end=_spoken(one))
        return False

    def _gather(self) -> None:
        """Wait a moment for more results while the threads have work: one commit then stores them all."""
        for _ in range(_GATHERED):
            if self._posts.starving or self.means.stopping.wait(_LINGER):
                return

    def _patience(self) -> float | None:
        if self._done or self._posts.flying:
            longest = _AWAY
        elif not self._paced:
            return None
        else:
            longest = inf
        soonest = self._paced[0][0] - self.means.clock.monotonic() if self._paced else inf
        return max(0.0, min(longest, soonest))

    def _turn(self) -> None:
        """Write down what came back and claim what comes next. What came back is kept until it is stored."""
        accounts = self._next()
        done = list(self._done.values())
        try:
            claimed = lane.turn(self.means, done, accounts)
        except Exception as error:
            if is_away(error):
                _tell_away(done, error)
                return
            log.exception("the turn broke off")
            done, claimed = self._apart(done, accounts)
        self._settled(done)
        for one in claimed:
            self._crew(one.due.channel).give(one)
        for due in proofread.worth_reading(self.means, done):
            self._proofs.run(due.ident, due.channel)
        if self._posts.hungry or self._issues.hungry:
            self._event.set()
        if not self.busy or any(not isinstance(one.result, Receipt) for one in done):
            self._changed()

    def _apart(self, done: list[Done], accounts: list[int]) -> tuple[list[Done], list[Claimed]]:
        """Take the turn again piece by piece: what breaks it is a fault of ours, and must cost the others nothing.

        Returns what is over and what was claimed. An end that cannot be written is over too: the lease ends, and the
        sweep has the post looked up. An account whose claim breaks rests, and the doctor finds its posts overdue.
        """
        over: list[Done] = []
        for one in done:
            try:
                lane.turn(self.means, [one], ())
            except Exception as error:
                if is_away(error):
                    _tell_away([one], error)
                    continue
                log.exception("an end cannot be written", post=one.claimed.due.ident, end=_spoken(one))
            over.append(one)
        return over, [claimed for account in accounts for claimed in self._claimed_alone(account)]

    def _claimed_alone(self, account: int) -> list[Claimed]:
        try:
            return lane.turn(self.means, (), [account])
        except Exception as error:
            if not is_away(error):
                log.exception("nothing can be claimed of an account", account=account)
                self._resting[account] = self.means.clock.monotonic() + _REST
            return []

    def _next(self) -> list[int]:
        if self.means.stopping.is_set():
            return []
        instant = self.means.clock.monotonic()
        while self._paced and self._paced[0][0] <= instant:
            _, account_id, channel = heapq.heappop(self._paced)
            self._crew(channel).offer(account_id, channel)
        # One that broke just now may have been offered again meanwhile.
        return [one for one in (*self._posts.take(), *self._issues.take()) if not self._rests(one)]

    def _settled(self, done: list[Done]) -> None:
        """Let each account go on as soon as its pace allows, without a look at the tables for each. Where its platform
        told it to wait, the tables say until when.
        """
        for one in done:
            del self._done[one.claimed.due.ident]
            self._crew(one.claimed.due.channel).settled(one.claimed)
        instant = self.means.clock.monotonic()
        for one in done:
            due = one.claimed.due
            if isinstance(one.result, Receipt) and one.result.pace is None:
                pace = self.means.channel(due.channel).limits.pace.total_seconds()
                heapq.heappush(self._paced, (instant + pace, due.account.ident, due.channel))


def _tell_away(done: list[Done], error: Exception) -> None:
    log.error("database away", waiting=len(done), error=str(error.__cause__ or error).splitlines()[0])


def _spoken(done: Done) -> str:
    return done.result.external_id if isinstance(done.result, Receipt) else str(done.result)
