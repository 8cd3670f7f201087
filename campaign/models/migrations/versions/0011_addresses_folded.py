"""One key for an address, however it was spelt: rows of one list that say the same address become one.

A suppression or an unsubscription of any of them holds for what is left, and the token of each still takes its reader
off the list.
"""

import hashlib
import unicodedata
from collections.abc import Sequence
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from alembic import op

import campaign.models.types

revision = "0011"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROWS = 5000
_NAMES = {"uq": "uq_%(table_name)s_%(column_0_name)s"}

_metadata = sa.MetaData()
_subscriber = sa.Table(
    "subscriber",
    _metadata,
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("list_id", sa.Integer),
    sa.Column("email", sa.String),
    sa.Column("address_key", sa.String),
    sa.Column("token", sa.String),
    sa.Column("unsubscribed_at", campaign.models.types.UtcDateTime(timezone=True)),
)
_delivery = sa.Table("delivery", _metadata, sa.Column("subscriber_id", sa.Integer), sa.Column("token", sa.String))
_former = sa.Table("formertoken", _metadata, sa.Column("token", sa.String), sa.Column("subscriber_id", sa.Integer))
_suppression = sa.Table(
    "suppression",
    _metadata,
    sa.Column("address_digest", sa.String),
    sa.Column("reason", sa.String),
    sa.Column("at", campaign.models.types.UtcDateTime(timezone=True)),
)


def upgrade() -> None:
    """Bring the schema here."""
    op.add_column("subscriber", sa.Column("address_key", sa.String(), nullable=True))
    connection = op.get_bind()
    _fold(connection)
    former = _merge(connection)
    _constrain(connection)
    # After the batch above: SQLite drops no table that another one points to.
    op.create_table(
        "formertoken",
        sa.Column("token", sa.String(), nullable=False),
        sa.Column("subscriber_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["subscriber_id"], ["subscriber.id"]),
        sa.PrimaryKeyConstraint("token"),
    )
    if former:
        connection.execute(sa.insert(_former), former)


def _folded(email: str) -> str:
    return unicodedata.normalize("NFC", email.strip()).lower()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _fold(connection: sa.Connection) -> None:
    last = 0
    statement = sa.update(_subscriber).where(_subscriber.c.id == sa.bindparam("ident"))
    while rows := connection.execute(_page(last)).all():
        last = rows[-1].id
        values = [{"ident": row.id, "key": _folded(row.email)} for row in rows]
        connection.execute(statement.values(address_key=sa.bindparam("key")), values)
        for row in rows:
            _carry_suppression(connection, row.email)


def _page(last: int) -> sa.Select[Any]:
    return (
        sa.select(_subscriber.c.id, _subscriber.c.email)
        .where(_subscriber.c.id > last)
        .order_by(_subscriber.c.id)
        .limit(_ROWS)
    )


def _carry_suppression(connection: sa.Connection, email: str) -> None:
    """Let what suppressed an address under its digest of old suppress it under the new one."""
    old, new = _digest(email.strip().lower()), _digest(_folded(email))
    if old == new:
        return
    found = connection.execute(sa.select(_suppression).where(_suppression.c.address_digest == old)).first()
    there = connection.execute(sa.select(_suppression).where(_suppression.c.address_digest == new)).first()
    if found is not None and there is None:
        connection.execute(sa.insert(_suppression).values(address_digest=new, reason=found.reason, at=found.at))


def _merge(connection: sa.Connection) -> list[dict[str, object]]:
    """Return the tokens of the rows that went, each with the row that stays."""
    key = (_subscriber.c.list_id, _subscriber.c.address_key)
    twice = sa.select(*key).group_by(*key).having(sa.func.count() > 1).subquery()
    same = sa.and_(twice.c.list_id == _subscriber.c.list_id, twice.c.address_key == _subscriber.c.address_key)
    rows = connection.execute(sa.select(_subscriber).join(twice, same).order_by(*key, _subscriber.c.id)).all()
    former: list[dict[str, object]] = []
    for _, group in groupby(rows, key=lambda row: (row.list_id, row.address_key)):
        kept, *others = group
        _merge_into(connection, kept, others)
        former += [{"token": row.token, "subscriber_id": kept.id} for row in others]
    return former


def _merge_into(connection: sa.Connection, kept: sa.Row[Any], others: Sequence[sa.Row[Any]]) -> None:
    """Leave the oldest row, with the earliest leave that anybody took."""
    left = [row.unsubscribed_at for row in (kept, *others) if row.unsubscribed_at is not None]
    gone = [row.id for row in others]
    connection.execute(
        sa.update(_delivery).where(_delivery.c.subscriber_id.in_(gone)).values(subscriber_id=kept.id),
    )
    connection.execute(sa.delete(_subscriber).where(_subscriber.c.id.in_(gone)))
    connection.execute(
        sa.update(_subscriber).where(_subscriber.c.id == kept.id).values(unsubscribed_at=min(left, default=None)),
    )


def _constrain(connection: sa.Connection) -> None:
    old = "uq_subscriber_list_id"
    if connection.dialect.name == "postgresql":
        old = "subscriber_list_id_email_key"
    with op.batch_alter_table("subscriber", naming_convention=_NAMES) as table:
        table.alter_column("address_key", existing_type=sa.String(), nullable=False)
        table.drop_constraint(old, type_="unique")
        table.create_unique_constraint("subscriber_list_id_address_key_key", ["list_id", "address_key"])
