"""The word to end is heard wherever the main thread happens to be."""

import sys
from types import FrameType
from typing import Any

from campaign.daemon import Stop


def heard_at(step: int) -> bool | None:
    """Handle a signal at the so-many-th line that waiting runs; None where it has fewer lines."""
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
        heard = stop.wait(0.1)
    finally:
        sys.settrace(before)
    return heard if seen >= step else None


def test_the_word_is_heard_at_every_line_of_its_own_waiting() -> None:
    """A signal is handled between any two steps of the main thread, also while that holds a lock of its own."""
    assert heard_at(1)
    steps = 1
    while heard_at(steps) is not None:
        steps += 1
    assert steps > 2


def test_without_a_word_the_wait_ends_by_itself() -> None:
    assert not Stop().wait(0.01)
