"""What posting and reading have used up: money and posts of a day, given back where nothing came of it.

The bookings are the ledger and the only truth: what is spent is always their sum, so no counter can drift from them.
"""

from collections.abc import Collection, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import BigInteger, Index, text
from sqlmodel import Field, Session, SQLModel, col

from campaign.models.database import changed
from campaign.models.partners import Account, AccountMode
from campaign.models.posts import Attempt, Post, stands
from campaign.models.prepared import inserted
from campaign.models.status import Status
from campaign.models.types import UtcDateTime, bound_instant, table_of
from campaign.ports.costs import LINKED, POST, Cost, price

_BUDGETS = 0x63616D70  # keeps the advisory locks of budgets apart from any others
_UNRELEASED = text("released_at IS NULL")
_PAID_READING = text("read_of IS NOT NULL AND released_at IS NULL")


class Booking(SQLModel, table=True):
    """One thing that an attempt (``number`` of its post; 0: a deletion or a reading) has taken from its budgets.
    ``micros`` are millionths of a US dollar, ``month`` is that of ``booked_at`` in UTC. ``released_at`` set: it came to
    nothing. ``read_of``: the UTC day of a reading and the platform's id of what was read, which is paid for once.
    """

    __table_args__ = (
        Index(
            "booking_reading",
            *("account_id", "read_of"),
            unique=True,
            sqlite_where=_PAID_READING,
            postgresql_where=_PAID_READING,
        ),
        # Covers the sums that a claim asks for. SQLite reads ``released_at`` too, though it is always empty here.
        Index(
            "booking_spent",
            *("channel", "month", "account_id", "micros", "released_at"),
            sqlite_where=_UNRELEASED,
            postgresql_where=_UNRELEASED,
        ),
        Index("booking_account", "account_id", "booked_at"),
        Index("booking_attempt", "post_id", "number"),
    )

    id: int | None = Field(default=None, primary_key=True)
    post_id: int = Field(foreign_key="post.id")
    number: int
    account_id: int = Field(foreign_key="account.id")
    channel: str
    what: str
    micros: int = Field(sa_type=BigInteger)
    sunk: bool
    month: str
    booked_at: datetime = Field(sa_type=UtcDateTime)
    released_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    read_of: str | None = None


_COLUMNS = ("post_id", "number", "account_id", "channel", "what", "micros", "sunk", "month", "booked_at")
_BOOK = inserted(table_of(Booking), _COLUMNS)
_BOOK_READINGS = inserted(table_of(Booking), (*_COLUMNS, "read_of"))


_STANDS = col(Booking.released_at).is_(None)


@dataclass(frozen=True, slots=True)
class Spent:
    """What an account has spent in a month."""

    month: str
    channel: str
    account_id: int
    micros: int


def month_of(instant: datetime) -> str:
    """Return the calendar month of an aware UTC instant, as 2026-11."""
    return f"{instant:%Y-%m}"


@dataclass(frozen=True, slots=True)
class Use:
    """What attempt ``number`` of a post (0: its deletion) takes from the budgets of its account and channel."""

    post_id: int
    number: int
    account_id: int
    channel: str
    costs: tuple[Cost, ...]

    @property
    def micros(self) -> int:
        """Return what it costs in millionths of a US dollar."""
        return price(self.costs)


def book(session: Session, uses: Iterable[Use], at: datetime) -> None:
    """Write down what attempts take, in the transaction that claims them."""
    rows = [_row(use, cost, at) for use in uses for cost in use.costs]
    if rows:
        _BOOK.run(session, rows)


def _row(use: Use, cost: Cost, at: datetime) -> dict[str, object]:
    return {
        "post_id": use.post_id,
        "number": use.number,
        "account_id": use.account_id,
        "channel": use.channel,
        "what": cost.what,
        "micros": cost.micros,
        "sunk": cost.sunk,
        "month": month_of(at),
        "booked_at": at,
    }


def paid_for(session: Session, post_id: int) -> set[str]:
    """Return the names of what stands as used by attempts to publish a post."""
    tried = sa.and_(col(Booking.post_id) == post_id, col(Booking.number) > 0)
    return {row[0] for row in session.execute(sa.select(col(Booking.what)).where(tried, _STANDS))}


def keep(session: Session, post_id: int, number: int) -> None:
    """Take back a release: the attempt made the post after all."""
    mine = sa.and_(col(Booking.post_id) == post_id, col(Booking.number) == number)
    changed(session, sa.update(Booking).where(mine).values(released_at=None))


def release(session: Session, post_id: int, number: int, at: datetime, *, never_called: bool) -> None:
    """Give back what came to nothing: of an attempt that never reached the platform everything, else what is not sunk.

    Where uploads of the attempt are known the platform was called, whatever is said of the post itself.
    """
    mine = sa.and_(col(Attempt.post_id) == post_id, col(Attempt.number) == number)
    uploads = session.execute(sa.select(col(Attempt.media_ids)).where(mine)).scalar()
    which = sa.true() if never_called and not uploads else col(Booking.sunk).is_(False)
    _release(session, sa.and_(col(Booking.post_id) == post_id, col(Booking.number) == number, which), at)


def release_absent(session: Session, post_id: int, at: datetime) -> None:
    """Give back what was booked for a post that is proven not to be there."""
    tried = sa.and_(col(Booking.number) > 0, col(Booking.sunk).is_(False))
    _release(session, sa.and_(col(Booking.post_id) == post_id, tried), at)


