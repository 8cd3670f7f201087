"""Lanes are shared so that what hangs delays others by a moment, once."""

from dataclasses import dataclass, field

import pytest

from campaign.dispatch.shares import SLOW, Shares


@dataclass
class Hall:
    """Shares over four lanes, two posts each, on a clock that is moved by hand; what is claimed is begun at once."""

    now: float = 100.0
    shares: Shares = field(init=False)

    def __post_init__(self) -> None:
        self.shares = Shares(4, lambda: self.now, ahead=2)

    def go(self, *accounts: int, channel: str = "x") -> list[int]:
        return self.go_at_once([(account, channel) for account in accounts])

    def go_at_once(self, waiting: list[tuple[int, str]]) -> list[int]:
        gone = list(self.shares.fitting(waiting))
        for account in gone:
            self.shares.give(account, dict(waiting)[account])
            self.shares.begin(account)
        return gone

    def end(self, *accounts: int) -> None:
        for account in accounts:
            self.shares.finish(account)
            self.shares.settle(account)


@pytest.fixture
def hall() -> Hall:
    return Hall()


def test_as_many_posts_are_on_their_way_as_are_claimed_ahead_for_each_lane(hall: Hall) -> None:
    assert hall.go(*range(1, 12)) == [1, 2, 3, 4, 5, 6, 7, 8]
    assert hall.shares.threads() == 4
    hall.end(2)
    assert hall.go(9, 10) == [9]


def test_a_call_that_hangs_gives_its_place_to_another_and_a_thread_besides(hall: Hall) -> None:
    hall.go(*range(1, 9))
    hall.now += SLOW - 0.001
    assert (hall.go(11, channel="facebook"), hall.shares.threads()) == ([], 4)
    hall.now += 0.001
    assert hall.go(*range(11, 22), channel="facebook") == list(range(11, 19))
    assert hall.shares.threads() == 12


def test_a_channel_that_hangs_takes_no_more_than_its_share_and_leaves_the_others_all_lanes(hall: Hall) -> None:
    for number, channel in enumerate(("x", "facebook", "linkedin")):
        first = 100 * number
        assert hall.go(*range(first, first + 12), channel=channel) == list(range(first, first + 8))
        hall.now += SLOW
        assert hall.go(first + 50, channel=channel) == []
    hall.end(0)
    assert hall.go(50) == [50]


def test_an_account_that_was_slow_shares_a_quarter_until_it_is_quick_again(hall: Hall) -> None:
    hall.go(1, 2)
    hall.now += SLOW
    hall.end(1, 2)
    assert hall.go(1, 2, 3) == [1, 3]
    hall.now += 0.1
    hall.end(1)
    assert hall.go(2) == [2]
    assert hall.go(1) == [1], "one quick call and it is as good as any"


def test_accounts_that_were_slow_take_no_more_than_their_quarter_at_once(hall: Hall) -> None:
    hall.go(*range(1, 9))
    hall.now += SLOW
    hall.end(*range(1, 9))
    waiting = [(account, "x") for account in range(1, 9)] + [(account, "facebook") for account in range(11, 14)]
    assert hall.go_at_once(waiting) == [1, 11, 12, 13]


def test_a_channel_takes_no_more_than_its_share_at_once(hall: Hall) -> None:
    hall.go(*range(1, 9))
    hall.now += SLOW
    hall.end(1, 2)
    waiting = [(account, "x") for account in range(11, 16)] + [(21, "facebook")]
    assert hall.go_at_once(waiting) == [11, 12, 21]


def test_time_that_the_database_takes_is_not_the_accounts_fault(hall: Hall) -> None:
    hall.go(1, 2)
    hall.shares.finish(1)
    hall.shares.finish(2)
    hall.now += 10 * SLOW
    assert hall.shares.threads() == 4
    hall.shares.settle(1)
    hall.shares.settle(2)
    assert hall.go(1, 2) == [1, 2]


def test_what_is_not_on_its_way_can_be_settled_without_harm(hall: Hall) -> None:
    hall.shares.settle(7)
    assert hall.go(7) == [7]
    assert 7 in hall.shares
    assert len(hall.shares) == 1
