"""What readings cost: booked before the platform is asked, once a post and UTC day, never past a cap."""

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from builders import CONTENTS, add_post
from conftest import MovedClock
from measuring import COOLING, HOUR, SEEN, Canned, Everyone, collector, identity, published, stored

from campaign.channels._x_wire import Settings
from campaign.channels.x import X
from campaign.dispatch import budget
from campaign.engagement.collect import Collector
from campaign.engagement.purse import Payment, Purse
from campaign.errors import AccountBlocked, CannotLook, CredentialDead, NeverSent, Refused, Unknown, Wait
from campaign.models import Database, bookings, listing
from campaign.models.bookings import month_of
from campaign.models.claims import PostFacts
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.readings import Watched
from campaign.plan.spend import Line, still_read
from campaign.ports import Message
from campaign.ports.costs import Budget, Cost

READ = 5_000
DAY = timedelta(days=1)
REACHED = "the month's X budget is reached"


@dataclass
class Charged(Canned):
    """Canned figures, at X's prices and under its caps."""

    prices: X = field(default_factory=lambda: X(Settings()))

    @property
    def budget(self) -> Budget:
        return self.prices.budget

    def costs(self, message: Message) -> tuple[Cost, ...]:
        return self.prices.costs(message)

    def cost_of_retraction(self) -> Cost:
        return self.prices.cost_of_retraction()

    def cost_of_reading(self) -> Cost:
        return self.prices.cost_of_reading()


def charged(failures: Iterable[Exception] = (), **settings: object) -> Charged:
    return Charged(figures=Everyone(), failures=list(failures), prices=X(Settings.model_validate(settings)))


def spent(database: Database, clock: MovedClock) -> int:
    with database.read() as session:
        return bookings.spent(session, "x", month_of(clock.now()))


def purse(database: Database, clock: MovedClock) -> Purse:
    return Purse(database, clock, CONTENTS.message)


# --- once a post and day ----------------------------------------------------------------------------------------------


def test_a_reading_is_paid_for_before_the_platform_is_asked_and_once_a_utc_day(
    database: Database, clock: MovedClock
) -> None:
    published(database, clock.now(), "a", "b")
    channel, during = charged(), list[int]()
    channel.meanwhile = lambda: during.append(spent(database, clock))
    work = collector(database, clock, channel)
    for later in (HOUR, 5 * HOUR, 18 * HOUR):  # 10:00, 15:00 and the next day's 09:00
        clock.move(later)
        assert work.collect() == 2
    assert during == [2 * READ, 2 * READ, 4 * READ]
    assert spent(database, clock) == 4 * READ


def test_the_day_begins_anew_at_midnight_utc_whatever_the_hour_in_london(store: Database, clock: MovedClock) -> None:
    clock.at = datetime(2026, 6, 30, 22, 59, 59, tzinfo=UTC)  # one second before midnight in London
    account = published(store, clock.now(), "a")
    money = purse(store, clock)
    for after, sums in ((timedelta(0), READ), (timedelta(seconds=1), READ), (HOUR, READ), (DAY, 2 * READ)):
        clock.move(after)
        money.pay(charged(), account, _post(store, "a"))
        assert spent(store, clock) == sums, "July's first reading is booked in July"
    with store.read() as session:
        assert [(row.month, row.micros) for row in bookings.spending(session)] == [
            ("2026-06", READ),
            ("2026-07", 2 * READ),
        ]


def gaps(database: Database) -> list[str | None]:
    """Why there are no figures, by due time and post."""
    return [row.gap for row in sorted(stored(database), key=lambda row: (row.due_at, row.post_id))]


def _post(database: Database, name: str) -> dict[str, int]:
    return {name: _ids(database)[0]}


def _ids(database: Database) -> list[int]:
    with database.read() as session:
        return [row.post.ident for row in listing.posts(session, listing.PostFilter())]


# --- the cap ----------------------------------------------------------------------------------------------------------


def test_what_would_pass_the_cap_is_not_read_and_says_so_and_what_is_paid_for_today_is_read_on(
    database: Database, clock: MovedClock
) -> None:
    published(database, clock.now(), *"abc")
    channel = charged(monthly_cap="0.01")
    work = collector(database, clock, channel)
    clock.move(HOUR)
    assert work.collect() == 3
    clock.move(5 * HOUR)
    assert work.collect() == 3
    assert [names for _, names in channel.asked] == [("a", "b")] * 2
    assert gaps(database) == [None, None, REACHED] * 2
    clock.move(18 * HOUR)
    assert work.collect() == 3
    assert gaps(database)[6:] == [REACHED] * 3
    assert spent(database, clock) == 2 * READ, "the cap is reached to the cent, and never passed"


