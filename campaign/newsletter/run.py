"""One run through an issue: claim a batch, give it to the senders, settle as results come, until none may go now."""

from collections.abc import Callable
from queue import Empty
from threading import Thread

from campaign.clock import Clock
from campaign.models.deliveries import Delivery
from campaign.newsletter.course import Course
from campaign.newsletter.journal import Journal
from campaign.newsletter.ledger import Ledger, Result
from campaign.newsletter.merge import Copies
from campaign.newsletter.policy import Policy
from campaign.newsletter.sender import Jobs, Results, Sender
from campaign.newsletter.wire import Transport

_GATHERED = 50


class Run:
    """Sends what may go now. The calling thread alone writes to the ledger, and asks the gate at every beat."""

    def __init__(
        self,
        *,
        copies: Copies,
        course: Course,
        ledger: Ledger,
        journal: Journal,
        clock: Clock,
        policy: Policy,
        open_wire: Callable[[], Transport],
    ) -> None:
        self._course = course
        self._ledger = ledger
        self._journal = journal
        self._policy = policy
        self._jobs: Jobs = Jobs()
        self._results: Results = Results()
        self._threads: list[Thread] = []
        self._new_sender: Callable[[], Sender] = lambda: Sender(
            copies=copies, course=course, ledger=ledger, journal=journal, clock=clock, open_wire=open_wire
        )

    def work(self) -> None:
        """Send until no delivery may go now or the run is halted; nothing is on the wire when it returns."""
        try:
            while self._course.may_send():
                batch = self._ledger.claim(self._journal, self._policy.batch)
                if not batch:
                    return
                self._through(batch)
        except Exception as error:
            self._course.halt(error)
            raise
        finally:
            self._dismiss()

    def _through(self, batch: list[Delivery]) -> None:
        self._engage(min(self._policy.connections, len(batch)))
        for delivery in batch:
            self._jobs.put(delivery)
        left = len(batch)
        while left:
            results = self._come(min(left, _GATHERED))
            if results:
                self._ledger.settle(results)
            left -= len(results)
            # Asked although every sender asks for itself: one that awaits a slow reply cannot, and the lease must hold.
            self._course.may_send()

    def _engage(self, wanted: int) -> None:
        while len(self._threads) < wanted:
            thread = Thread(target=self._new_sender().work, args=(self._jobs, self._results), name="mail-sender")
            self._threads.append(thread)
            thread.start()

    def _come(self, most: int) -> list[Result]:
        """Return up to so many results, sooner when none comes for a while: one commit settles them together."""
        results: list[Result] = []
        patience = self._policy.beat.total_seconds()
        while len(results) < most:
            try:
                results.append(self._results.get(timeout=patience / 10 if results else patience))
            except Empty:
                break
        return results

    def _dismiss(self) -> None:
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()
