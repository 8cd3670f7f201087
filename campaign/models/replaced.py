"""What the database that a restore replaces says of whom and what must stay away, read from a schema of any age."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy.engine import Connection

from campaign.models import copying
from campaign.models.leaving import TakeDown
from campaign.models.status import Status
from campaign.models.types import table_of

log = structlog.get_logger(__name__)

_STOPPED = (Status.WITHDRAWN, Status.REJECTED, Status.RETRACTING, Status.RETRACTED)

Tables = Mapping[str, Any]
"""The columns of the tables that are there, by name."""


@dataclass(frozen=True, slots=True)
class Left:
    """A reader who left a list: ``facts`` are the columns of their row, which mean the same in any database."""

    readers: str
    """The key of the list."""
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class OptOuts:
    """Who wants no mail, by what a database said before it was replaced."""

    left: Sequence[Left] = ()
    suppressed: Sequence[tuple[str, str, datetime]] = ()
    """Digests of addresses, with reason and time."""


@dataclass(frozen=True, slots=True)
class Standing:
    """As what a person was in, and by what they could sign in, by what a database says. ``ways`` are kind and value."""

    role: str
    partner_key: str | None
    active: bool
    ways: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class StoppedPost:
    """A post that went no further by a person's or a plan's decision: who made it when, empty and None where the
    history does not tell. ``status`` is ``retracting`` too where its being taken down waits for its being found.
    """

    token: str
    status: Status
    by_plan: bool
    who: str = ""
    why: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Revoked:
    """An agreement that its partner took back. ``token`` is that of the one post that it was for."""

    partner: str
    token: str | None
    facts: Mapping[str, Any]
    """The columns that mean the same in any database."""


@dataclass(frozen=True, slots=True)
class Held:
    """A hold that was on. ``of`` are the token of the post or partner, channel and id of the account that its scope
    names by a number, empty where it names none.
    """

    scope: str
    of: tuple[str, ...]
    reason: str
    held_by: str
    held_at: datetime


@dataclass(frozen=True, slots=True)
class Stops:
    """What people stopped. ``disabled`` are partner, channel and id of accounts, each with the reason."""

    posts: Sequence[StoppedPost] = ()
    agreements: Sequence[Revoked] = ()
    holds: Sequence[Held] = ()
    disabled: Sequence[tuple[tuple[str, str, str], str]] = ()


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a replaced database tells. ``told`` is False where there was none, or a new one."""

    told: bool = False
    opt_outs: OptOuts = OptOuts()
    people: Mapping[str, Standing] = field(default_factory=dict)
    stops: Stops = Stops()


def in_use(connection: Connection) -> bool:
    """Say whether the database holds more than a new workspace does."""
    telling = {"partner", "post", "mailinglist"}
    return any(
        connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() is not None
        for table in copying.tables(connection)
        if table.name in telling
    )


def seals(connection: Connection) -> bool:
    """Say whether anything in the database opens by the workspace's key alone."""
    return any(
        connection.execute(sa.select(sa.literal(1)).where(table.c.sealed.is_not(None)).limit(1)).first() is not None
        for table in copying.tables(connection)
        if "sealed" in table.c
    )


def read(connection: Connection) -> Replaced:
    """Return all of it. A database of old is brought up to date first: only its own rows tell which addresses mean one
    reader, and which of them a digest suppresses.
    """
    _bring_up(connection)
    found = {table.name: table.c for table in copying.tables(connection)}
    return Replaced(in_use(connection), _opt_outs(connection, found), people(connection), _stops(connection, found))


def _bring_up(connection: Connection) -> None:
    """Migrate what is to be replaced; where its rows do not let us it is read as it stands."""
    revision = copying.revision(connection)
    if revision is None or not copying.knows_migration(revision):
        return
    try:
        with connection.begin_nested():
            copying.migrate(connection, "head")
    except Exception:
        log.exception("what the restore replaces is read as it stands", migration=revision)


def _opt_outs(connection: Connection, found: Tables) -> OptOuts:
    if not {"subscriber", "suppression"} <= found.keys():
        return OptOuts()
    one, other, readers = found["subscriber"], found["suppression"], found["mailinglist"]
    facts = [one[name] for name in ("email", "name", "details", "consent_source", "token")]
    facts += [_named(one.consent_at), _named(one.unsubscribed_at)]
    left = sa.select(readers.key, *facts).where(one.list_id == readers.id, one.unsubscribed_at.is_not(None))
    suppressed = sa.select(other.address_digest, other.reason, _instant(other.at))
    return OptOuts(
        [Left(key, _facts(facts, values)) for key, *values in connection.execute(left.order_by(one.id))],
        [(digest, reason, at) for digest, reason, at in connection.execute(suppressed)],
    )


def people(connection: Connection) -> dict[str, Standing]:
    """Return everybody by name."""
    found = {table.name: table.c for table in copying.tables(connection)}
    if "users" not in found:
        return {}
    ways = defaultdict[int, set[tuple[str, str]]](set)
    for kind, statement in _ways(found):
        for user_id, *values in connection.execute(statement):
            ways[user_id].add((kind, " ".join(values)))
    one = found["users"]
    everybody = connection.execute(sa.select(one.id, one.name, one.role, one.partner_key, one.active))
    return {
        name: Standing(role, partner, bool(active), frozenset(ways[ident]))
        for ident, name, role, partner, active in everybody
    }


