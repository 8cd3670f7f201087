"""What a row of a file would do, told value by value. Pure."""

from collections.abc import Mapping
from typing import Literal

State = Literal["new", "changed", "same"]

Value = tuple[str, str, str]
"""A column, what stands there, what would stand there."""


def differing(before: Mapping[str, str | None], after: Mapping[str, str | None]) -> tuple[Value, ...]:
    """Return the values that would change; one that is not there is empty."""
    names = dict.fromkeys((*after, *before))
    values = ((name, before.get(name) or "", after.get(name) or "") for name in names)
    return tuple(one for one in values if one[1] != one[2])


def state_of(*, known: bool, changed: bool) -> State:
    """Return what a row is against what is stored."""
    return ("changed" if changed else "same") if known else "new"
