"""Pages of a long list, found by a place in its order and never by counting rows: the last is as quick as the first."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from typing import Any, Generic, TypeVar

import sqlalchemy as sa

Row = TypeVar("Row")
Statement = TypeVar("Statement", bound=sa.Select[*tuple[Any, ...]])

_AT_ONCE = 50

Place = tuple[Any, ...]
"""Where a row stands: the values that its list is sorted by, its id the last of them."""


def sizes(most: int) -> Iterator[int]:
    """Yield without end how many rows to read for a file: few first, so that it begins to arrive, then ``most``."""
    return chain([_AT_ONCE], repeat(most))


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """Some rows in an order, and whether there are more before and after them."""

    rows: list[Row]
    has_before: bool
    has_after: bool


@dataclass(frozen=True, slots=True)
class Stretch:
    """At most ``limit`` rows from a place on, or back from it; None is the end at which one begins."""

    place: Place | None
    limit: int
    backward: bool = False

    def of(self, statement: Statement, columns: Sequence[Any], *, descending: bool = False) -> Statement:
        """Return the statement of these rows; ``columns`` are what the list is sorted by, its id the last."""
        falls = descending is not self.backward
        if self.place is not None:
            kinds = [column.type for column in columns]
            here, there = sa.tuple_(*columns, types=kinds), sa.tuple_(*self.place, types=kinds)
            statement = statement.where(here < there if falls else here > there)
        return statement.order_by(*(key.desc() if falls else key.asc() for key in columns)).limit(self.limit)


def page(
    read: Callable[[Stretch], Sequence[Row]], size: int, *, after: Place | None = None, before: Place | None = None
) -> Page[Row]:
    """Return ``size`` rows after a place, or those right before one; one row more is read to see whether there are
    more.
    """
    if before is not None:
        found = list(read(Stretch(before, size + 1, backward=True)))
        return Page(found[:size][::-1], len(found) > size, has_after=True)
    found = list(read(Stretch(after, size + 1)))
    return Page(found[:size], after is not None, len(found) > size)
