"""The different values of a column, found by its index: one look for each value, however many rows there are."""

from typing import Any

import sqlalchemy as sa
from sqlmodel import Session


def values(session: Session, column: Any) -> list[str]:
    """Return the values by their order. A plain DISTINCT reads every row."""
    found = sa.select(sa.func.min(column).label("value")).cte("found", recursive=True)
    later = sa.select(sa.func.min(column)).where(column > found.c.value).correlate(found).scalar_subquery()
    every = found.union_all(sa.select(later).select_from(found).where(found.c.value.is_not(None)))
    statement = sa.select(every.c.value).where(every.c.value.is_not(None))
    return [str(value) for (value,) in session.execute(statement)]
