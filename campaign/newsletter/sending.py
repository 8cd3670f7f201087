"""Issues, as dispatch sees them: the power ``bulk`` of the email channel."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import structlog

from campaign.clock import Clock
from campaign.errors import Refused, Stopped, Worn
from campaign.models import Database
from campaign.models.deliveries import DeliveryStatus
from campaign.newsletter.course import Course
from campaign.newsletter.journal import Journal
from campaign.newsletter.ledger import Ledger
from campaign.newsletter.merge import Copies, Mould
from campaign.newsletter.policy import Policy
from campaign.newsletter.run import Run
from campaign.newsletter.wire import Transport
from campaign.ports import Gate, Identity, Message, Progress, Receipt

__all__ = ["Issues", "Policy"]

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Issues:
    """Sends issues to their lists. Thread-safe; one issue is sent by one thread at a time.

    ``open_transport`` opens a connection for an account. ``journal_folder`` is on this machine's own disk. ``salt`` is
    the campaign's own, from which Message-IDs follow.
    """

    database: Database
    clock: Clock
    open_transport: Callable[[Identity], Transport]
    journal_folder: Path
    salt: str
    policy: Policy = field(default_factory=Policy)
    _busy: set[int] = field(default_factory=set, repr=False)
    _lock: Lock = field(default_factory=Lock, repr=False)

    def send_issue(self, post_id: int, who: Identity, message: Message, gate: Gate) -> tuple[Progress, Receipt | None]:
        """Send or go on sending the issue. Who is settled is never sent to again, who is not is never left out.

        Returns DONE with a receipt when every delivery is settled, WAITING while some wait for a later try, STOPPED
        when a hold ended it; what was not sent then waits.

        Raises:
            campaign.errors.Outcome: the list, the letter, the mail server, the sign-in or its lease ended it for all.

        """
        mould = Mould.of(post_id, message, salt=self.salt)
        copies = Copies(message, mould)
        ledger = Ledger(
            self.database,
            self.clock,
            post_id,
            retries=self.policy.retries,
            resend_unknown=self.policy.resend_unknown,
        )
        with self._alone(post_id), Journal(self.journal_folder / f"issue-{post_id}.log") as journal:
            ledger.recover(journal)
            ledger.freeze(mould.audience)
            course = Course(gate, self.clock, self.policy, welcome=ledger.counts()[DeliveryStatus.SENT] > 0)
            self._run(copies, course, ledger, journal, who).work()
            return self._standing(course, ledger, journal, copies)

    def _run(self, copies: Copies, course: Course, ledger: Ledger, journal: Journal, who: Identity) -> Run:
        return Run(
            copies=copies,
            course=course,
            ledger=ledger,
            journal=journal,
            clock=self.clock,
            policy=self.policy,
            open_wire=lambda: self.open_transport(who),
        )

    def _standing(
        self, course: Course, ledger: Ledger, journal: Journal, copies: Copies
    ) -> tuple[Progress, Receipt | None]:
        counts = ledger.counts()
        log.info("issue", issue=copies.issue_id(), **{end.value: count for end, count in counts.items() if count})
        if isinstance(course.halted, Stopped) and not isinstance(course.halted, Worn):
            return Progress.STOPPED, None
        if course.halted is not None:
            raise course.halted
        if ledger.next_try_at() is not None:
            return Progress.WAITING, None
        journal.remove()
        if not counts[DeliveryStatus.SENT] and not counts[DeliveryStatus.UNKNOWN]:
            reasons = ", ".join(f"{count} {end.value}" for end, count in counts.items() if count)
            raise Refused(f"not one copy was taken: {reasons}")
        return Progress.DONE, Receipt(external_id=copies.issue_id(), at=self.clock.now())

    @contextmanager
    def _alone(self, post_id: int) -> Iterator[None]:
        """Keep two threads of this process from one issue, should a lane ever be served twice."""
        with self._lock:
            if post_id in self._busy:
                raise Stopped(detail="another thread of this process sends this issue")
            self._busy.add(post_id)
        try:
            yield
        finally:
            with self._lock:
                self._busy.discard(post_id)