def _release(session: Session, which: sa.ColumnElement[bool], at: datetime) -> None:
    changed(session, sa.update(Booking).where(which, _STANDS).values(released_at=at))


# --- readings ---------------------------------------------------------------------------------------------------------


def paid_today(session: Session, account_id: int, external_ids: Iterable[str], at: datetime) -> set[str]:
    """Return which of these posts, by the platform's ids, are paid for on the UTC day of ``at``.

    They are used once more, so that whoever booked them cannot give them back. The budget must be locked.
    """
    wanted = {_read_of(number, at): number for number in external_ids}
    mine = sa.and_(_readings(account_id, list(wanted)), _STANDS)
    used = sa.update(Booking).where(mine).values(sunk=True).returning(col(Booking.read_of))
    return {wanted[row[0]] for row in session.execute(used.execution_options(synchronize_session=False))}


def book_readings(session: Session, uses: Mapping[str, Use], at: datetime) -> None:
    """Write down what reading each of these posts takes, by the platform's ids. None may be paid for on this day."""
    rows = [
        {**_row(use, cost, at), "read_of": _read_of(number, at)} for number, use in uses.items() for cost in use.costs
    ]
    if rows:
        _BOOK_READINGS.run(session, rows)


def release_readings(
    session: Session, account_id: int, external_ids: Iterable[str], booked_at: datetime, at: datetime
) -> None:
    """Give back readings booked at ``booked_at`` of which nothing came, unless somebody has read the posts since."""
    mine = _readings(account_id, [_read_of(number, booked_at) for number in external_ids])
    _release(session, sa.and_(mine, col(Booking.sunk).is_(False)), at)


def _read_of(external_id: str, at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d} {external_id}"


def _readings(account_id: int, read_of: Sequence[str]) -> sa.ColumnElement[bool]:
    return sa.and_(col(Booking.account_id) == account_id, col(Booking.read_of).in_(read_of))


def approved_until(
    session: Session, channel: str, until: datetime, account_id: int | None
) -> Generator[sa.Row[int, str]]:
    """Yield the posts that are approved to go out by themselves before ``until``, by id and content hash; of one
    account where it is named.

    Close it when no more of them are wanted: a server sends them piece by piece.
    """
    statement = (
        sa.select(col(Post.id), col(Post.content_hash))
        .join(Account, col(Account.id) == col(Post.account_id))
        .where(stands(Status.APPROVED), col(Post.due_at) < until, col(Post.channel) == channel)
        .where(col(Account.mode) == AccountMode.API)
    )
    if account_id is not None:
        statement = statement.where(col(Post.account_id) == account_id)
    with session.execute(statement.order_by(col(Post.due_at)).execution_options(yield_per=200)) as found:
        yield from found


# --- money ------------------------------------------------------------------------------------------------------------


def lock_budget(session: Session, channel: str) -> None:
    """Let one transaction at a time look at the channel's money and book from it.

    On SQLite every write transaction is alone already; on PostgreSQL the lock ends with the transaction.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.select(sa.func.pg_advisory_xact_lock(_BUDGETS, sa.func.hashtext(channel))))


def spent(session: Session, channel: str, month: str, account_id: int | None = None) -> int:
    """Return what was spent, or may have been, on a channel in a month; of one account where it is named."""
    statement = sa.select(sa.func.coalesce(sa.func.sum(col(Booking.micros)), 0)).where(*_of_month(channel, month))
    if account_id is not None:
        statement = statement.where(col(Booking.account_id) == account_id)
    return int(session.execute(statement).scalar_one())


def spent_by(session: Session, channel: str, month: str, account_ids: Collection[int]) -> dict[int, int]:
    """Return by account what was spent, or may have been, on a channel in a month; nothing is 0."""
    statement = (
        sa.select(col(Booking.account_id), sa.func.sum(col(Booking.micros)))
        .where(*_of_month(channel, month), col(Booking.account_id).in_(account_ids))
        .group_by(col(Booking.account_id))
    )
    return {account_id: int(micros) for account_id, micros in session.execute(statement)}


def _of_month(channel: str, month: str) -> tuple[sa.ColumnElement[bool], ...]:
    return col(Booking.channel) == channel, col(Booking.month) == month, _STANDS


def posts_since(session: Session, account_ids: Collection[int], since: datetime) -> dict[int, int]:
    """Return by account how many posts have called the platform, or may have, from ``since`` on; none is 0."""
    bound = {"accounts": list(account_ids), "since": since}
    return dict(map(tuple, session.connection().execute(_posts_statement(), bound)))


@cache
def _posts_statement() -> sa.Select[*tuple[Any, ...]]:
    return (
        sa.select(col(Booking.account_id), sa.func.count())
        .where(
            col(Booking.account_id).in_(sa.bindparam("accounts", expanding=True)),
            col(Booking.booked_at) >= bound_instant("since"),
            col(Booking.what).in_([POST, LINKED]),
            _STANDS,
        )
        .group_by(col(Booking.account_id))
    )


def spending(session: Session) -> list[Spent]:
    """Return what every account has spent, by month and channel; where nothing costs money there is no row."""
    keys = (col(Booking.month), col(Booking.channel), col(Booking.account_id))
    total = sa.func.sum(col(Booking.micros))
    statement = sa.select(*keys, total).where(_STANDS).group_by(*keys).having(total > 0)
    found = session.execute(statement.order_by(*keys))
    return [Spent(month, channel, account_id, int(micros)) for month, channel, account_id, micros in found]