def test_a_new_month_has_its_own_money(store: Database, clock: MovedClock) -> None:
    clock.at = datetime(2025, 12, 31, 20, tzinfo=UTC)
    published(store, clock.now(), "a")
    work = collector(store, clock, charged(monthly_cap="0.005"))
    for later in (HOUR, 5 * HOUR, 18 * HOUR):  # 21:00, the first of January at 02:00 and at 20:00
        clock.move(later)
        work.collect()
    assert gaps(store) == [None] * 3
    assert spent(store, clock) == READ


def test_an_accounts_own_cap_leaves_its_readings_out_alone(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), *"ab")
    published(store, clock.now(), "c")
    clock.move(HOUR)
    collector(store, clock, charged(account_monthly_cap="0.005")).collect()
    assert gaps(store) == [None, "the month's X budget of this account is reached", None]


def test_what_approved_posts_of_this_month_still_need_is_not_spent_on_readings(
    database: Database, clock: MovedClock
) -> None:
    account_id = published(database, clock.now(), *"ab")
    clock.move(HOUR)
    with database.write() as session:
        account = session.get_one(Account, account_id)
        add_post(session, account, datetime(2025, 12, 31, 23, 59, tzinfo=UTC))
        add_post(session, account, datetime(2026, 1, 1, tzinfo=UTC), words="See gov.uk, but next month")
    collector(database, clock, charged(monthly_cap="0.020")).collect()
    assert gaps(database) == [None, REACHED]
    assert spent(database, clock) == READ


def test_a_post_that_cannot_be_composed_is_counted_at_the_most_and_ends_no_readings(
    store: Database, clock: MovedClock
) -> None:
    account_id = published(store, clock.now(), "a")
    published(store, clock.now(), "b")
    clock.move(HOUR)
    with store.write() as session:
        account = session.get_one(Account, account_id)
        add_post(session, account, clock.now(), changes={"draft": {"words": 7, "media": 7}})
    most = 200_000 + 4 * 5_000
    with pytest.raises(Exception, match="not"):
        CONTENTS.message(_newest(store))
    collector(store, clock, charged(monthly_cap=str((most + READ) / 1_000_000))).collect()
    assert gaps(store) == [None, REACHED]


def _newest(database: Database) -> Post:
    with database.read() as session:
        return session.get_one(Post, _ids(database)[-1])


def test_what_breaks_in_one_account_does_not_end_the_readings_of_the_others(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    fine = published(store, clock.now(), "b")
    clock.move(HOUR)
    channel = Breaking(figures=Everyone(), prices=X(Settings(monthly_cap=Decimal(1))))
    assert collector(store, clock, channel).collect() == 1
    assert [account for account, _ in channel.asked] == [fine]


class Breaking(Charged):
    """Breaks once where its price is asked for."""

    def cost_of_reading(self) -> Cost:
        self.asked_prices += 1
        if self.asked_prices == 1:
            raise ZeroDivisionError
        return super().cost_of_reading()

    asked_prices = 0


def test_an_approved_post_is_composed_once_for_any_number_of_rounds(store: Database, clock: MovedClock) -> None:
    account_id = published(store, clock.now(), "a")
    with store.write() as session:
        account = session.get_one(Account, account_id)
        ident = add_post(session, account, clock.now() + DAY).ident
    composed = list[int]()

    def message(post: PostFacts) -> Message:
        composed.append(post.ident)
        return CONTENTS.message(post)

    work = Collector(
        store,
        clock,
        channels={"x": charged(monthly_cap="1", account_monthly_cap="1")},
        identities=identity,
        cooling=COOLING,
        late=HOUR,
        message=message,
    )
    for later in (HOUR, 5 * HOUR, 18 * HOUR):
        clock.move(later)
        assert work.collect() == 1
    assert composed == [ident]
    with store.write() as session:
        changed = session.get_one(Post, ident)
        changed.content_hash = changed.approved_hash = "of other words"
        session.add(changed)
    clock.move(DAY)
    assert work.collect() == 1
    assert composed == [ident, ident], "other words have another price"


def test_where_posts_need_more_than_the_cap_gives_nothing_is_read(database: Database, clock: MovedClock) -> None:
    account_id = published(database, clock.now(), "a")
    clock.move(HOUR)
    with database.write() as session:
        for _ in range(300):  # more than come at once from the server, so that it is told to send no more
            add_post(session, session.get_one(Account, account_id), clock.now())
    collector(database, clock, charged(monthly_cap="0.010")).collect()
    assert (gaps(database), spent(database, clock)) == ([REACHED], 0)


def test_many_workers_pay_for_a_post_once_and_never_pass_the_cap(database: Database, clock: MovedClock) -> None:
    account_id = published(database, clock.now(), *map(str, range(9)))
    wanted = {str(number): ident for number, ident in enumerate(_ids(database))}
    channel = charged(monthly_cap="0.03")
    with ThreadPoolExecutor(6) as pool:
        paid: list[Payment] = list(
            pool.map(lambda _: purse(database, clock).pay(channel, account_id, wanted), range(12))
        )
    assert sorted(number for payment in paid for number in payment.booked) == list("012345")
    assert {payment.refused for payment in paid} == {frozenset("678")}
    assert spent(database, clock) == 6 * READ


# --- what came to nothing ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "left"),
    [
        (NeverSent("no route"), 0),
        (Refused("403"), 0),
        (Wait("429"), 0),
        (CredentialDead("revoked"), 0),
        (AccountBlocked("402"), 0),
        (Unknown("timeout"), READ),
        (CannotLook("the client broke"), READ),
        (KeyError("surprise"), READ),
    ],
)
def test_a_reading_that_surely_showed_nothing_is_given_back(
    store: Database, clock: MovedClock, failure: Exception, left: int
) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    work = collector(store, clock, charged([failure]))
    work.collect()
    assert spent(store, clock) == left
    clock.move(10 * timedelta(minutes=1))
    work.collect()
    assert spent(store, clock) == (READ if not stored(store)[0].gap else left), "tried again, and paid for once"


