"""Read the figures of published posts when the cooling timetable says so, and store them or the reason why not.

A reading ends as one snapshot: figures, or a gap with its reason. Nothing is invented: what the platform does not say
stays None. No transaction is open while a platform is asked.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Protocol, TypeVar

import structlog

from campaign.clock import NEVER, Clock
from campaign.engagement.ending import NOT_RUNNING, Answer, Due, Unread, gap, of, row
from campaign.engagement.purse import NOTHING, Purse
from campaign.engagement.timetable import Cooling
from campaign.errors import (
    AccountBlocked,
    CampaignError,
    CannotLook,
    CredentialDead,
    NeverSent,
    Outcome,
    Refused,
    Wait,
)
from campaign.models import Database, readings, renewals
from campaign.models.away import is_away
from campaign.models.claims import PostFacts
from campaign.models.posts import Post
from campaign.models.snapshots import Snapshot
from campaign.models.status import Status
from campaign.ports import Channel, Figures, Identity, Limits, Measures, Message

log = structlog.get_logger(__name__)

_READABLE = frozenset({Status.PUBLISHED, Status.RETRACTING})
_FINAL = (CredentialDead, AccountBlocked, Refused)
_WHOLE_ACCOUNT = (CredentialDead, AccountBlocked, Wait, NeverSent)
_REFUSALS = 10
"""A hundred posts with one bad id among them take seven refusals on end at the most, two such ids some more."""
CLAIM = timedelta(minutes=5)
_AT_ONCE = 5
"""Posts settled in one transaction: who wants to write meanwhile, to *hold everything* say, waits for no more."""

_Row = TypeVar("_Row")


class _Measured(Channel, Measures, Protocol):
    """A channel that measures."""


class Collector:
    """Takes the readings that are due. Any number may run at once, on any machine: each reading is claimed first, so
    that the platform is asked once, and stored once. The claim of one that died is free again after five minutes, what
    one that was stopped has not asked for at once.

    ``identities`` opens an account by its id and raises CredentialDead when a person must act. ``late`` bounds how
    long a failed reading is tried again; half the way to the next reading bounds it too. ``message`` makes of a stored
    post what goes out: what approved posts will cost is not spent on readings. Nobody is asked once
    ``stopping`` is set.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        channels: Mapping[str, Channel],
        identities: Callable[[int], Identity],
        cooling: Cooling,
        late: timedelta,
        message: Callable[[PostFacts], Message],
        stopping: threading.Event = NEVER,
    ) -> None:
        self._database = database
        self._clock = clock
        self._channels = channels
        self._identities = identities
        self._cooling = cooling
        self._stopping = stopping
        self._late = late
        self._message = message
        self._prices: dict[str, int] = {}
        self._refused: set[tuple[int, datetime]] = set()

    def chore(self, _now: datetime) -> datetime | None:
        """Take what is due and return when the next reading is, None when no post waits for one."""
        self.collect()
        return self.next_at()

    def collect(self) -> int:
        """Take what is due now, at most 2000 posts a call, and return how many snapshots were stored."""
        now = self._clock.now()
        with self._database.read() as session:
            posts = readings.due_readings(session, now)
        posts.sort(key=lambda post: post.account_id)
        purse = Purse(self._database, self._clock, self._message, self._prices)
        groups = groupby(posts, key=lambda post: post.account_id)
        return sum(self._tried(account_id, list(group), now, purse) for account_id, group in groups)

    def _tried(self, account_id: int, posts: Sequence[Post], now: datetime, purse: Purse) -> int:
        """Take an account's readings. Whatever breaks there does not end those of the others: its claims end of
        themselves, and it is tried again. Without a database nobody's are taken, and that is raised.
        """
        try:
            return self._claimed(posts, now, purse)
        except Exception as error:
            if is_away(error):
                raise
            log.exception("readings broke", account=account_id)
            return 0

    def _claimed(self, posts: Sequence[Post], now: datetime, purse: Purse) -> int:
        if self._stopping.is_set():
            return 0
        with self._database.write() as session:
            mine = readings.claim_readings(session, [post.ident for post in posts], now, now + CLAIM)
        return self._account(mine, now, purse) if mine else 0

    def next_at(self) -> datetime | None:
        """Return when the next reading is due, None when no post waits for one."""
        with self._database.read() as session:
            return readings.next_reading(session)

    def _account(self, posts: Sequence[Post], now: datetime, purse: Purse) -> int:
        channel = self._channels.get(posts[0].channel)
        if channel is None or not isinstance(channel, Measures):
            return self._end(posts)
        unreadable = [post for post in posts if not _readable(post, channel.limits)]
        stored = self._end(unreadable) if unreadable else 0
        dues = [due for post in posts if _readable(post, channel.limits) for due in self._due(post, now)]
        nameless = [due for due in dues if not due.external_id]
        stored += self._settle(nameless, {})
        named = [due for due in dues if due.external_id]
        return stored + sum(self._settle(*each) for each in self._asked(channel, purse, named))

    def _due(self, post: Post, now: datetime) -> list[Due]:
        """Return what is due of a post: nothing (and the post moved on) when the timetable says later or never."""
        published_at = post.published_at or now
        found = self._cooling.due(published_at, post.readings, now)
        index = post.readings + len(found)
        after = self._cooling.reading_at(published_at, index)
        next_at = after.due_at if after else None
        if not found:
            with self._database.write() as session:
                readings.settle_reading(session, post, [], readings=post.readings, next_reading_at=next_at)
            return []
        return [Due(post, found[:-1], found[-1], index - 1, next_at)]

    def _asked(
        self, channel: _Measured, purse: Purse, dues: Sequence[Due]
    ) -> Iterator[tuple[Sequence[Due], Answer | Unread]]:
        """Yield batches with the platform's answer; what stops the whole account is not asked again."""
        stop: Outcome | None = None
        size = channel.limits.measure_batch
        for start in range(0, len(dues), size):
            if self._stopping.is_set():
                self._put_back(dues[start:])
                return
            batch = dues[start : start + size]
            wanted = {due.external_id: due.post.ident for due in batch}
            payment = purse.pay(channel, batch[0].post.account_id, wanted) if stop is None else NOTHING
            yield [due for due in batch if due.external_id in payment.refused], payment.why
            for part, answer in self._split(
                channel, [due for due in batch if due.external_id not in payment.refused], stop
            ):
                if isinstance(answer, _WHOLE_ACCOUNT):
                    stop = answer
                purse.give_back(channel, payment, [due.external_id for due in part], answer)
                yield part, answer

    def _split(
        self, channel: Measures, dues: Sequence[Due], stop: Outcome | None
    ) -> Iterator[tuple[Sequence[Due], Answer]]:
        """Ask for a batch. A refused one is asked half by half, so that an id that the platform does not take blinds
        itself alone; after some refusals on end it is the account that is refused, and the rest is not asked for.
        """
        waiting, refusals = [dues] if dues else [], 0
        while waiting:
            batch = waiting.pop()
            answer = stop or self._ask(channel, batch)
            if not isinstance(answer, Outcome):
                refusals = 0
            elif isinstance(answer, Refused) and stop is None:
                refusals += 1
                if len(batch) > 1 and refusals <= _REFUSALS:
                    half = len(batch) // 2
                    waiting += [batch[half:], batch[:half]]
                    continue
                if refusals > _REFUSALS:
                    stop = answer
            elif isinstance(answer, _WHOLE_ACCOUNT):
                stop = answer
            yield batch, answer

    def _ask(self, channel: Measures, batch: Sequence[Due]) -> Answer:
        account_id = batch[0].post.account_id
        try:
            who = self._identities(account_id)
            return self._measured(channel, who, list(dict.fromkeys(due.external_id for due in batch)))
        except Outcome as outcome:
            return outcome
        except CampaignError as error:
            return CannotLook(str(error))
        except Exception as error:  # noqa: BLE001 - a client library's surprise must not cost the other accounts' readings
            # Its name alone: the message of a foreign error may carry an address with a token in it.
            log.warning("reading failed", account=account_id, error=type(error).__name__)
            return CannotLook(f"the client ended with {type(error).__name__}")

    def _measured(self, channel: Measures, who: Identity, external_ids: Sequence[str]) -> Answer:
        """Ask. Credentials that are refused though they should be good are renewed before they are used again."""
        try:
            return channel.measure(who, external_ids)
        except CredentialDead as dead:
            with self._database.write() as session:
                renewals.want(session, who.account_id, who.opened)
            dead.renew = True
            raise

    def _settle(self, dues: Sequence[Due], answer: Answer | Unread) -> int:
        if not dues:
            return 0
        now = self._clock.now()
        return sum(self._settled(part, answer, now) for part in _parts(dues))

    def _settled(self, part: Sequence[Due], answer: Answer | Unread, now: datetime) -> int:
        """Settle some posts in one transaction, or else each in its own: one that breaks costs no other its reading.
        Its claim ends of itself, and the doctor tells of it when that goes on.
        """
        try:
            with self._database.write() as session:
                return sum(
                    readings.settle_reading(session, due.post, rows, readings=done, next_reading_at=next_at)
                    for due in part
                    for rows, done, next_at in [self._outcome(due, of(due, answer), now)]
                )
        except Exception as error:
            if is_away(error):
                raise
            if len(part) > 1:
                return sum(self._settled([due], answer, now) for due in part)
            log.exception("a reading broke", post=part[0].post.ident)
            return 0

    def _outcome(
        self, due: Due, answer: Figures | Outcome | Unread, now: datetime
    ) -> tuple[list[Snapshot], int, datetime | None]:
        """Return what to store, and the number and the instant of the reading that comes next."""
        rows = [gap(due, reading, now, NOT_RUNNING) for reading in due.missed]
        again_at = self._again_at(due, answer, now) if isinstance(answer, Outcome) else None
        if again_at is not None:
            return rows, due.index, again_at
        self._refused.discard(_reading(due))
        return [*rows, row(due, answer, now)], due.index + 1, due.next_at

    def _again_at(self, due: Due, failure: Outcome, now: datetime) -> datetime | None:
        """Return when a failed reading is tried again, None when it is to become a gap. One whose credentials were
        refused is tried once more: they may be renewed by then, and platforms have refused good ones for a while.
        """
        if isinstance(failure, CredentialDead) and failure.renew and _reading(due) not in self._refused:
            self._refused.add(_reading(due))
        elif isinstance(failure, _FINAL) or (isinstance(failure, CannotLook) and failure.permanent):
            return None
        room = self._late if due.next_at is None else min(self._late, (due.next_at - due.reading.due_at) / 2)
        at = _asked_for(failure, now) or now + room / 4
        return at if now < at <= due.reading.due_at + room else None

    def _end(self, posts: Sequence[Post]) -> int:
        """Take no more readings of posts that cannot be read."""
        self._untaken((post, None) for post in posts)
        return 0

    def _put_back(self, dues: Sequence[Due]) -> None:
        """Free what was claimed and not asked for: a daemon that starts again at once need not wait for the claim."""
        self._untaken((due.post, due.reading.due_at) for due in dues)

    def _untaken(self, posts: Iterable[tuple[Post, datetime | None]]) -> None:
        """Store nothing of these posts but when they are read next."""
        for part in _parts(list(posts)):
            with self._database.write() as session:
                for post, at in part:
                    readings.settle_reading(session, post, [], readings=post.readings, next_reading_at=at)


def _reading(due: Due) -> tuple[int, datetime]:
    return due.post.ident, due.reading.due_at


def _parts(rows: Sequence[_Row]) -> Iterator[Sequence[_Row]]:
    """Yield the rows by as many as one transaction settles."""
    return (rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE))


def _readable(post: Post, limits: Limits) -> bool:
    """Say whether there is anything to read: the post is out, and if it is a share it is counted for itself."""
    counted = limits.shares_have_figures or post.draft.get("share_of") is None
    return counted and post.status in _READABLE and post.published_at is not None


def _asked_for(failure: Outcome, now: datetime) -> datetime | None:
    if not isinstance(failure, Wait):
        return None
    at = failure.until or (now + failure.after if failure.after is not None else None)
    return at if at is not None and at > now else None
