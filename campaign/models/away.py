"""Which errors say that the database was away, locked, full or in a restart; others are faults that waiting leaves."""

import sqlite3

from sqlalchemy.exc import DBAPIError, DisconnectionError, InterfaceError, InvalidRequestError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnectionFree

# What SQLite itself calls operational, and what is none: a table that is missing, a statement that is wrong.
_OURS = frozenset({sqlite3.SQLITE_ERROR, sqlite3.SQLITE_MISUSE})
# What PostgreSQL calls no trouble of its own: a standby that is not promoted yet, a disk that is full.
_READ_ONLY = frozenset({"25006", "0A000"})
_HUNG_UP = "This connection is closed"
"""What the pool says of a server that hangs up on a new connection too."""


def is_away(error: Exception) -> bool:
    """Say whether the same may succeed later because the database was away, locked, full or in a restart. Whatever else
    it says (a constraint, a missing table) is a fault that waiting does not mend.
    """
    if not isinstance(error, DBAPIError):
        hung_up = isinstance(error, InvalidRequestError) and _HUNG_UP in str(error)
        return hung_up or isinstance(error, (DisconnectionError, NoConnectionFree))
    if getattr(error.orig, "sqlstate", None) in _READ_ONLY:
        return True
    if getattr(error.orig, "sqlite_errorcode", None) in _OURS:
        return False
    return error.connection_invalidated or isinstance(error, (OperationalError, InterfaceError))
