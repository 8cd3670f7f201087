"""A reading that cannot be taken is tried again for a while, and then is a gap that says why."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import CONTENTS
from conftest import MovedClock
from measuring import COOLING, HOUR, LATE, SEEN, Canned, Deaf, Everyone, collector, only_post, published, stored

from campaign.engagement.collect import Collector
from campaign.engagement.ending import NO_ID, NOTHING_SAID
from campaign.engagement.timetable import Cooling
from campaign.errors import CannotLook, CredentialDead, NeverSent, Refused, Wait
from campaign.models import Database, renewals
from campaign.models.partners import Account
from campaign.ports import Figures, Identity


@pytest.mark.parametrize("answer", [{}, {"a": Figures()}], ids=["left out", "all unknown"])
def test_a_post_that_the_platform_says_nothing_about_is_a_gap(
    store: Database, clock: MovedClock, answer: Mapping[str, Figures]
) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    collector(store, clock, Canned(figures=answer)).collect()
    (row,) = stored(store)
    assert (row.gap, row.impressions) == (NOTHING_SAID, None)


def test_a_failed_call_is_tried_again_within_the_lateness_and_then_is_a_gap(store: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(store, at, "a")
    clock.move(HOUR)
    channel = Canned(figures={"a": SEEN}, failures=[NeverSent("no route")] * 50)
    work = collector(store, clock, channel)
    while not stored(store):
        next_at = work.next_at()
        assert next_at is not None
        clock.at = max(clock.at, next_at)
        work.collect()
    (row,) = stored(store)
    assert row.gap == "the call failed: never sent: no route"
    assert at + HOUR < row.taken_at <= at + HOUR + LATE
    assert 2 <= len(channel.asked) <= 10
    assert only_post(store).next_reading_at == at + 6 * HOUR


def test_a_call_that_succeeds_the_second_time_leaves_no_gap(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    work = collector(store, clock, Canned(figures={"a": SEEN}, failures=[CannotLook("HTTP 500")]))
    assert work.collect() == 0
    clock.at = work.next_at() or clock.at
    assert work.collect() == 1
    assert [(row.reading, row.impressions, row.gap) for row in stored(store)] == [("1h", 120, None)]


def test_a_short_timetable_is_tried_again_before_half_the_way_to_the_next_reading(
    store: Database, clock: MovedClock
) -> None:
    at, second = clock.now(), timedelta(seconds=1)
    published(store, at, "a", changes={"next_reading_at": at + 2 * second})
    clock.move(2 * second)
    quick = Cooling((2 * second, 4 * second), timedelta(0), timedelta(0))
    work = collector(store, clock, Canned(failures=[CannotLook("HTTP 500")]), quick)
    work.collect()
    assert clock.now() < (work.next_at() or at) < at + 3 * second


def test_a_wait_is_honoured_and_one_too_long_is_a_gap(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    until = clock.now() + timedelta(minutes=17)
    channel = Canned(failures=[Wait("429", until=until), Wait("429", after=timedelta(minutes=20))])
    work = collector(store, clock, channel)
    work.collect()
    assert work.next_at() == until
    clock.at = until
    work.collect()
    assert [row.gap for row in stored(store)] == ["the call failed: told to wait: 429"]


@pytest.mark.parametrize("failure", [Refused("no permission"), CannotLook("not permitted", permanent=True)])
def test_what_no_retry_can_mend_is_a_gap_at_once(store: Database, clock: MovedClock, failure: Exception) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    collector(store, clock, Canned(failures=[failure])).collect()
    assert [row.gap for row in stored(store)] == [f"the call failed: {failure}"]


def test_refused_credentials_are_renewed_and_tried_once_more_before_there_is_a_gap(
    store: Database, clock: MovedClock
) -> None:
    account_id = published(store, clock.now(), "a")
    clock.move(HOUR)
    channel = Canned(failures=[CredentialDead("revoked")] * 9)
    work = collector(store, clock, channel)
    assert work.collect() == 0
    with store.read() as session:
        assert renewals.wanted(session.get_one(Account, account_id))
    again_at = work.next_at()
    assert again_at is not None
    assert clock.now() < again_at <= clock.now() + LATE
    clock.at = again_at
    assert (work.collect(), len(channel.asked)) == (1, 2)
    assert [row.gap for row in stored(store)] == ["the call failed: the account's access has ended: revoked"]


def test_credentials_that_are_refused_once_at_each_reading_leave_no_gap(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), "a")
    channel = Canned(figures={"a": SEEN})
    work = collector(store, clock, channel)
    for _ in range(2):
        clock.at = work.next_at() or clock.at
        channel.failures.append(CredentialDead("an outage of good tokens"))
        assert work.collect() == 0
        clock.at = work.next_at() or clock.at
        assert work.collect() == 1
    assert [(row.reading, row.gap) for row in stored(store)] == [("1h", None), ("6h", None)]


def test_dead_credentials_are_tried_once_for_all_batches_of_an_account(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), *"abcdefg")
    well = published(store, clock.now(), "h")
    clock.move(HOUR)
    channel = Canned(figures=Everyone(), failures=[CredentialDead("revoked")])
    work = collector(store, clock, channel)
    assert work.collect() == 1
    channel.failures.append(CredentialDead("revoked"))
    clock.at = work.next_at() or clock.at
    assert work.collect() == 7
    assert [len(names) for _, names in channel.asked] == [3, 1, 3]
    assert channel.asked[1][0] == well
    assert sum(row.gap is None for row in stored(store)) == 1


def test_an_account_that_cannot_be_opened_gets_gaps_and_the_platform_is_not_asked(
    store: Database, clock: MovedClock
) -> None:
    published(store, clock.now(), "a")
    clock.move(HOUR)
    channel = Canned()

    def closed(account_id: int) -> Identity:
        raise CredentialDead(f"account {account_id} has none")

    work = Collector(
        store, clock, channels={"x": channel}, identities=closed, cooling=COOLING, late=LATE, message=CONTENTS.message
    )
    assert work.collect() == 1
    assert channel.asked == []
    assert "access has ended" in (stored(store)[0].gap or "")


def test_a_client_that_breaks_costs_no_other_account_its_reading_and_tells_no_secret(
    store: Database, clock: MovedClock
) -> None:
    published(store, clock.now(), "a")
    published(store, clock.now(), "b")
    clock.move(HOUR + LATE)
    channel = Canned(figures=Everyone(), failures=[KeyError("https://x/?access_token=s3cret")])
    assert collector(store, clock, channel).collect() == 2
    first, second = stored(store)
    assert first.gap == "the call failed: could not look it up: the client ended with KeyError"
    assert second.impressions == 120


def test_a_post_without_a_platform_id_has_a_gap_and_is_not_asked_for(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), None, "b")
    clock.move(HOUR)
    channel = Canned(figures={"b": SEEN})
    assert collector(store, clock, channel).collect() == 2
    assert [names for _, names in channel.asked] == [("b",)]
    assert {row.gap for row in stored(store)} == {NO_ID, None}


class Picky(Canned):
    """Refuses a whole batch for one id that it does not take, as X does."""

    limits = replace(Deaf.limits, measure_batch=100, shares_have_figures=False)

    def measure(self, who: Identity, external_ids: Sequence[str]) -> Mapping[str, Figures]:
        self.asked.append((who.account_id, tuple(external_ids)))
        if any(not number.isdigit() for number in external_ids):
            raise Refused("invalid id")
        return dict.fromkeys(external_ids, SEEN)


@pytest.mark.parametrize("bad", [("7?s=20",), ("7?s=20", "8?s=20", "x")])
def test_an_id_that_the_platform_does_not_take_blinds_itself_alone(
    store: Database, clock: MovedClock, bad: tuple[str, ...]
) -> None:
    published(store, clock.now(), *map(str, range(40)), *bad, *map(str, range(40, 60)))
    clock.move(HOUR)
    channel = Picky()
    collector(store, clock, channel).collect()
    rows = stored(store)
    assert (len(rows), sum(row.gap is not None for row in rows)) == (60 + len(bad), len(bad))
    assert len(channel.asked) < 20 * len(bad)


def test_an_account_that_is_refused_altogether_is_not_asked_for_every_post(store: Database, clock: MovedClock) -> None:
    published(store, clock.now(), *(f"bad {number}" for number in range(100)))
    clock.move(HOUR)
    channel = Picky()
    collector(store, clock, channel).collect()
    assert {row.gap for row in stored(store)} == {"the call failed: refused: invalid id"}
    assert len(channel.asked) <= 12


def test_a_repost_without_figures_of_its_own_has_no_readings_and_no_gaps(store: Database, clock: MovedClock) -> None:
    at = clock.now()
    published(
        store, at, "rt:1", changes={"next_reading_at": at + HOUR, "draft": {"words": "", "share_of": "launch@dfe"}}
    )
    clock.move(HOUR)
    channel = Picky()
    collector(store, clock, channel).collect()
    assert (stored(store), channel.asked, only_post(store).next_reading_at) == ([], [], None)
