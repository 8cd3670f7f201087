"""The ledger of what posting uses up, on both databases: caps hold with many workers, sums are what was booked."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
import sqlalchemy as sa
from builders import add_post, unsent
from conftest import MovedClock
from spending import CENT, POST, claim, ended, means_of, seed, spent

from campaign.channels._x_wire import Settings
from campaign.channels.linkedin import LinkedIn
from campaign.channels.x import X
from campaign.dispatch import budget, lane, reconcile
from campaign.dispatch.claimed import Claimed, Done
from campaign.dispatch.means import Means
from campaign.errors import NeverSent, Outcome, Refused, Unknown, Wait
from campaign.models import Database, bookings, lanes, listing
from campaign.models.bookings import Use
from campaign.models.moves import move
from campaign.models.partners import Account, Lane
from campaign.models.posts import Post
from campaign.models.status import Move
from campaign.ports import Media, Message, Receipt
from campaign.ports.costs import Cost


def test_a_cap_holds_with_many_workers_and_is_told_once(database: Database, clock: MovedClock) -> None:
    accounts = seed(database, clock, 24)
    workers = [means_of(database, clock, f"host:{number}", monthly_cap="0.11") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        claimed = list(pool.map(lambda n: claim(workers[n % 6], accounts[n]), range(24)))
    assert sum(one is not None for one in claimed) == 7, "0.11 is enough for seven posts and not for eight"
    assert spent(database, clock) == 7 * POST
    with database.read() as session:
        waiting = [session.get_one(Lane, ident) for ident, one in zip(accounts, claimed, strict=True) if one is None]
        assert {row.ready_at for row in waiting} == {datetime(2026, 1, 1, tzinfo=UTC)}
        assert len({row.ready_why for row in waiting}) == 1
        assert [notice.to for notice in unsent(session)] == ["rita@dfe.example.org"]


def test_a_cap_holds_within_one_turn_and_the_lanes_of_the_others_are_let_go(
    database: Database, clock: MovedClock
) -> None:
    accounts = seed(database, clock, 9)
    claimed = lane.turn(means_of(database, clock, monthly_cap="0.05"), (), accounts)
    assert len(claimed) == 3
    assert spent(database, clock) == 3 * POST
    with database.read() as session:
        rows = [session.get_one(Lane, ident) for ident in accounts]
    assert sum(row.owner is None and row.ready_why is not None for row in rows) == 6


def test_a_turn_asks_once_what_its_accounts_have_spent(database: Database, clock: MovedClock) -> None:
    accounts, asked = seed(database, clock, 5, posts=2), list[str]()
    means = means_of(database, clock, account_monthly_cap="0.02")
    sa.event.listen(database.engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    claimed = lane.turn(means, (), accounts)
    assert len(claimed) == 5
    assert sum("sum(booking.micros)" in statement for statement in asked) == 1
    for one in claimed:
        lane.turn(means, [Done(one, Receipt(str(one.due.ident)), clock.now(), clock.now())], ())
    clock.move(timedelta(minutes=1))
    assert lane.turn(means, (), accounts) == [], "two posts of an account are 0.03"


def test_a_receipt_that_comes_after_absent_is_paid_for(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock)
    claimed = claim(means, ident)
    assert claimed is not None
    with database.write() as session:
        post = session.get_one(Post, claimed.due.ident)
        move(session, post, Move.LOSE, who="other:2", at=clock.now(), changes={"next_look_at": clock.now()})
        reconcile.declare_absent(session, means, post, who="other:2", now=clock.now(), why="good reads")
    assert spent(database, clock) == 0
    lane.turn(means, [Done(claimed, Receipt("77"), clock.now(), clock.now())], ())
    assert spent(database, clock) == POST


def test_a_dearer_post_does_not_fit_where_a_cheaper_one_would(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1, posts=0)
    with database.write() as session:
        add_post(session, session.get_one(Account, ident), clock.now(), words="See gov.uk for more")
    assert claim(means_of(database, clock, monthly_cap="0.199999"), ident) is None
    clock.move(timedelta(days=31))
    assert claim(means_of(database, clock, monthly_cap="0.20"), ident) is not None
    assert spent(database, clock) == 20 * CENT


def test_without_a_cap_the_money_is_booked_all_the_same(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1)
    assert claim(means_of(database, clock), ident) is not None
    assert (spent(database, clock), spent(database, clock, ident), spent(database, clock, ident + 1)) == (POST, POST, 0)
    with database.read() as session:
        assert bookings.spending(session) == [bookings.Spent("2025-12", "x", ident, POST)]


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        (Refused("403"), 0),
        (Wait("429"), 0),
        (NeverSent("no route"), 0),
        (Unknown("timeout"), POST),
        (Outcome("nobody foresaw this"), POST),
    ],
)
def test_only_what_may_be_there_stays_spent(database: Database, clock: MovedClock, outcome: Outcome, left: int) -> None:
    (ident,) = seed(database, clock, 1)
    means = means_of(database, clock)
    claimed = claim(means, ident)
    assert claimed is not None
    ended(means, claimed, outcome)
    assert spent(database, clock) == left


def test_alt_texts_that_were_set_are_paid_for_whatever_becomes_of_the_post(
    database: Database, clock: MovedClock
) -> None:
    first, second = seed(database, clock, 2)
    means = means_of(database, clock)
    media = tuple(Media(str(number), "image/png", "What it shows", Path(f"{number}.png")) for number in range(2))
    for ident, uploads, left in ((first, ["7", "8"], CENT), (second, [], 0)):
        claimed = claim(means, ident)
        assert claimed is not None
        with database.write() as session:
            costs = X(Settings()).costs(Message("x", "Words", media=media))
            bookings.book(session, [Use(claimed.due.ident, 1, ident, "x", costs)], clock.now())
            lanes.keep_media(session, claimed.due.ident, 1, uploads)
        before = spent(database, clock)
        ended(means, claimed, NeverSent("no route"))
        assert spent(database, clock) == before - 2 * POST - (0 if uploads else CENT)
        assert spent(database, clock, ident) == left


def test_the_posts_of_a_day_count_every_call_and_begin_anew_at_midnight(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1, channel="linkedin", posts=3)
    means = means_of(database, clock)
    limited = LinkedIn(LinkedIn.settings_type(daily_limit=2), clock)
    means = replace(means, channels={"linkedin": limited})
    for outcome in (NeverSent("no route"), Refused("400"), Refused("400")):
        claimed = claim(means, ident)
        assert claimed is not None
        ended(means, claimed, outcome)
        clock.move(timedelta(minutes=1))
    assert claim(means, ident) is None
    clock.at = datetime(2025, 12, 2, 23, 59, 59, 999_999, tzinfo=UTC)
    assert claim(means, ident) is None
    clock.move(timedelta(microseconds=1))
    assert claim(means, ident) is not None


@pytest.mark.parametrize("number", range(2))
def test_whatever_happens_the_sum_is_that_of_the_posts_that_may_be_there_and_never_passes_the_cap(
    database: Database, clock: MovedClock, number: int
) -> None:
    dice = Random(number)  # noqa: S311 - a test's dice
    accounts = seed(database, clock, 5, posts=6)
    means = means_of(database, clock, monthly_cap="0.05")
    lost: list[int] = []
    for _ in range(30):
        if lost and dice.random() < 0.3:
            with database.write() as session:
                budget.absent(session, means, session.get_one(Post, lost.pop()), clock.now())
        elif (claimed := claim(means, dice.choice(accounts))) is not None:
            _end(means, claimed, dice, lost)
        clock.move(timedelta(seconds=2))
        assert spent(database, clock) == POST * len(lost) <= 5 * CENT
    with database.read() as session:
        assert len(listing.posts(session, listing.PostFilter(statuses=("unconfirmed",)))) >= 1


def _end(means: Means, claimed: Claimed, dice: Random, lost: list[int]) -> None:
    outcome = dice.choice((Refused("403"), Unknown("timeout"), NeverSent("no route")))
    ended(means, claimed, outcome)
    if isinstance(outcome, Unknown):
        lost.append(claimed.due.ident)


def test_a_booking_belongs_to_the_month_in_which_it_was_made(database: Database, clock: MovedClock) -> None:
    (ident,) = seed(database, clock, 1)
    with database.write() as session:
        post = listing.posts(session, listing.PostFilter(account_id=ident))[0].post
        for at in (datetime(2025, 12, 31, 23, 59, 59, 999_999, UTC), datetime(2026, 1, 1, tzinfo=UTC)):
            bookings.book(session, [Use(post.ident, 0, ident, "x", (Cost("delete", CENT, sunk=True),))], at)
    with database.read() as session:
        assert [(row.month, row.micros) for row in bookings.spending(session)] == [("2025-12", CENT), ("2026-01", CENT)]


def test_prices_come_from_the_settings_and_a_link_is_one_however_it_is_written() -> None:
    def x(text: str) -> tuple[Cost, ...]:
        return X(Settings(price_link=Decimal("0.3"))).costs(Message("x", text))

    assert [x(text)[0].micros for text in ("plain", "see https://www.gov.uk/x", "see gov.uk", "v1.2 is out")] == [
        POST,
        30 * CENT,
        30 * CENT,
        POST,
    ]
    assert X(Settings()).costs(Message("x", "", share_of="7"))[0].micros == POST
