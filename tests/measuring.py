"""Published posts, and channels with canned figures, for tests of engagement."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Event
from typing import ClassVar

from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from sqlmodel import col, select

from campaign.clock import NEVER
from campaign.engagement.collect import Collector
from campaign.engagement.timetable import Cooling
from campaign.errors import Refused
from campaign.models import Database
from campaign.models.posts import Post
from campaign.models.snapshots import Snapshot
from campaign.models.status import Status
from campaign.ports import Channel, Draft, Figures, Gate, Identity, Limits, Message, Receipt

HOUR = timedelta(hours=1)
COOLING = Cooling((HOUR, 6 * HOUR, 24 * HOUR), timedelta(days=30), timedelta(days=90))
LATE = timedelta(minutes=30)
SEEN = Figures(impressions=120, reactions=0)


class Deaf:
    """A channel that publishes and cannot measure."""

    name: ClassVar[str] = "x"
    title: ClassVar[str] = "X"
    limits: ClassVar[Limits] = Limits(280, len, 4, 1000, timedelta(0), card=False, measure_batch=3)

    def compose(self, draft: Draft, token: str) -> Message:
        return Message(self.name, f"{draft.words} {token}")

    def publish(self, who: Identity, message: Message, gate: Gate) -> Receipt:
        gate.check()
        raise Refused(f"{who.name} does not publish {message.text!r}")


@dataclass
class Canned(Deaf):
    """A channel that answers with canned figures, or fails in the ways it is told, in turn."""

    figures: Mapping[str, Figures] = field(default_factory=dict)
    failures: list[Exception] = field(default_factory=list)
    asked: list[tuple[int, tuple[str, ...]]] = field(default_factory=list)
    meanwhile: Callable[[], object] = lambda: None

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures]:
        self.asked.append((who.account_id, tuple(external_ids)))
        self.meanwhile()
        if self.failures:
            raise self.failures.pop(0)
        return {number: self.figures[number] for number in external_ids if number in self.figures}


class Everyone(dict[str, Figures]):
    """The same figures for every post."""

    def __contains__(self, _number: object) -> bool:
        return True

    def __missing__(self, _number: str) -> Figures:
        return SEEN


def identity(account_id: int) -> Identity:
    return Identity(account_id, "p", "Partner", "x", "@p", str(account_id), {"access_token": "made up"})


def collector(
    database: Database,
    clock: MovedClock,
    channel: Channel,
    cooling: Cooling = COOLING,
    stopping: Event = NEVER,
) -> Collector:
    return Collector(
        database,
        clock,
        channels={"x": channel},
        identities=identity,
        cooling=cooling,
        late=LATE,
        message=CONTENTS.message,
        stopping=stopping,
    )


def published(database: Database, at: datetime, *names: str | None, changes: Mapping[str, object] | None = None) -> int:
    """Store an account with posts published at ``at`` under these platform ids; returns the account's id."""
    facts = {"published_at": at, "next_reading_at": at + HOUR, **(changes or {})}
    with database.write() as session:
        account = add_account(session, at)
        for name in names:
            post = {"status": Status.PUBLISHED, "external_id": name, **facts}
            add_post(session, account, at, changes=post)
        return account.ident


def stored(database: Database) -> list[Snapshot]:
    with database.read() as session:
        return list(session.exec(select(Snapshot).order_by(col(Snapshot.due_at), col(Snapshot.id))))


def only_post(database: Database) -> Post:
    with database.read() as session:
        return session.exec(select(Post)).one()
