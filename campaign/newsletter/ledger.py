"""The ledger of an issue: its deliveries in the database, who is claimed, and how each one ended.

Recipients are frozen when the issue begins. A claim is written to the journal first, then committed here, then sent;
after that each delivery is settled as its outcome says. ``recover`` settles what a sender that died has left.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from campaign.clock import Clock
from campaign.errors import NeverSent, Withheld
from campaign.models import Database, corrections, deliveries, mailing
from campaign.models.deliveries import Delivery, DeliveryStatus
from campaign.newsletter.journal import Journal, Past


@dataclass(frozen=True, slots=True)
class Result:
    """A claimed delivery and where it stands now: waiting, as if never claimed, where nothing was sent.

    ``dead``: the server says that nobody is at the address.
    """

    delivery: Delivery
    end: DeliveryStatus
    reply: str
    dead: bool = False

    def facts(self) -> dict[str, Any]:
        """Return the form in which the journal keeps it."""
        return {"end": self.end.value, "reply": self.reply, "dead": self.dead}


class Ledger:
    """The deliveries of one issue. ``retries`` are the pauses before each new try; after the last it is given up."""

    def __init__(
        self, database: Database, clock: Clock, post_id: int, *, retries: Sequence[timedelta], resend_unknown: bool
    ) -> None:
        self._database = database
        self._clock = clock
        self._post_id = post_id
        self._retries = tuple(retries)
        self._resend = resend_unknown
        self._dead: list[str] = []

    def freeze(self, audience: str) -> None:
        """Write one delivery for everybody on the list, or for all who got the issue that is corrected, in one
        transaction; on resume the same rows serve.

        Raises:
            campaign.errors.Withheld: there is no such list, or nobody is on it.
            campaign.errors.NeverSent: a file of readers is coming in, of which some are not there yet.

        """
        with self._database.write() as session:
            if deliveries.count(session, self._post_id):
                return
            found, issue = mailing.list_to_freeze(session, audience), corrections.issue_of(audience)
            if found is not None and found.importing_at is not None:
                again = f"import {found.importing_file or 'the file'} again"
                raise NeverSent(f"an import into the mailing list {audience!r} has not ended: {again}")
            if found is not None:
                count = deliveries.freeze(session, self._post_id, found.ident, self._clock.now())
            elif issue is not None:
                count = corrections.freeze(session, self._post_id, issue, self._clock.now())
            else:
                raise Withheld(f"there is no mailing list {audience!r}")
            if not count:
                raise Withheld(f"nobody on the mailing list {audience!r} wants its mail")

    def recover(self, journal: Journal) -> None:
        """Settle what an earlier sender claimed and left; then the journal begins anew."""
        with self._database.read() as session:
            left = deliveries.in_flight(session, self._post_id)
        if left:
            past = journal.past()
            self.settle([_left_by(delivery, past.get(delivery.reply or ""), journal.run) for delivery in left])
        journal.clear()

    def claim(self, journal: Journal, limit: int) -> list[Delivery]:
        """Claim what may go now, in order; the claim stands in the journal first."""
        name = secrets.token_hex(8)
        journal.begin(name)
        with self._database.write() as session:
            return deliveries.claim(session, self._post_id, self._clock.now(), name, limit=limit)

    def withheld(self, delivery: Delivery) -> str | None:
        """Say why this person must get no mail now, None when they may."""
        with self._database.read() as session:
            return deliveries.withheld(session, delivery)

    def settle(self, results: Sequence[Result]) -> None:
        """Write how claimed deliveries ended, in one transaction; what somebody else took over is left to them."""
        now = self._clock.now()
        with self._database.write() as session:
            for result in results:
                self._settle_one(session, result, now)
            self._suppress_dead(session, now)

    def _settle_one(self, session: Session, result: Result, now: datetime) -> None:
        delivery = result.delivery
        end, changes = self._ended(result, now)
        if deliveries.settle(session, delivery, end, **changes) and result.dead:
            self._dead.append(delivery.email)

    def _suppress_dead(self, session: Session, now: datetime) -> None:
        """Suppress the addresses at which nobody is, on every list, once the server has taken a copy of the issue. As
        long as it takes none, it may know no recipient at all; what a run refused so is then left to the next issue.
        """
        if self._dead and deliveries.taken(session, self._post_id):
            for email in self._dead:
                mailing.suppress(session, email, mailing.BOUNCED, now)
            self._dead.clear()

    def _ended(self, result: Result, now: datetime) -> tuple[DeliveryStatus, dict[str, object]]:
        tries, end, reply = result.delivery.tries + 1, result.end, result.reply
        if end is DeliveryStatus.WAITING:
            return end, {"reply": None}
        again = end is DeliveryStatus.DEFERRED or (end is DeliveryStatus.UNKNOWN and self._resend)
        if again and tries <= len(self._retries):
            next_try_at = now + self._retries[tries - 1]
            return DeliveryStatus.DEFERRED, {"reply": reply, "tries": tries, "next_try_at": next_try_at}
        if end is DeliveryStatus.DEFERRED:
            end, reply = DeliveryStatus.BOUNCED, f"given up after {tries} tries: {reply}"
        return end, {"reply": reply, "tries": tries, "settled_at": now}

    def next_try_at(self) -> datetime | None:
        """Return when the next delivery may go, None when all are settled."""
        with self._database.read() as session:
            return deliveries.next_try_at(session, self._post_id)

    def counts(self) -> dict[DeliveryStatus, int]:
        """Return how many deliveries stand in each place."""
        with self._database.read() as session:
            found = deliveries.count(session, self._post_id)
        return {end: found.get(end.value, 0) for end in DeliveryStatus}


def _left_by(delivery: Delivery, past: Past | None, run: str) -> Result:
    """Say how a delivery ended that a dead sender left in sending.

    A claim that is not in this machine's journal was another machine's, and only that one knows. After a restart of
    the machine the journal may have lost its last lines, so that no intent is no proof either.
    """
    known = past.outcomes.get(delivery.ident) if past else None
    if known is not None:
        return Result(delivery, DeliveryStatus(known["end"]), str(known["reply"]), dead=bool(known["dead"]))
    if past is None or past.run != run:
        return Result(
            delivery, DeliveryStatus.UNKNOWN, "its machine was lost in mid-send; nobody knows whether it went"
        )
    if delivery.ident in past.intents:
        return Result(delivery, DeliveryStatus.UNKNOWN, "its process ended in mid-send; nobody knows whether it went")
    return Result(delivery, DeliveryStatus.WAITING, "")
