"""How every connection to PostgreSQL is opened: durable, in UTC, and soon over when the other side has fallen silent.

A machine that is cut off, or a process that is stopped, must not keep others from a row: the server ends a transaction
whose client says nothing, and each side finds a dead line by itself (TCP alone takes hours on one side, a quarter of
an hour on the other). All of it is without effect on a Unix socket but the first three.
"""

import select
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

if TYPE_CHECKING:
    import psycopg

IDLE_IN_TRANSACTION = 30
"""Seconds for which a client may be silent in a transaction: longer than any of ours computes in one."""

_DEAD_LINE = 15
_OPTIONS = {
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "idle_in_transaction_session_timeout": f"{IDLE_IN_TRANSACTION}s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": f"{_DEAD_LINE}s",
}

CONNECT: dict[str, Any] = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": _DEAD_LINE * 1000,  # libpq counts milliseconds
    "options": " ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
}
"""What libpq is told, beside the address."""


def check_line(connection: DBAPIConnection, _entry: ConnectionPoolEntry, _proxy: PoolProxiedConnection) -> None:
    """Refuse a connection whose server has hung up or says something that nobody asked for, as it does before it ends;
    the pool then opens another. It takes a look at the socket, where a ping would take a way to the server and back.
    """
    line = cast("psycopg.Connection[Any]", connection)
    if line.closed:
        raise DisconnectionError("the connection is closed")
    waiting = select.poll()
    waiting.register(line.fileno(), select.POLLIN)
    if waiting.poll(0):
        raise DisconnectionError("the server has hung up")


def allow_pauses(connection: Connection) -> None:
    """Let this transaction be silent for long: what is read in it goes to a disk that may be slow."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0")
