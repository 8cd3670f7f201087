"""What is given back, and what is counted after all: late receipts, duplicates, restored posts, lanes that wait."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from builders import add_account, add_post
from conftest import MovedClock
from spending import POST, claim, ended, means_of, seed, spent
from waiting import stopped_by_a_lock

from campaign.channels._x_wire import Settings
from campaign.channels.x import X
from campaign.dispatch import lane, reconcile, settle
from campaign.dispatch.claimed import Done
from campaign.dispatch.means import Means
from campaign.errors import Duplicate, Outcome, Refused, Unknown
from campaign.models import Database, bookings, lanes
from campaign.models.moves import move
from campaign.models.partners import Lane
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import Message, Receipt
from campaign.ports.costs import Budget, Cost

SECOND = timedelta(seconds=1)


def lost_and_declared_absent(database: Database, means: Means, post_id: int) -> None:
    with database.write() as session:
        post = session.get_one(Post, post_id)
        if post.status == Status.PUBLISHING:
            move(session, post, Move.LOSE, who="other:2", at=means.clock.now(), changes={"next_look_at": None})
        reconcile.declare_absent(session, means, post, who="other:2", now=means.clock.now(), why="good reads")


def adopted(database: Database, means: Means, post_id: int) -> None:
    with database.write() as session:
        post = session.get_one(Post, post_id)
        reconcile.adopt(session, means, post, Receipt("77"), who="here:1", now=means.clock.now())


def test_a_receipt_that_comes_after_the_post_was_claimed_anew_is_paid_for(
    database: Database, clock: MovedClock
) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock)
    first = claim(means, ident)
    assert first is not None
    lost_and_declared_absent(database, means, first.due.ident)
    assert claim(means, ident) is not None
    settle.posted(means, Done(first, Receipt("77"), clock.now(), clock.now()))
    assert spent(database, clock) == 2 * POST, "both calls have made a post, or may have"


def test_a_post_that_a_duplicate_led_back_to_is_paid_for_once(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock)
    outcomes: Sequence[Outcome] = (Unknown("timeout"), Duplicate("duplicate content"))
    for outcome in outcomes:
        claimed = claim(means, ident)
        assert claimed is not None
        ended(means, claimed, outcome)
        clock.move(timedelta(minutes=1))
        if isinstance(outcome, Unknown):
            lost_and_declared_absent(database, means, claimed.due.ident)
    assert spent(database, clock) == 0
    adopted(database, means, claimed.due.ident)
    assert spent(database, clock) == POST


def test_a_post_found_after_a_restore_is_paid_for_and_one_whose_attempt_is_known_not_twice(
    database: Database, clock: MovedClock
) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock)
    claimed = claim(means, ident)
    assert claimed is not None
    ended(means, claimed, Unknown("timeout"))
    adopted(database, means, claimed.due.ident)
    assert spent(database, clock) == POST
    with database.write() as session:
        restored = add_post(session, add_account(session, clock.now()), clock.now(), status=Status.UNCONFIRMED).ident
    adopted(database, means, restored)
    assert spent(database, clock) == 2 * POST


@pytest.mark.parametrize("way", ["refused", "absent"])
def test_money_that_comes_back_lets_the_lanes_go_on_that_waited_for_it(
    database: Database, clock: MovedClock, way: str
) -> None:
    first, second = seed(database, clock, 2)
    means = means_of(database, clock, monthly_cap="0.015")
    claimed = claim(means, first)
    assert claimed is not None
    assert claim(means, second) is None
    ended(means, claimed, Refused("403") if way == "refused" else Unknown("timeout"))
    if way == "absent":
        assert claim(means, second) is None, "what nobody knows is still paid for"
        lost_and_declared_absent(database, means, claimed.due.ident)
    assert claim(means, second) is not None


def test_an_attempt_that_ends_waits_for_its_lane_before_it_keeps_the_money_from_others(
    database: Database, clock: MovedClock
) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock, monthly_cap="1")
    claimed = claim(means, ident)
    assert claimed is not None
    with ThreadPoolExecutor(1) as other:
        with database.write() as session:  # as a claim after the lease: first the lane, then the money
            lanes.pace_lane(session, ident, clock.now(), None)
            settled = stopped_by_a_lock(database, other, partial(ended, means, claimed, Refused("403")))
            bookings.lock_budget(session, "x")
        settled.result(timeout=20)
    assert spent(database, clock) == 0


def test_a_late_answer_does_not_shorten_the_wait_of_a_lane(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1)
    means, until = means_of(database, clock), clock.now() + timedelta(hours=24)
    claimed = claim(means, ident)
    assert claimed is not None
    with database.write() as session:
        post = session.get_one(Post, claimed.due.ident)
        move(session, post, Move.LOSE, who="other:2", at=clock.now(), changes={"next_look_at": clock.now()})
        lanes.pace_lane(session, ident, until, "this account's limit of 24 hours on X is used up")
    lane.turn(means, [Done(claimed, Receipt("77"), clock.now(), clock.now())], ())
    with database.read() as session:
        row = session.get_one(Lane, ident)
    assert (row.ready_at, row.ready_why) == (until, "this account's limit of 24 hours on X is used up")


class Capped(X):
    """A channel with a day's posts and a month's money, both."""

    @property
    def budget(self) -> Budget:
        return Budget(monthly_cap=POST, daily_posts=3)


def test_a_day_that_has_room_does_not_open_a_month_that_has_none(database: Database, clock: MovedClock) -> None:
    first, second = seed(database, clock, 2)
    means = replace(means_of(database, clock), channels={"x": Capped(Settings(), clock)})
    assert claim(means, first) is not None
    assert claim(means, second) is None


class Noted(X):
    """A channel that notes when its prices are asked for, which is when its budget is looked at."""

    def __init__(self, name: str, asked: list[str], clock: MovedClock) -> None:
        super().__init__(Settings(monthly_cap=Decimal(1)), clock)
        self._noted, self._asked = name, asked

    def costs(self, message: Message) -> tuple[Cost, ...]:
        self._asked.append(self._noted)
        return super().costs(message)


def test_budgets_are_locked_in_one_order_whatever_falls_due_first(database: Database, clock: MovedClock) -> None:
    """In the order of due times two workers could each hold the lock that the other waits for."""
    asked, accounts = list[str](), []
    with database.write() as session:
        for late, name in ((2, "b"), (1, "a"), (3, "c")):
            account = add_account(session, clock.now(), channel=name)
            add_post(session, account, clock.now() - late * SECOND)
            accounts.append(account.ident)
    channels = {name: Noted(name, asked, clock) for name in "cba"}
    means = replace(means_of(database, clock), channels=channels)
    assert len(lane.turn(means, (), accounts)) == 3
    assert asked == ["a", "b", "c"]
