"""Seats: so many at once, a few who wait, and nobody for long."""

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from datetime import timedelta

import pytest

from campaign.seats import Busy, Seats

LONG, SHORT = timedelta(seconds=30), timedelta(milliseconds=20)


def sits(seats: Seats) -> bool:
    with seats.taken():
        return True


def test_who_waits_gets_the_seat_that_becomes_free_and_more_are_turned_away_at_once() -> None:
    seats = Seats(1, waiting=1, patience=LONG)
    with ThreadPoolExecutor(2) as crowd:
        with seats.taken():
            both = [crowd.submit(sits, seats) for _ in range(2)]
            assert next(isinstance(one.exception(), Busy) for one in as_completed(both))
        assert sorted(one.exception() is None for one in both) == [False, True]


def test_nobody_waits_for_long() -> None:
    seats = Seats(1, waiting=1, patience=SHORT)
    with seats.taken(), pytest.raises(Busy, match="just now"):
        sits(seats)
    assert sits(seats)


def test_a_seat_is_given_back_by_who_fails() -> None:
    seats = Seats(2, waiting=0, patience=SHORT)
    for _ in range(3):
        with pytest.raises(ValueError, match="mine"), seats.taken():
            raise ValueError("mine")
    with ExitStack() as both:
        both.enter_context(seats.taken())
        both.enter_context(seats.taken())
        with pytest.raises(Busy):
            sits(seats)
    assert sits(seats)
