"""The cooling timetable under any settings: it rises, it ends, it names each reading once, and misses none."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from campaign.engagement.timetable import Cooling, Reading

AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
DEFAULT = Cooling((timedelta(hours=1), timedelta(hours=6), timedelta(hours=24)), timedelta(days=30), timedelta(days=90))

lengths = st.integers(1, 40 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
bounds = st.integers(0, 100 * 86_400).map(lambda seconds: timedelta(seconds=seconds))
coolings = st.builds(Cooling, st.lists(lengths, max_size=6).map(tuple), bounds, bounds)


def every(cooling: Cooling) -> list[Reading]:
    found: list[Reading] = []
    while (reading := cooling.reading_at(AT, len(found))) is not None:
        found.append(reading)
    return found


@given(coolings)
def test_readings_rise_and_no_two_share_a_name(cooling: Cooling) -> None:
    found = every(cooling)
    instants = [reading.due_at for reading in found]
    assert instants == sorted(set(instants))
    assert all(instant > AT for instant in instants)
    assert len({reading.name for reading in found}) == len(found)


@given(coolings)
def test_every_reading_asked_for_is_there_and_no_other_passes_the_bounds(cooling: Cooling) -> None:
    ages = {reading.due_at - AT for reading in every(cooling)}
    asked = set(cooling.readings)
    assert asked <= ages
    assert all(age <= max(cooling.daily_until, cooling.weekly_until) for age in ages - asked)


@given(coolings)
def test_no_gap_is_longer_than_a_day_while_daily_and_a_week_while_weekly(cooling: Cooling) -> None:
    ages = [timedelta(0), *(reading.due_at - AT for reading in every(cooling))]
    listed = max(cooling.readings, default=timedelta(0))
    for earlier, later in pairwise(ages):
        if earlier >= listed and later <= cooling.daily_until:
            assert later - earlier <= timedelta(days=1)
        elif earlier >= listed:
            assert later - earlier <= timedelta(days=7)


@given(coolings, st.integers(0, 120), bounds)
def test_what_is_due_is_what_has_come_from_that_number_on(cooling: Cooling, index: int, age: timedelta) -> None:
    now = AT + age
    due = cooling.due(AT, index, now)
    assert list(due) == [reading for reading in every(cooling)[index:] if reading.due_at <= now]


@given(coolings, st.integers(0, 60), st.integers(0, 86_399))
def test_days_to_come_are_the_utc_days_of_the_readings_each_once_and_none_that_was_read(
    cooling: Cooling, index: int, second: int
) -> None:
    at = AT.replace(hour=0) + timedelta(seconds=second)
    days = [(at + age).date() for age in (reading.due_at - AT for reading in every(cooling))]
    to_come = cooling.days(at, index)
    assert set(to_come) == set(days[index:]) - set(days[index - 1 : index] if index else ())
    assert list(to_come) == sorted(set(to_come))


def test_the_default_timetable_has_the_names_that_people_use() -> None:
    names = [reading.name for reading in every(DEFAULT)]
    daily = [f"{day}d" for day in range(2, 31)]
    weekly = [f"{week}w" for week in range(5, 13)]
    assert names == ["1h", "6h", "24h", *daily, *weekly]


def test_a_demo_of_seconds_is_read_in_seconds() -> None:
    demo = Cooling((timedelta(seconds=2), timedelta(seconds=90), timedelta(minutes=5)), timedelta(0), timedelta(0))
    assert [reading.name for reading in every(demo)] == ["2s", "90s", "5m"]
    assert demo.first_age == timedelta(seconds=2)


def test_an_empty_timetable_has_no_first_reading() -> None:
    assert Cooling((), timedelta(0), timedelta(0)).first_age is None
