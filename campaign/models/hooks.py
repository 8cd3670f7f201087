"""Webhooks: where other programs are told of posts, and every call to them, kept until it is taken or given up.

The calls come out of the events: each webhook has a mark, the last event that it has seen, and the mark moves in the
transaction that writes the calls. So nothing is lost when a process dies, and whoever moves posts knows of no webhook.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy import JSON, Column, Index, LargeBinary, Text, UniqueConstraint, text
from sqlmodel import Field, Session, SQLModel, col, select

from campaign.models.database import changed
from campaign.models.partners import Partner
from campaign.models.posts import Event, Post
from campaign.models.status import Move, Status
from campaign.models.types import Numbered, UtcDateTime

_WAITING = text("next_try_at IS NOT NULL")
_TOLD = (Status.PUBLISHED.value, Status.FAILED.value, Status.UNCONFIRMED.value)


class Kind(StrEnum):
    """What a webhook is told of; ``test`` is what an admin sends to try it."""

    PUBLISHED = "published"
    FAILED = "failed"
    UNCONFIRMED = "unconfirmed"
    RETURNED = "returned"
    TEST = "test"


EVENTS = tuple(kind for kind in Kind if kind is not Kind.TEST)
"""The kinds that an admin chooses from."""


class Hook(Numbered, table=True):
    """A webhook. ``sealed`` holds its address and its secret, bound to ``key``; ``place`` is as much as is shown.

    ``seen_event`` is its mark. ``failures`` counts calls that failed one after another, since ``failing_since``; before
    ``quiet_until`` none is made. ``off_by`` None: it was switched off because it failed.
    """

    key: str = Field(unique=True)
    place: str
    kinds: list[str] = Field(sa_column=Column(JSON, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    made_by: str
    made_at: datetime = Field(sa_type=UtcDateTime)
    seen_event: int
    failures: int = 0
    failing_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    quiet_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    off_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    off_by: str | None = None
    off_why: str | None = None


class HookCall(SQLModel, table=True):
    """One call of a webhook, as it is sent each time: ``message`` names it, ``body`` is what is signed.

    It waits while ``next_try_at`` is set; it was taken at ``taken_at``; with neither it was given up.
    """

    __table_args__ = (
        UniqueConstraint("hook_id", "event_id"),
        Index("hookcall_waiting", "hook_id", "next_try_at", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("hookcall_made", "made_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    hook_id: int = Field(foreign_key="hook.id")
    event_id: int | None = None
    message: str = Field(unique=True)
    kind: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    made_at: datetime = Field(sa_type=UtcDateTime)
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tried_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    taken_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest event that is seen, and what tells when all before it are: on PostgreSQL a number is drawn before its
    transaction ends, so that an older event may show after a newer one. ``oldest`` is the oldest transaction that runs,
    ``following`` one that began once the event had been read.
    """

    event: int
    oldest: int = 0
    following: int = 0

    def follows(self, before: "Newest") -> bool:
        """Say whether all that ran when ``before`` was read has ended: up to its event nothing new can show."""
        return self.oldest >= before.following


# Whose transaction each is only the locks tell. One of which they do not say that it is of another database counts as
# one of ours; a lock names it by the lower half of its number.
_OLDEST = text("""
    SELECT coalesce(min(runs.id), txid_snapshot_xmax(txid_current_snapshot()))
    FROM txid_snapshot_xip(txid_current_snapshot()) AS runs(id)
    WHERE NOT EXISTS (
        SELECT 1 FROM pg_locks JOIN pg_stat_activity USING (pid)
        WHERE locktype = 'transactionid' AND mode = 'ExclusiveLock' AND datname <> current_database()
        AND transactionid::text::bigint = runs.id % 4294967296
    )
""")


def newest(session: Session) -> Newest:
    """Return the newest event. Whoever drew a number up to it had begun when it was read, for an event is the last
    thing that a move writes. So three statements, in this order: the event; a transaction of our own, whose number is
    above all of theirs (the first that has not ended is no bound: those after it may have begun); then what runs. Of
    other databases on the server nothing counts: nobody there writes an event of ours.
    """
    event = session.execute(sa.select(sa.func.coalesce(sa.func.max(col(Event.id)), 0))).scalar_one()
    if session.get_bind().dialect.name != "postgresql":
        return Newest(event)
    following = session.execute(sa.select(sa.func.txid_current())).scalar_one()
    return Newest(event, session.execute(_OLDEST).scalar_one(), following)


def kind_of(event: Event) -> Kind | None:
    """Return what a webhook is told of an event, None where it is nothing that webhooks are for."""
    if event.move == Move.RETURN:
        return Kind.RETURNED
    # A post that could not be taken down goes back to published, one that was read back stays so: neither has been
    # published again.
    if event.to_status not in _TOLD or event.from_status in (event.to_status, Status.RETRACTING):
        return None
    return Kind(event.to_status)


def happened(session: Session, after: int, upto: int) -> list[tuple[Event, Post, Partner]]:
    """Return the events after one and up to another that webhooks may be told of, with the post and its partner."""
    arrived = sa.and_(col(Event.to_status).in_(_TOLD), col(Event.from_status) != col(Event.to_status))
    told = sa.or_(arrived, col(Event.move) == Move.RETURN.value)
    statement = (
        select(Event, Post, Partner)
        .join(Post, col(Post.id) == col(Event.post_id))
        .join(Partner, col(Partner.id) == col(Post.partner_id))
        .where(col(Event.id) > after, col(Event.id) <= upto, told)
        .order_by(col(Event.id))
    )
    return list(session.exec(statement).all())


