"""One sender: a thread with a connection of its own, which sends one claimed delivery after another."""

from collections.abc import Callable
from queue import SimpleQueue

from campaign.clock import Clock
from campaign.errors import CredentialDead, NeverSent, Refused, Stopped, Unknown, Wait
from campaign.models.deliveries import Delivery, DeliveryStatus
from campaign.newsletter.course import Course
from campaign.newsletter.journal import Journal
from campaign.newsletter.ledger import Ledger, Result
from campaign.newsletter.merge import Copies, Mail, Recipient
from campaign.newsletter.replies import Meaning, Reply, Stage, meaning
from campaign.newsletter.wire import Transport

Jobs = SimpleQueue[Delivery | None]
Results = SimpleQueue[Result]


class Sender:
    """Takes deliveries from ``jobs`` until it meets None, and answers each with exactly one result."""

    def __init__(
        self,
        *,
        copies: Copies,
        course: Course,
        ledger: Ledger,
        journal: Journal,
        clock: Clock,
        open_wire: Callable[[], Transport],
    ) -> None:
        self._copies = copies
        self._course = course
        self._ledger = ledger
        self._journal = journal
        self._clock = clock
        self._open_wire = open_wire
        self._wire: Transport | None = None
        self._worn = False
        self._intended = False
        self._tried = False
        """The server may know whom this copy is for: if it fails then, the others go first, lest one block them all."""

    def work(self, jobs: Jobs, results: Results) -> None:
        """Send what comes; whatever happens, every job gets its result, or the run would wait for ever."""
        while (delivery := jobs.get()) is not None:
            results.put(self._result(delivery))
        self._hang_up()

    def _result(self, delivery: Delivery) -> Result:
        self._intended = self._tried = False
        try:
            result = self._attempt(delivery)
        except Exception as error:  # noqa: BLE001 - an unforeseen fault must not cost the delivery its result
            self._course.halt(error)
            end = DeliveryStatus.UNKNOWN if self._intended else DeliveryStatus.WAITING
            return Result(delivery, end, f"{type(error).__name__} in the sender")
        return result

    def _attempt(self, delivery: Delivery) -> Result:
        if not self._course.goes_on or not self._course.may_send():
            return Result(delivery, DeliveryStatus.WAITING, "")
        why = self._ledger.withheld(delivery)
        if why is not None:
            return Result(delivery, DeliveryStatus.SUPPRESSED, why)
        try:
            mail = self._copies.copy(Recipient.of(delivery), self._clock.now())
        except Refused as refused:
            return Result(delivery, DeliveryStatus.BOUNCED, refused.detail)
        result = self._sent(delivery, mail)
        if self._intended:
            self._note(result)
        return result

    def _note(self, result: Result) -> None:
        """Keep the outcome. If that fails the result is true all the same, but nothing more may go out."""
        delivery = result.delivery
        try:
            self._journal.note(delivery.reply or "", delivery.ident, result.facts())
        except OSError as error:
            self._course.halt(error)

    def _sent(self, delivery: Delivery, mail: Mail) -> Result:
        """Hand the copy over. Only the loss of a connection after the final dot leaves it unknown."""
        try:
            reply = self._handed_over(delivery, mail)
        except Unknown as unknown:
            self._hang_up()
            return Result(delivery, DeliveryStatus.UNKNOWN, unknown.detail)
        except CredentialDead as dead:
            self._course.halt(dead)
            return Result(delivery, DeliveryStatus.WAITING, dead.detail)
        except Stopped:
            self._hang_up()
            return Result(delivery, DeliveryStatus.WAITING, "")
        except (NeverSent, Wait) as lost:
            self._hang_up()
            self._course.trouble(lost.detail)
            return Result(delivery, DeliveryStatus.DEFERRED if self._tried else DeliveryStatus.WAITING, lost.detail)
        return self._answered(delivery, reply)

    def _handed_over(self, delivery: Delivery, mail: Mail) -> Reply:
        """Deliver; a connection that has served before and is closed now is replaced, once: servers limit its use."""
        worn = self._worn
        try:
            reply = self._deliver(delivery, mail)
        except NeverSent as lost:
            if not worn or isinstance(lost, Stopped):
                raise
        else:
            if not (worn and meaning(reply) is Meaning.RELAY):
                return reply
        self._hang_up()
        return self._deliver(delivery, mail)

    def _deliver(self, delivery: Delivery, mail: Mail) -> Reply:
        if self._wire is None:
            self._wire = self._open_wire()
        self._tried = True
        reply = self._wire.deliver(mail, lambda: self._intend(delivery))
        self._worn = True
        return reply

    def _intend(self, delivery: Delivery) -> None:
        """Ask the gate once more: the dialogue up to here may have lasted minutes, or this process stood still in it.

        The intent is written first. Whoever takes the issue over finds it, or has taken it over before the gate is
        asked: so of two senders one at most sends the copy, wherever the other was stopped.
        """
        self._journal.intend(delivery.reply or "", delivery.ident)
        self._intended = True
        if not self._course.may_send():
            raise Stopped(detail="stopped before the data")

    def _answered(self, delivery: Delivery, reply: Reply) -> Result:
        said = str(reply)
        match meaning(reply):
            case Meaning.SENT:
                self._course.taken()
                return Result(delivery, DeliveryStatus.SENT, said)
            case Meaning.NOBODY | Meaning.BOUNCED as meant:
                self._course.turned_away(said)
                return Result(delivery, DeliveryStatus.BOUNCED, said, dead=meant is Meaning.NOBODY)
            case Meaning.LETTER:
                self._course.refused(said)
                return Result(delivery, DeliveryStatus.BOUNCED, said)
            case Meaning.RELAY:
                self._hang_up()
                self._course.trouble(said)
                return Result(
                    delivery, DeliveryStatus.WAITING if reply.stage is Stage.MAIL else DeliveryStatus.DEFERRED, said
                )
            case Meaning.BARRED:
                theirs = self._course.barred(said)
                return Result(delivery, DeliveryStatus.BOUNCED if theirs else DeliveryStatus.DEFERRED, said)
            case Meaning.POLICY:
                self._course.unwanted(said)
            case Meaning.SIGN_IN:
                self._course.halt(CredentialDead(f"the mail server wants a sign-in: {said}"))
        return Result(delivery, DeliveryStatus.DEFERRED, said)

    def _hang_up(self) -> None:
        if self._wire is not None:
            self._wire.close()
        self._wire, self._worn = None, False
