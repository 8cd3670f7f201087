"""Readings become snapshots: each once, at its time, in batches; and the next one is planned."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import sqlalchemy as sa
from conftest import MovedClock
from measuring import HOUR, SEEN, Canned, Deaf, Everyone, collector, only_post, published, stored
from sqlmodel import select
from terminal import CONFIG, opened_terminal

from campaign.app import App
from campaign.engagement.collect import CLAIM
from campaign.engagement.ending import NOT_RUNNING
from campaign.models import Database
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.ports import Figures


def test_a_due_reading_is_stored_and_the_next_one_is_planned(database: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(database, at, "a")
    clock.move(HOUR + timedelta(seconds=5))
    assert collector(database, clock, Canned(figures={"a": SEEN})).collect() == 1
    (row,) = stored(database)
    assert (row.reading, row.due_at, row.taken_at) == ("1h", at + HOUR, clock.now())
    assert (row.impressions, row.reactions, row.reach, row.clicks, row.gap) == (120, 0, None, None, None)
    post = only_post(database)
    assert (post.readings, post.next_reading_at) == (1, at + 6 * HOUR)


def test_nothing_is_read_before_its_time(store: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(store, at, "a")
    clock.move(HOUR - timedelta(microseconds=1))
    channel = Canned(figures={"a": SEEN})
    work = collector(store, clock, channel)
    assert (work.collect(), channel.asked) == (0, [])
    assert work.next_at() == at + HOUR


def test_a_transaction_stores_the_readings_of_a_few_posts(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), *map(str, range(12)))
    clock.move(HOUR)
    channel, stores = Canned(figures=Everyone()), [0]
    channel.limits = replace(channel.limits, measure_batch=100)  # type: ignore[misc]

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("BEGIN"):
            stores.append(0)
        stores[-1] += "INTO snapshot" in statement

    sa.event.listen(store.engine, "before_cursor_execute", note)
    assert collector(store, clock, channel).collect() == 12
    assert len(channel.asked) == 1
    assert (sum(stores), max(stores) <= 5) == (12, True), stores


def test_posts_are_asked_for_by_account_and_in_batches(store: Database, clock: MovedClock) -> None:
    first = published(store, clock.now(), *"abcdefg")
    second = published(store, clock.now(), "h")
    clock.move(HOUR)
    channel = Canned(figures=Everyone())
    assert collector(store, clock, channel).collect() == 8
    assert [(account, "".join(names)) for account, names in channel.asked] == [
        (first, "abc"),
        (first, "def"),
        (first, "g"),
        (second, "h"),
    ]


def test_no_batch_begins_when_the_process_is_to_end_and_the_next_one_reads_the_rest(
    store: Database, clock: MovedClock
) -> None:
    for names in ("abcdefg", "h"):
        published(store, clock.now(), *names)
    clock.move(HOUR)
    ending = Event()
    channel = Canned(figures=Everyone(), meanwhile=ending.set)
    assert collector(store, clock, channel, stopping=ending).collect() == 3
    assert len(channel.asked) == 1
    assert collector(store, clock, channel).collect() == 5, "a daemon that starts again at once need not wait"


def test_readings_missed_while_nothing_ran_are_named_gaps_and_the_newest_is_taken(
    store: Database, clock: MovedClock
) -> None:
    at = clock.now()
    published(store, at, "a")
    clock.move(timedelta(days=2, hours=3))
    channel = Canned(figures={"a": SEEN})
    assert collector(store, clock, channel).collect() == 4
    assert [(row.reading, row.gap) for row in stored(store)] == [
        ("1h", NOT_RUNNING),
        ("6h", NOT_RUNNING),
        ("24h", NOT_RUNNING),
        ("2d", None),
    ]
    assert len(channel.asked) == 1
    assert only_post(store).next_reading_at == at + timedelta(days=3)


def test_a_channel_that_cannot_measure_has_no_more_readings(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    work = collector(store, clock, Deaf())
    assert work.collect() == 0
    assert (only_post(store).next_reading_at, work.next_at(), stored(store)) == (None, None, [])


def test_a_post_that_was_taken_down_has_no_more_readings(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a", changes={"status": Status.RETRACTED})
    clock.move(HOUR)
    channel = Canned(figures={"a": SEEN})
    assert collector(store, clock, channel).collect() == 0
    assert (only_post(store).next_reading_at, channel.asked) == (None, [])


def test_a_post_taken_down_during_the_call_stays_without_readings(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)

    def take_down() -> None:
        with store.write() as session:
            post = session.exec(select(Post)).one()
            post.next_reading_at = None

    channel = Canned(figures={"a": SEEN}, meanwhile=take_down)
    assert collector(store, clock, channel).collect() == 0
    assert only_post(store).next_reading_at is None


def test_a_post_woken_too_early_waits_for_its_reading(store: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(store, at, "a", changes={"next_reading_at": at})
    channel = Canned(figures={"a": SEEN})
    work = collector(store, clock, channel)
    assert (work.collect(), channel.asked, work.next_at()) == (0, [], at + HOUR)


def test_the_last_reading_ends_the_timetable(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    work = collector(store, clock, Canned(figures={"a": SEEN}))
    while (next_at := work.next_at()) is not None:
        clock.at = next_at
        work.collect()
    rows = stored(store)
    assert (rows[0].reading, rows[-1].reading) == ("1h", "12w")
    assert len(rows) == 3 + 29 + 8
    assert all(row.gap is None for row in rows)


def test_of_two_collectors_at_once_one_asks_the_platform(database: Database, clock: MovedClock) -> None:
    published(database, clock.now(), *"abc")
    clock.move(timedelta(days=2))
    other, counts = Canned(figures=Everyone()), list[int]()
    first = Canned(figures=Everyone(), meanwhile=lambda: counts.append(collector(database, clock, other).collect()))
    assert collector(database, clock, first).collect() == 12
    assert (counts, other.asked, len(first.asked)) == ([0], [], 1)


def test_a_collector_stopped_in_mid_call_is_taken_over_and_stores_nothing_twice(
    database: Database, clock: MovedClock
) -> None:
    published(database, clock.now(), *"abc")
    clock.move(timedelta(days=2))
    other, counts = Canned(figures=Everyone()), list[int]()

    def be_stopped() -> None:
        clock.move(timedelta(minutes=6))
        counts.append(collector(database, clock, other).collect())

    assert collector(database, clock, Canned(figures=Everyone(), meanwhile=be_stopped)).collect() == 0
    assert counts == [12]
    assert len(stored(database)) == 12


def test_readings_that_begin_anew_keep_the_older_rows(database: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(database, at, "a")
    clock.move(HOUR)
    collector(database, clock, Canned(figures={"a": SEEN})).collect()
    with database.write() as session:
        post = session.exec(select(Post)).one()
        post.readings, post.next_reading_at = 0, at + HOUR
    later = Canned(figures={"a": replace(SEEN, impressions=999)})
    assert collector(database, clock, later).collect() == 0
    assert [row.impressions for row in stored(database)] == [120]
    assert only_post(database).next_reading_at == at + 6 * HOUR


def test_without_readings_of_its_own_a_post_is_read_daily_from_the_first_day_on(tmp_path: Path) -> None:
    terminal = opened_terminal(tmp_path, CONFIG + "[engagement]\nreadings = []\n")
    app = App.open(terminal.folder, {})
    assert app.means().first_reading == timedelta(days=1)
    app.close()


def test_a_reading_that_cannot_be_stored_costs_no_other_post_its_own(database: Database, clock: MovedClock) -> None:
    published(database, clock.now(), "a", "b", "c")
    clock.move(HOUR)
    work = collector(database, clock, Canned(figures={"a": SEEN, "b": Figures(impressions=10**20), "c": SEEN}))
    assert work.collect() == 2
    assert [row.impressions for row in stored(database)] == [SEEN.impressions] * 2
    assert work.next_at() == clock.now() + CLAIM
