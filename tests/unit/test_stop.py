"""The word to end is heard wherever the main thread happens to be."""

import sys
from itertools import count, takewhile
from types import FrameType
from typing import Any

from campaign.daemon import Stop


def heard_at(step: int) -> bool | None:
    """Handle a signal at the so-many-th line that waiting runs, and say whether it is heard, at the latest by the next
    wait; None where it has fewer lines.
    """
    stop, seen = Stop(), 0

    def between(_frame: FrameType, what: str, _more: Any) -> Any:
        nonlocal seen
        seen += what == "line"
        if seen == step:
            sys.settrace(None)
            stop.heard(15)
        return between

    before = sys.gettrace()
    sys.settrace(between)
    try:
        heard = stop.wait(0.01)
    finally:
        sys.settrace(before)
    return (heard or stop.wait(0)) if seen >= step else None


def test_the_word_is_heard_at_every_line_of_its_own_waiting() -> None:
    """A signal is handled between any two steps of the main thread, also while that holds a lock of its own."""
    heard = list(takewhile(lambda one: one is not None, map(heard_at, count(1))))
    assert len(heard) > 2
    assert all(heard), f"lost at {heard.index(False) + 1}"


def test_without_a_word_the_wait_ends_by_itself() -> None:
    assert not Stop().wait(0.01)
