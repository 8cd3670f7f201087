"""What holds for every timetable: instants exist, keys differ, moves land where they may, plans come to rest."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from planning import Picked, applied

from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.days import add_working, at_instant, instant, is_working, local
from campaign.plan.entries import At, Event, Quiet, Slot, Timetable
from campaign.plan.occurrences import occurrences, span
from campaign.plan.placing import place, spread_minutes
from campaign.plan.planner import plan
from campaign.plan.rows import Filled, PlanFacts
from campaign.plan.wanted import wanted_posts
from campaign.ports import Draft, Limits

PATIENT = settings(max_examples=60)
LONDON = ZoneInfo("Europe/London")
DAYS = st.dates(date(2025, 9, 1), date(2026, 12, 31))
CHANGES = st.sampled_from([date(2025, 10, 26), date(2026, 3, 29), date(2026, 10, 25)])
NEAR_CHANGES = st.builds(lambda day, by: day + timedelta(days=by), CHANGES, st.integers(-3, 3))
WALLS = st.builds(datetime.combine, st.one_of(DAYS, NEAR_CHANGES), st.times(timezones=st.none()))
TIMES = st.builds(time, st.integers(0, 23), st.integers(0, 59))
CRONS = st.sampled_from(
    [
        "30 1 * * *",
        "*/30 * * * *",
        "0 17 * * thu",
        "0 9 * * mon-fri",
        "15 0,1,2 * * *",
        "0 12 1 * *",
        "45 */3 * * sat,sun",
    ]
)
SPREADS = st.integers(0, 600).map(lambda minutes: timedelta(minutes=minutes))
NAMES = st.text(min_size=1, max_size=12)
ATS = st.builds(
    At,
    day=st.one_of(DAYS, NEAR_CHANGES, st.just("launch")),
    count=st.integers(-20, 20),
    unit=st.sampled_from(["day", "working day"]),
    wall=TIMES,
)


@st.composite
def cron_slots(draw: st.DrawFn) -> Slot:
    first = draw(st.one_of(DAYS, NEAR_CHANGES))
    last = first + timedelta(days=draw(st.integers(0, 18)))
    return Slot(
        "weekly",
        ("facebook",),
        ("t",),
        cron=draw(CRONS),
        working=draw(st.booleans()),
        starts=At(first, wall=draw(st.none() | TIMES)),
        ends=At(last, wall=draw(st.none() | TIMES)),
        spread=draw(SPREADS),
        late=draw(st.sampled_from(["skip", "catch-up"])),
    )


SLOTS = st.one_of(
    cron_slots(),
    st.builds(
        Slot, st.just("once"), st.just(("facebook",)), st.just(("t",)), at=ATS, working=st.booleans(), spread=SPREADS
    ),
)


def timetable(*slots: Slot, quiet: tuple[Quiet, ...] = (), events: tuple[Event, ...] = ()) -> Timetable:
    return Timetable("t.toml", LONDON, days={"launch": date(2025, 12, 2)}, slots=slots, quiet=quiet, events=events)


@PATIENT
@given(WALLS, st.sampled_from(["Europe/London", "Australia/Lord_Howe"]))
def test_a_wall_time_becomes_the_first_instant_that_shows_it_or_follows_the_gap(wall: datetime, zone: str) -> None:
    wall, where = wall.replace(microsecond=0, fold=0), ZoneInfo(zone)
    found = instant(wall, where)
    assert found.tzinfo is UTC
    shown = local(found, where)
    assert shown >= wall
    if shown == wall:
        assert all(local(found - timedelta(minutes=back), where) != wall for back in (30, 60, 90, 120))
    else:
        assert local(found - timedelta(seconds=1), where) < wall


@PATIENT
@given(SLOTS)
def test_every_occurrence_is_aware_exists_on_the_clock_and_lies_inside_its_span(slot: Slot) -> None:
    table = timetable(slot)
    first, last = span(table, slot)
    for one in occurrences(table, slot):
        assert one.due_at.tzinfo is UTC
        wall = local(one.due_at, LONDON)
        assert instant(wall, LONDON) in {one.due_at, one.due_at - timedelta(hours=1)}
        assert first is None or first <= one.due_at
        assert last is None or one.due_at <= last
        assert one.window == (one.due_at - slot.spread, one.due_at + slot.spread)


@PATIENT
@given(SLOTS)
def test_keys_and_instants_of_a_slot_are_unique_and_in_order(slot: Slot) -> None:
    found = occurrences(timetable(slot), slot)
    assert len({one.key for one in found}) == len(found)
    dues = [one.due_at for one in found]
    assert dues == sorted(set(dues))


@PATIENT
@given(CRONS, CHANGES, st.integers(0, 3), st.integers(0, 3))
def test_a_cron_over_a_clock_change_comes_once_for_each_local_time_that_it_names(
    cron: str, change: date, before: int, after: int
) -> None:
    first, last = change - timedelta(days=before), change + timedelta(days=after)
    slot = Slot("s", ("x",), ("t",), cron=cron, starts=At(first), ends=At(last))
    got = [local(one.due_at, LONDON) for one in occurrences(timetable(slot), slot)]
    named = [wall for wall in every_quarter(first, last) if fits(cron, wall)]
    assert got == sorted({local(instant(wall, LONDON), LONDON) for wall in named})


def every_quarter(first: date, last: date) -> list[datetime]:
    start = datetime.combine(first, time())
    count = ((last - first).days + 1) * 96
    return [start + timedelta(minutes=15 * n) for n in range(count)]


def fits(cron: str, wall: datetime) -> bool:
    """Read the few cron lines of this test in a second way, which knows nothing of APScheduler."""
    minutes, hours, days, _, weekdays = cron.split()
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[wall.weekday()]
    named = {"*": True, "mon-fri": wall.weekday() < 5}.get(weekdays, weekday in weekdays.split(","))
    return named and days in {"*", str(wall.day)} and among(minutes, wall.minute) and among(hours, wall.hour)


def among(field: str, value: int) -> bool:
    if field.startswith("*/"):
        return value % int(field[2:]) == 0
    return field == "*" or value in {int(one) for one in field.split(",")}


@PATIENT
@given(SLOTS)
def test_moves_for_working_days_never_land_on_a_day_off_and_keep_the_hour(slot: Slot) -> None:
    working = replace(slot, working=True)
    table = timetable(working)
    for one in occurrences(table, working):
        assert is_working(local(one.due_at, LONDON).date())
    plain = occurrences(timetable(replace(slot, working=False)), replace(slot, working=False))
    hours = {local(one.due_at, LONDON).time() for one in plain}
    skipped = {time(1), time(1, 15), time(1, 30), time(1, 45)}
    moved = {local(one.due_at, LONDON).time() for one in occurrences(table, working)}
    assert moved <= hours | skipped | {time(2)}


@PATIENT
@given(DAYS, st.integers(-30, 30))
def test_counting_working_days_lands_on_one_and_counts_as_many(day: date, count: int) -> None:
    found = add_working(day, count)
    assert is_working(found)
    low, high = sorted((day, found))
    between = [low + timedelta(days=n) for n in range((high - low).days + 1)]
    counted = [one for one in between if is_working(one) and one != day]
    assert len(counted) == (abs(count) if count else (0 if is_working(day) else 1))


@PATIENT
@given(SLOTS, NAMES)
def test_a_spread_lies_in_its_window_in_whole_minutes_and_does_not_change(slot: Slot, partner: str) -> None:
    got = spread_minutes(slot, partner)
    assert timedelta() <= got < max(slot.spread, timedelta(minutes=1))
    assert got % timedelta(minutes=1) == timedelta()
    assert got == spread_minutes(replace(slot, channels=("x",), cron=None), partner)


@PATIENT
@given(
    SLOTS,
    DAYS,
    st.integers(0, 6),
    st.sampled_from(["skip", "move"]),
    st.sampled_from(["", "08:00-12:00", "13:15-13:45"]),
)
def test_nothing_lands_in_a_quiet_period_or_outside_the_partner_s_hours(
    slot: Slot, first: date, length: int, then: str, hours: str
) -> None:
    quiet = Quiet("q", first, first + timedelta(days=length), then="move" if then == "move" else "skip")
    table, partner = timetable(slot, quiet=(quiet,)), PartnerFacts("p", "P", details={"hours": hours})
    for one in occurrences(table, slot):
        landed = place(table, one, partner)
        wall = local(landed.due_at, LONDON)
        assert landed.window_from <= landed.due_at <= landed.window_until
        if landed.skipped is None:
            assert not quiet.covers(wall.date())
            if hours:
                opens, closes = (time.fromisoformat(part) for part in hours.split("-"))
                assert opens <= wall.time() <= closes


@PATIENT
@given(
    st.lists(cron_slots(), min_size=1, max_size=2),
    DAYS,
    st.integers(0, 6),
    st.sampled_from(["skip", "move"]),
    st.sampled_from(["", "08:00-12:00", "13:15-13:45"]),
)
def test_a_slot_comes_once_at_an_instant_and_what_stays_in_its_place_goes_out(
    slots: list[Slot], first: date, length: int, then: str, hours: str
) -> None:
    named = tuple(replace(slot, name=f"s{n}") for n, slot in enumerate(slots))
    quiet = Quiet("q", first, first + timedelta(days=length), then="move" if then == "move" else "skip")
    table, partner = timetable(*named, quiet=(quiet,)), PartnerFacts("p", "P", details={"hours": hours})
    found = wanted_posts(table, (), [partner], [AccountFacts(1, "p", "facebook")])[1]
    going = {(one.slot.name, one.place.due_at) for one in found if one.place.skipped is None}
    assert len(going) == sum(one.place.skipped is None for one in found)
    for one in found:
        alone = place(table, one.occurrence, partner)
        if alone.skipped is None and one.place.skipped is not None:
            assert (one.slot.name, alone.due_at) in going, "another takes its place"
            assert alone.due_at != one.occurrence.due_at + spread_minutes(one.slot, "p"), "it was moved there"


@PATIENT
@given(ATS, DAYS)
def test_days_added_keep_the_wall_time_wherever_it_exists(at: At, anchor: date) -> None:
    found = at_instant(at, anchor, LONDON)
    assert found is not None
    wall = local(found, LONDON)
    assert wall.time() == at.wall or local(found - timedelta(seconds=1), LONDON).time() == time(0, 59, 59)


class Anything:
    def pick(self, name: str, channel: str) -> Picked:
        return Picked(f"{name}.{channel}")


def say(
    name: str, channel: str, *, campaign: Mapping[str, object], event: Mapping[str, object] | None, **given: Any
) -> Filled:
    words = f"{given['partner'].name} {channel} {campaign['events_open']} {(event or {}).get('day')}"
    return Filled(Draft(words), name, "1")


@PATIENT
@given(
    st.lists(SLOTS, max_size=3),
    DAYS,
    st.none() | WALLS,
    st.sampled_from(["skip", "move"]),
)
def test_a_plan_that_was_carried_out_leaves_nothing_to_do(
    slots: list[Slot], day: date, joined: datetime | None, then: str
) -> None:
    named = tuple(replace(slot, name=f"s{n}") for n, slot in enumerate(slots))
    event = Event("early", "Early", "early", datetime.combine(day, time(18)), "https://example.org", confirmed=True)
    reminder = Slot("r", ("facebook",), ("t",), at=At("event", -1, "working day", time(12)), for_each="event-*")
    quiet = Quiet("q", day, day + timedelta(days=3), then="move" if then == "move" else "skip")
    joined_at = joined.replace(tzinfo=UTC) if joined else None
    facts = PlanFacts(
        timetable=timetable(*named, reminder, quiet=(quiet,), events=(event,)),
        templates=Anything(),
        fill=say,
        partners=(PartnerFacts("p", "P", joined_at=joined_at), PartnerFacts("o", "O")),
        accounts=(AccountFacts(1, "p", "facebook"), AccountFacts(2, "o", "facebook")),
        now=max(datetime(2025, 11, 1, tzinfo=UTC), joined_at or datetime(2025, 11, 1, tzinfo=UTC)),
        channels={"facebook": Limits(1000, len, 4, 100, timedelta(), card=True)},
    )
    first = plan(facts)
    stored = applied(first)
    again = plan(replace(facts, existing=stored))
    assert sorted(row.post_id for row in again if row.action == "keep" and row.post_id is not None) == [
        post.id for post in stored
    ]
    assert {row.action for row in again if row.post_id is None} <= {"past", "withdraw"}
    assert all(row.action == "keep" for row in again if row.post_id is not None)
    assert len({(row.account_id, row.slot, row.occurrence) for row in first}) == len(first)