def _ways(found: Tables) -> Iterator[tuple[str, sa.Select[Any]]]:
    """Yield by what people sign in: each kind as it is called, with whose and which they are."""
    if one := found.get("password"):
        yield "password", sa.select(one.user_id, one.hash)
    if one := found.get("passkey"):
        yield "passkey", sa.select(one.user_id, one.credential_id)
    if one := found.get("recoverycode"):
        yield "recovery code", sa.select(one.user_id, one.digest).where(one.used_at.is_(None))
    if one := found.get("elsewhere"):
        yield "sign-in elsewhere", sa.select(one.user_id, one.issuer, one.subject)


# --- what was stopped -------------------------------------------------------------------------------------------------


def _stops(connection: Connection, found: Tables) -> Stops:
    if "post" not in found:
        return Stops()
    return Stops(
        [*_stopped_posts(connection, found), *_ordered_down(connection, found)],
        list(_revoked(connection, found)),
        list(_held(connection, found)),
        list(_disabled(connection, found)),
    )


def _stopped_posts(connection: Connection, found: Tables) -> Iterator[StoppedPost]:
    """Yield what stands where nothing goes out, each with the event that brought it there: of what is taken down that
    is the order.
    """
    post, event = found["post"], found["event"]
    latest = event.id.table.alias().c
    decided = sa.case((post.status == Status.RETRACTED.value, Status.RETRACTING.value), else_=post.status)
    mine = sa.and_(latest.post_id == post.id, latest.to_status == decided)
    last = sa.select(sa.func.max(latest.id)).where(mine).correlate(post.id.table).scalar_subquery()
    statement = (
        sa.select(post.token, post.status, post.withdrawn_by_plan, event.who, event.why, _instant(event.at))
        .select_from(post.id.table.outerjoin(event.id.table, event.id == last))
        .where(post.status.in_([status.value for status in _STOPPED]))
        .order_by(post.id)
    )
    for token, status, by_plan, who, why, at in connection.execute(statement):
        yield StoppedPost(token, Status(status), bool(by_plan), who or "", why or "", at)


def _ordered_down(connection: Connection, found: Tables) -> Iterator[StoppedPost]:
    if (order := found.get("takedown")) is None:
        return
    post = found["post"]
    ordered = sa.select(post.token, order.ordered_by, order.why, _instant(order.ordered_at))
    for token, who, why, at in connection.execute(ordered.where(order.post_id == post.id).order_by(post.id)):
        yield StoppedPost(token, Status.RETRACTING, by_plan=False, who=who, why=why, at=at)


def _revoked(connection: Connection, found: Tables) -> Iterator[Revoked]:
    one, post, partner = found["agreement"], found["post"], found["partner"]
    same = [one.slot, one.given_by, _named(one.given_at), one.revoked_by, _named(one.revoked_at)]
    if "source" in one:
        same.append(one.source)
    statement = (
        sa.select(partner.key, post.token, one.post_id, *same)
        .select_from(one.id.table.join(partner.id.table, partner.id == one.partner_id))
        .outerjoin(post.id.table, post.id == one.post_id)
        .where(one.revoked_at.is_not(None))
        .order_by(one.id)
    )
    for key, token, post_id, *facts in connection.execute(statement):
        if (post_id is None) == (token is None):
            yield Revoked(key, token, _facts(same, facts))


def _held(connection: Connection, found: Tables) -> Iterator[Held]:
    one, post = found["hold"], found["post"]
    on = sa.select(one.scope, one.reason, one.held_by, _instant(one.held_at)).where(one.released_at.is_(None))
    for scope, reason, held_by, held_at in connection.execute(on.order_by(one.id)).all():
        kind, _, number = scope.partition(":")
        of: sa.Row[Any] | tuple[str, ...] | None = ()
        if kind == "post":
            of = connection.execute(sa.select(post.token).where(post.id == int(number))).first()
        elif kind == "account":
            of = connection.execute(_accounts(found).where(found["account"].id == int(number))).first()
        if of is not None:
            yield Held(scope, tuple(of), reason, held_by, held_at)


def _disabled(connection: Connection, found: Tables) -> Iterator[tuple[tuple[str, str, str], str]]:
    account = found["account"]
    if "disabled_why" not in account:
        return
    off = _accounts(found).add_columns(account.disabled_why).where(account.disabled_why.is_not(None))
    for key, channel, external_id, why in connection.execute(off.order_by(account.id)):
        yield (key, channel, external_id), why


def _accounts(found: Tables) -> sa.Select[Any]:
    """Return the statement that names accounts as any database knows them."""
    account, partner = found["account"], found["partner"]
    return sa.select(partner.key, account.channel, account.external_id).where(partner.id == account.partner_id)


def _facts(columns: Sequence[sa.ColumnElement[Any]], values: Sequence[Any]) -> dict[str, Any]:
    return dict(zip((column.name for column in columns), values, strict=True))


def _instant(column: sa.ColumnElement[datetime]) -> sa.ColumnElement[datetime]:
    return sa.type_coerce(column, table_of(TakeDown).c.ordered_at.type)


def _named(column: sa.Column[datetime]) -> sa.Label[datetime]:
    return _instant(column).label(column.name)