def test_a_post_that_the_platform_does_not_show_costs_nothing(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "gone", "there")
    clock.move(HOUR)
    channel = charged()
    channel.figures = {"there": SEEN}
    collector(store, clock, channel).collect()
    assert spent(store, clock) == READ


def test_what_was_read_before_is_not_given_back_by_a_later_reading_that_failed(
    store: Database, clock: MovedClock
) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    channel = charged()
    collector(store, clock, channel).collect()
    channel.failures = [NeverSent("no route")]
    clock.move(5 * HOUR)
    collector(store, clock, channel).collect()
    assert spent(store, clock) == READ


# --- look-ups ---------------------------------------------------------------------------------------------------------


def test_a_look_up_pays_for_what_it_was_shown_once_a_day_and_whatever_the_cap(
    database: Database, clock: MovedClock
) -> None:
    account_id = published(database, clock.now(), "a", "b")
    first, channel = _ids(database)[0], X(Settings(monthly_cap=0))
    means: Any = type("Means", (), {"database": database, "clock": clock, "channel": lambda _self, _name: channel})()
    reading = purse(database, clock).pay(charged(), account_id, {"a": first})
    budget.looked_up(means, first, {"a", "b", "foreign"})
    budget.looked_up(means, first, {"b", "foreign"})
    assert spent(database, clock) == 3 * READ
    purse(database, clock).give_back(charged(), reading, ["a"], NeverSent("no route"))
    assert spent(database, clock) == 3 * READ, "the look-up was shown it"
    clock.move(DAY)
    budget.looked_up(means, first, {"b"})
    assert spent(database, clock) == 4 * READ


# --- forecast ---------------------------------------------------------------------------------------------------------


def test_the_readings_of_a_published_post_are_forecast_by_month_without_days_paid_for() -> None:
    at = datetime(2025, 12, 20, 23, 30, tzinfo=UTC)
    watched = [Watched(1, "x", at, 0), Watched(1, "x", at, 2), Watched(2, "facebook", at, 0)]
    priced = {"x": X(Settings())}
    new, older = still_read(watched[:1], priced, COOLING.days), still_read(watched[1:], priced, COOLING.days)
    # All three of the first day fall on the 21st; then one a day, and from the 24th of January on one a week.
    assert [(one.month, one.readings) for one in new][:2] == [("2025-12", 11), ("2026-01", 21)]
    assert [(one.month, one.readings) for one in older][:2] == [("2025-12", 10), ("2026-01", 21)]
    assert [one.micros for one in new] == [READ * one.readings for one in new]
    assert sum(one.readings for one in new) == len(COOLING.days(at))


@pytest.mark.parametrize(
    ("spent_so_far", "said", "over"),
    [(0, "$1.00", False), (1, "$1.00, too low for all readings", True), (300_001, "$1.00, too low", True)],
)
def test_a_cap_says_whether_posts_or_only_readings_pass_it(spent_so_far: int, said: str, *, over: bool) -> None:
    line = Line("2025-12", "x", None, 1_000_000, spent=spent_so_far, forecast=1_000_000, reading=300_000)
    assert (line.words()["cap"], line.over_cap) == (said, over)
