"""Tables, transition table, every SQL statement and the migrations. A noun a module: its rows and its statements.

Importing this package loads every table, so that the schema is whole wherever a part of it is used.
"""

from campaign.models import (
    alerts,
    audit,
    bookings,
    bounds,
    calendar_links,
    copying,
    holds,
    lanes,
    listing,
    mailing,
    moves,
    notices,
    outcomes,
    partners,
    posts,
    restoring,
    sign_in,
    snapshots,
    status,
    tokens,
    upkeep,
    users,
    vitals,
)
from campaign.models.database import Database

__all__ = [
    "Database",
    "alerts",
    "audit",
    "bookings",
    "bounds",
    "calendar_links",
    "copying",
    "holds",
    "lanes",
    "listing",
    "mailing",
    "moves",
    "notices",
    "outcomes",
    "partners",
    "posts",
    "restoring",
    "sign_in",
    "snapshots",
    "status",
    "tokens",
    "upkeep",
    "users",
    "vitals",
]
