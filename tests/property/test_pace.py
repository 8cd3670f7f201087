"""What headers say of a pace: whatever they hold, no wait is before now, none is without end, and none breaks."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaign.channels import _facebook_pace, _linkedin_pace, _x_pace
from campaign.channels._facebook_pace import Slowing
from campaign.clock import next_day, next_month
from campaign.config.money import Money, dollars, in_dollars, micros
from campaign.dispatch.retry import History, Policy, decide
from campaign.errors import Wait

NOW = datetime(2026, 11, 26, 9, 30, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
RULE = Slowing(75, 5 * MINUTE, 7 * MINUTE)
POLICY = Policy(
    grace=30 * MINUTE,
    lease=2 * MINUTE,
    call_timeout=MINUTE / 2,
    retries=(MINUTE / 12, MINUTE / 2),
    lookups=(MINUTE,),
    lookup_reads=3,
    lookup_spread=2 * MINUTE,
)
instants = st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
names = st.sampled_from(
    [f"{family}-{part}" for family in _x_pace.WINDOWS for part in ("remaining", "reset")]
    + ["x-app-usage", "x-business-use-case-usage"]
)
words = st.text('09-{}[]": a.e', max_size=12)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | words,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["1001", "call_count", "total_time", "estimated_time_to_regain_access", "x"]), inner
        )
    ),
    max_leaves=8,
)
garbage = st.dictionaries(names, words | st.integers().map(str) | anything.map(json.dumps))


@given(garbage, instants)
def test_x_headers_never_break_and_never_stop_an_account_for_longer_than_a_window(
    headers: Mapping[str, str], now: datetime
) -> None:
    told = _x_pace.pace(headers, now)
    assert told is None or now < told.ready_at <= now + timedelta(hours=25)
    lifted = _x_pace.lifted_at(headers, now)
    assert lifted is None or now < lifted <= now + timedelta(hours=25)
    assert told is None or lifted == told.ready_at


@given(garbage, instants)
def test_facebook_headers_never_break_and_never_stop_a_page_for_ever(headers: Mapping[str, str], now: datetime) -> None:
    told = _facebook_pace.pace(headers, "1001", now, RULE)
    assert told is None or now < told.ready_at <= now + timedelta(days=7)


@given(st.dictionaries(st.sampled_from(list(_x_pace.WINDOWS)), st.tuples(st.integers(0, 3), st.integers(1, 86_000))))
def test_an_account_waits_exactly_for_the_last_of_the_limits_that_are_used_up(
    told: Mapping[str, tuple[int, int]],
) -> None:
    start = int(NOW.timestamp())
    headers = {f"{family}-remaining": str(left) for family, (left, _) in told.items()}
    headers |= {f"{family}-reset": str(start + seconds) for family, (_, seconds) in told.items()}
    waits = [seconds for left, seconds in told.values() if left == 0]
    pace = _x_pace.pace(headers, NOW)
    assert (pace.ready_at - NOW if pace else None) == (timedelta(seconds=max(waits)) if waits else None)


def usage(percent: int, minutes: int = 0, page: str = "1001") -> dict[str, str]:
    row = {"type": "pages", "call_count": percent, "total_time": 1, "estimated_time_to_regain_access": minutes}
    return {"x-business-use-case-usage": json.dumps({page: [row]})}


def wait(percent: int, minutes: int = 0) -> timedelta:
    told = _facebook_pace.pace(usage(percent, minutes), "1001", NOW, RULE)
    return told.ready_at - NOW if told else timedelta()


def test_a_page_slows_down_by_equal_steps_from_75_percent_and_stops_at_100() -> None:
    waits = [wait(percent) for percent in range(100)]
    assert waits[:75] == [timedelta()] * 75
    assert {later - earlier for earlier, later in pairwise(waits[74:])} == {timedelta(seconds=12)}
    assert waits[99] == 5 * MINUTE
    assert wait(100) == wait(180) == 7 * MINUTE, "no time was told: our own pause"
    assert wait(100, 42) == wait(3, 42) == 42 * MINUTE, "the time that was told, to the minute"


@given(st.integers(1, 99), st.integers(0, 120), st.integers(0, 120))
def test_a_higher_usage_never_waits_less(slow_from: int, one: int, other: int) -> None:
    rule = Slowing(slow_from, 5 * MINUTE, 7 * MINUTE)
    low, high = (
        _facebook_pace.pace(usage(percent), "1001", NOW, rule) for percent in (min(one, other), max(one, other))
    )
    assert low is None or (high is not None and high.ready_at >= low.ready_at)


def test_another_pages_usage_does_not_slow_this_one() -> None:
    headers = {
        "x-business-use-case-usage": json.dumps({"2002": [{"call_count": 99}], "1001": [{"call_count": 3}]}),
        "x-app-usage": json.dumps({"call_count": 20}),
    }
    assert _facebook_pace.pace(headers, "1001", NOW, RULE) is None
    assert _facebook_pace.pace(headers, "2002", NOW, RULE) is not None


def test_the_apps_own_usage_counts_for_every_page() -> None:
    assert _facebook_pace.percent_used({"x-app-usage": '{"call_count":3,"total_time":80,"total_cputime":5}'}, "9") == 80


@given(instants)
def test_the_day_ends_at_midnight_and_the_month_at_its_first(now: datetime) -> None:
    midnight, month = next_day(now), next_month(now)
    assert timedelta() < midnight - now <= timedelta(days=1)
    assert (midnight.hour, midnight.minute, midnight.second, midnight.microsecond) == (0, 0, 0, 0)
    assert timedelta() < month - now <= timedelta(days=31)
    assert (month.day, month.time(), month.tzinfo) == (1, midnight.time(), UTC)


def test_only_a_limit_of_the_day_waits_for_midnight() -> None:
    assert _linkedin_pace.throttled("429", "the DAY limit is reached", NOW, MINUTE).until == datetime(
        2026, 11, 27, tzinfo=UTC
    )
    other = _linkedin_pace.throttled("429", "the throttle limit is reached", NOW, MINUTE)
    assert (other.until, other.after, other.stated) == (None, MINUTE, False)


@given(st.integers(1, 9), st.timedeltas(timedelta(microseconds=1), timedelta(days=30)))
def test_a_stated_time_is_kept_exactly_and_an_unstated_pause_grows(number: int, length: timedelta) -> None:
    told = [Wait("429", until=NOW + length), Wait("429", after=length)]
    assert [decide(one, History(number), NOW, POLICY).lane_ready_at for one in told] == [NOW + length] * 2
    guessed = [
        decide(Wait("429", after=length, stated=False), History(n), NOW, POLICY).lane_ready_at for n in (1, number)
    ]
    assert guessed[0] is not None
    assert guessed[1] is not None
    assert NOW + length <= guessed[0] <= guessed[1]


@given(st.integers(0, 10**15))
def test_money_is_exact(amount: int) -> None:
    assert micros(in_dollars(amount)) == amount
    whole, part = dollars(amount)[1:].replace(",", "").split(".")
    assert int(whole) * 1_000_000 + int(part.ljust(6, "0")) == amount
    assert len(part) >= 2


@pytest.mark.parametrize("amount", ["no", -1, True, None, "0.0000001", float("nan"), 10**10, "inf", [1]])
def test_what_is_no_amount_of_money_is_refused(amount: object) -> None:
    from pydantic import TypeAdapter, ValidationError  # noqa: PLC0415

    with pytest.raises(ValidationError, match=r"money|finer"):
        TypeAdapter(Money).validate_python(amount)
