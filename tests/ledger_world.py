"""A platform in memory, processes that die at any commit, and a clock: the world of the ledger's state machine.

The platform stores or not, answers or not, and shows what it stored sooner or later. It knows which post a copy belongs
to, by a token where no follower sees it; the program's own look-up goes by words, as on X.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

from conftest import MovedClock
from dispatch_room import serve
from sqlalchemy import event

from campaign.dispatch import reconcile, sweep
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.errors import AccountBlocked, CannotLook, CredentialDead, NeverSent, Refused, Unknown, Wait
from campaign.models import Database, lanes, upkeep
from campaign.ports import Draft, Evidence, Gate, Identity, Limits, Message, Receipt, Sighting
from campaign.review.content import Contents

SECOND = timedelta(seconds=1)
POLICY = Policy(
    grace=timedelta(minutes=30),
    lease=timedelta(minutes=2),
    call_timeout=30 * SECOND,
    retries=(5 * SECOND, 30 * SECOND),
    lookups=(5 * SECOND, 45 * SECOND),
    lookup_reads=3,
    lookup_spread=timedelta(minutes=2),
)
NOT_STORED = ("never sent", "refused", "wait", "dead", "blocked", "lost before", "nonsense before")
STORED = ("lost after", "nonsense after")
ANSWERS = ("fine", *STORED, "fine", *STORED, *NOT_STORED)
"""How a call may end; what leaves a copy behind comes more often, for that is what can be doubled."""
READS = ("fine", "fine", "fails", "lags", "stale")
PAUSES = ("none", "pressed before", "asleep before", "asleep after")


class Killed(BaseException):
    """The process was ended by kill -9: nothing of it runs any more, no matter what stands in a finally."""


@dataclass(frozen=True)
class Copy:
    """What followers can see: one post on the platform. ``token`` is the post's that it belongs to."""

    external_id: str
    account: str
    token: str
    words: str
    at: datetime


@dataclass
class World:
    """The platform and what goes wrong with it next. ``allowed`` says of a post that goes out what is wrong with it."""

    clock: MovedClock
    allowed: Callable[[Message], str | None] = lambda _message: None
    meanwhile: Callable[[str], None] = lambda _pause: None
    copies: list[Copy] = field(default_factory=list)
    wrongs: list[str] = field(default_factory=list)
    answer: str = "fine"
    read: str = "fine"
    pause: str = "none"

    def calm(self) -> None:
        """Let nothing go wrong any more."""
        self.answer, self.read, self.pause = "fine", "fine", "none"

    def store(self, who: Identity, message: Message) -> Receipt:
        """Make the post visible, and note whether it had any right to be."""
        if (wrong := self.allowed(message)) is not None:
            self.wrongs.append(wrong)
        number = str(len(self.copies) + 1)
        self.copies.append(Copy(number, who.external_id, message.preheader or "", message.text, self.clock.now()))
        return Receipt(number, f"https://toy.example.org/{number}", self.clock.now())

    def shown(self, account: str) -> list[Copy]:
        """Return what a listing shows; one that lags leaves out what is young."""
        age = {"lags": timedelta(seconds=20), "stale": timedelta(hours=1)}.get(self.read, timedelta())
        return [copy for copy in self.copies if copy.account == account and copy.at <= self.clock.now() - age]


@dataclass(frozen=True)
class ToyChannel:
    """A channel on the platform in memory: it publishes and finds by words, as on X."""

    world: World
    name: ClassVar[str] = "toy"
    title: ClassVar[str] = "Toy"
    limits: ClassVar[Limits] = Limits(text_max=280, count=len, media_max=0, alt_max=0, pace=SECOND, card=True)

    def compose(self, channel: str, draft: Draft, token: str) -> Message:
        return Message(channel=channel, text=draft.words, preheader=token)

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        world, answer = self.world, self.world.answer
        if world.pause.endswith("before"):
            world.meanwhile(world.pause)
        gate.check()
        if answer in NOT_STORED:
            raise _without_storing(answer, world.clock.now())
        receipt = world.store(who, message)
        if world.pause.endswith("after"):
            world.meanwhile(world.pause)
        if answer == "lost after":
            raise Unknown(detail="the answer was lost")
        if answer == "nonsense after":
            raise KeyError("id")
        return receipt

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        if self.world.read == "fails":
            raise CannotLook(detail="the listing failed")
        shown = self.world.shown(who.external_id)
        since = evidence.started_at - 60 * SECOND
        fresh = [copy for copy in shown if copy.at >= since and copy.external_id not in evidence.known_ids]
        matches = [Receipt(copy.external_id, None, copy.at) for copy in fresh if copy.words == evidence.message.text]
        control = evidence.control_id
        return Sighting(tuple(matches), control is None or control in {copy.external_id for copy in shown})


def _without_storing(answer: str, now: datetime) -> Exception:
    kinds: dict[str, Exception] = {
        "never sent": NeverSent(detail="no connection"),
        "refused": Refused(detail="too long"),
        "wait": Wait(detail="too many", until=now + timedelta(minutes=3)),
        "dead": CredentialDead(detail="revoked"),
        "blocked": AccountBlocked(detail="spam", after=timedelta(minutes=5)),
        "lost before": Unknown(detail="the connection was cut"),
        "nonsense before": ValueError("no JSON"),
    }
    return kinds[answer]


class Process:
    """A dispatching process with its own connections. ``dies_at``: before (or after) so many commits from now."""

    def __init__(self, url: str, world: World, name: str) -> None:
        self.database = Database(url, connections=2)
        self.channel = ToyChannel(world)
        self.dead = False
        self.dies_at: int | None = None
        self.dies_after = False
        event.listen(self.database.engine, "connect", _quick)
        event.listen(self.database.engine, "begin", self._begins)
        event.listen(self.database.engine, "commit", self._commits)
        self.means = Means(
            database=self.database,
            clock=world.clock,
            channels={"toy": self.channel},
            contents=Contents(self.channel, Path("media")),
            identify=lambda account, partner: Identity(
                account_id=account.ident,
                partner=partner.key,
                name=partner.name,
                channel="toy",
                handle=account.handle,
                external_id=account.external_id,
            ),
            bulk={},
            policy=POLICY,
            owner=name,
        )

    def _begins(self, _connection: object) -> None:
        if self.dead:
            raise Killed

    def _commits(self, _connection: object) -> None:
        if self.dies_at is None:
            return
        self.dies_at -= 1
        if self.dies_at <= 0:
            self.dead = True
            if not self.dies_after:
                raise Killed

    def alone(self) -> None:
        """Begin as the one process that holds the file's lock."""
        with self.database.write() as session:
            lanes.end_leases(session, self.means.clock.now())

    def sweep(self) -> None:
        sweep.recover(self.means, self.means.clock.now())
        sweep.expire(self.means, self.means.clock.now())

    def serve(self, account_ids: Sequence[int]) -> None:
        for account_id in account_ids:
            serve(self.means, account_id)

    def look(self) -> None:
        with self.database.read() as session:
            lost = upkeep.to_look_up(session, self.means.clock.now())
        for post_id, _ in lost:
            reconcile.look_up(self.means, post_id)

    def end(self) -> None:
        self.dead, self.dies_at = False, None
        self.database.close()


def _quick(connection: Any, _entry: object) -> None:
    """Nobody pulls the plug here: processes die, the machine does not, and what they wrote it keeps."""
    connection.execute("PRAGMA synchronous=OFF")
