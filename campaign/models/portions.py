"""Many values some at a time: a database takes some ten thousand of them in one statement at most."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Thing = TypeVar("Thing")

AT_A_TIME = 1000
"""So many values are named by one statement, or stored by one: that takes a tenth of a second."""


def some_at_a_time(things: Iterable[Thing], size: int = AT_A_TIME) -> Iterator[list[Thing]]:
    """Yield the things in lists of ``size`` at most."""
    left = iter(things)
    while part := list(islice(left, size)):
        yield part
