"""One key for an address, however its domain was spelt: rows of one list that mean one mailbox become one.

A domain beyond ASCII is known by its ASCII form. A suppression or an unsubscription under any spelling holds, and the
token of each row still takes its reader off the list.
"""

import contextlib
import hashlib
import unicodedata
from typing import Any

import idna
import sqlalchemy as sa
from alembic import op

from campaign.models.types import UtcDateTime

revision = "0044"
down_revision = "0043"
branch_labels = None
depends_on = None

_NOBODY_THERE = "bounced"
_metadata = sa.MetaData()
_subscriber = sa.Table(
    "subscriber",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("list_id", sa.Integer),
    sa.Column("email", sa.String),
    sa.Column("address_key", sa.String),
    sa.Column("token", sa.String),
    sa.Column("unsubscribed_at", UtcDateTime(timezone=True)),
)
_delivery = sa.Table("delivery", _metadata, sa.Column("subscriber_id", sa.Integer), sa.Column("email", sa.String))
_former = sa.Table("formertoken", _metadata, sa.Column("token", sa.String), sa.Column("subscriber_id", sa.Integer))
_suppression = sa.Table(
    "suppression", _metadata, sa.Column("address_digest", sa.String), sa.Column("reason", sa.String)
)


def upgrade() -> None:
    """Bring the rows here; the schema stays."""
    connection = op.get_bind()
    for email in _wide_addresses(connection):
        _carry_suppression(connection, email)
    of_wide = sa.select(_subscriber.c.id).where(_wide(connection, _subscriber.c.address_key))
    for ident in connection.execute(of_wide.order_by(_subscriber.c.id)).scalars().all():
        _rename(connection, ident)


def _wide(connection: sa.Connection, column: sa.Column[str]) -> sa.ColumnElement[bool]:
    """Return the condition that there is a letter beyond ASCII: few addresses have one."""
    if connection.dialect.name == "postgresql":
        return sa.func.octet_length(column) > sa.func.length(column)
    return sa.func.length(sa.cast(column, sa.LargeBinary)) > sa.func.length(column)


def _wide_addresses(connection: sa.Connection) -> list[str]:
    """Return every address of the database that may have been suppressed under another digest."""
    emails = (_subscriber.c.email, _delivery.c.email)
    statement = sa.union(*(sa.select(email).where(_wide(connection, email)) for email in emails))
    return list(connection.execute(statement).scalars().all())


def _folded(email: str) -> str:
    mailbox, at, domain = unicodedata.normalize("NFC", email.strip()).rpartition("@")
    with contextlib.suppress(UnicodeError):
        domain = domain if domain.isascii() else idna.encode(domain, uts46=True).decode("ascii")
    return f"{mailbox}{at}{domain}".lower()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _carry_suppression(connection: sa.Connection, email: str) -> None:
    """Let what suppressed an address under its digest of old suppress it under the new one; its owner's wish wins."""
    old, new = _digest(unicodedata.normalize("NFC", email.strip()).lower()), _digest(_folded(email))
    of_old, of_new = _suppression.c.address_digest == old, _suppression.c.address_digest == new
    reason = connection.execute(sa.select(_suppression.c.reason).where(of_old)).scalar()
    if old == new or reason is None:
        return
    if connection.execute(sa.select(_suppression.c.reason).where(of_new)).scalar() is None:
        connection.execute(sa.update(_suppression).where(of_old).values(address_digest=new))
        return
    connection.execute(sa.delete(_suppression).where(of_old))
    if reason != _NOBODY_THERE:
        connection.execute(sa.update(_suppression).where(of_new).values(reason=reason))


def _rename(connection: sa.Connection, ident: int) -> None:
    """Give a row its key; where another one of the list has it already, the older of the two is left."""
    row = connection.execute(sa.select(_subscriber).where(_subscriber.c.id == ident)).first()
    if row is None:  # merged already, into a row that means the same
        return
    key = _folded(row.email)
    same = sa.and_(_subscriber.c.list_id == row.list_id, _subscriber.c.address_key == key, _subscriber.c.id != ident)
    other = connection.execute(sa.select(_subscriber).where(same)).first()
    kept = row
    if other is not None:
        kept, gone = sorted((row, other), key=lambda one: one.id)
        _merge_into(connection, kept, gone)
    connection.execute(sa.update(_subscriber).where(_subscriber.c.id == kept.id).values(address_key=key))


def _merge_into(connection: sa.Connection, kept: sa.Row[Any], gone: sa.Row[Any]) -> None:
    """Leave one row, with the earlier leave that was taken of either."""
    left = [row.unsubscribed_at for row in (kept, gone) if row.unsubscribed_at is not None]
    for table in (_delivery, _former):
        theirs = table.c.subscriber_id == gone.id
        connection.execute(sa.update(table).where(theirs).values(subscriber_id=kept.id))
    connection.execute(sa.insert(_former).values(token=gone.token, subscriber_id=kept.id))
    connection.execute(sa.delete(_subscriber).where(_subscriber.c.id == gone.id))
    connection.execute(
        sa.update(_subscriber).where(_subscriber.c.id == kept.id).values(unsubscribed_at=min(left, default=None))
    )
