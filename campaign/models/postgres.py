"""How every connection to PostgreSQL is opened: durable, in UTC, and soon over when the other side has fallen silent.

A machine that is cut off, or a process that is stopped, must not keep others from a row: the server ends a transaction
whose client says nothing, and each side finds a dead line by itself (TCP alone takes hours on one side, a quarter of
an hour on the other). All of it is without effect on a Unix socket but the first three.
"""

from typing import Any

from sqlalchemy.engine import Connection

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


def allow_pauses(connection: Connection) -> None:
    """Let this transaction be silent for long: what is read in it goes to a disk that may be slow."""
    if connection.dialect.name == "postgresql":
        # A server's cursor, as for the rows that follow, takes a SELECT alone.
        at_once = {"stream_results": False}
        connection.exec_driver_sql("SET LOCAL idle_in_transaction_session_timeout = 0", execution_options=at_once)