def keep(session: Session, hook: Hook, upto: int, calls: Iterable[HookCall]) -> None:
    """Move a webhook's mark and keep the calls of what it passed; nothing, where another process was quicker."""
    own = sa.and_(col(Hook.id) == hook.ident, col(Hook.seen_event) == hook.seen_event, col(Hook.off_at).is_(None))
    if changed(session, sa.update(Hook).where(own).values(seen_event=upto)) == 1:
        session.add_all(calls)


def hook(session: Session, ident: int) -> Hook | None:
    """Return a webhook by its number."""
    return session.get(Hook, ident)


def hooks(session: Session, *, on: bool = False) -> list[Hook]:
    """Return every webhook by number, or those that are switched on."""
    statement = select(Hook).order_by(col(Hook.id))
    return list(session.exec(statement.where(col(Hook.off_at).is_(None)) if on else statement))


def failed(session: Session) -> list[Hook]:
    """Return the webhooks that were switched off because they failed."""
    fell = sa.and_(col(Hook.off_at).is_not(None), col(Hook.off_by).is_(None))
    return list(session.exec(select(Hook).where(fell).order_by(col(Hook.id))))


def due(session: Session, hook_id: int, now: datetime, *, limit: int) -> list[HookCall]:
    """Return the calls of a webhook that are to be made now, tests and then the oldest first; none while it is off or
    quiet.
    """
    joined = select(HookCall).join(Hook, col(Hook.id) == col(HookCall.hook_id))
    speaks = sa.or_(col(Hook.quiet_until).is_(None), col(Hook.quiet_until) <= now)
    mine = sa.and_(col(HookCall.hook_id) == hook_id, col(HookCall.next_try_at) <= now, col(Hook.off_at).is_(None))
    order = (col(HookCall.kind) != Kind.TEST.value, col(HookCall.id))
    return list(session.exec(joined.where(mine, speaks).order_by(*order).limit(limit)))


def taken(session: Session, call: HookCall, answer: str, now: datetime) -> None:
    """Note that a call was taken; its webhook is well. Where it was a test, what waits to be made again is due now."""
    _set_call(session, call, {"taken_at": now, "next_try_at": None}, answer, now)
    if call.kind == Kind.TEST:
        waits = sa.and_(col(HookCall.hook_id) == call.hook_id, col(HookCall.next_try_at) > now)
        changed(session, sa.update(HookCall).where(waits).values(next_try_at=now))
    well = {"failures": 0, "failing_since": None, "quiet_until": None}
    session.execute(sa.update(Hook).where(col(Hook.id) == call.hook_id).values(**well))


def missed(session: Session, call: HookCall, answer: str, now: datetime, again: timedelta | None) -> Hook:
    """Note that a call was not taken: it is made again after ``again``, or never where that is None. Returns the
    webhook, to be changed in this transaction.
    """
    _set_call(session, call, {"next_try_at": None if again is None else now + again}, answer, now)
    found = session.get_one(Hook, call.hook_id, populate_existing=True)
    found.failures += 1
    found.failing_since = found.failing_since or now
    session.add(found)
    return found


def _set_call(session: Session, call: HookCall, values: dict[str, object], answer: str, now: datetime) -> None:
    mine = sa.update(HookCall).where(col(HookCall.id) == call.id, col(HookCall.taken_at).is_(None))
    changed(session, mine.values(tries=call.tries + 1, tried_at=now, answer=answer, **values))


def try_all_again(session: Session, hook_id: int, now: datetime) -> int:
    """Let every call that was not taken be made again from the first try on; returns how many they are."""
    mine = sa.update(HookCall).where(col(HookCall.hook_id) == hook_id, col(HookCall.taken_at).is_(None))
    return changed(session, mine.values(tries=0, next_try_at=now))


def last_calls(session: Session, hook_id: int, *, limit: int) -> list[HookCall]:
    """Return the newest calls of a webhook, the newest first."""
    mine = select(HookCall).where(col(HookCall.hook_id) == hook_id).order_by(col(HookCall.id).desc())
    return list(session.exec(mine.limit(limit)))


def waiting(session: Session, hook_ids: Collection[int]) -> dict[int, int]:
    """Return how many calls of each webhook wait."""
    mine = sa.and_(col(HookCall.hook_id).in_(hook_ids), col(HookCall.next_try_at).is_not(None))
    counted = sa.select(col(HookCall.hook_id), sa.func.count()).where(mine).group_by(col(HookCall.hook_id))
    return {row[0]: row[1] for row in session.execute(counted)}


def forget_calls(session: Session, before: datetime, *, limit: int) -> None:
    """Drop calls that were taken or given up, and made long ago; ``limit`` at once."""
    done = sa.and_(col(HookCall.made_at) < before, col(HookCall.next_try_at).is_(None))
    old: Sequence[int | None] = session.exec(select(HookCall.id).where(done).limit(limit)).all()
    session.execute(sa.delete(HookCall).where(col(HookCall.id).in_(old)))
