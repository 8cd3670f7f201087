"""When the planner puts a post: past, quiet, in a partner's hours, for late joiners, around an event."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from planning import ACCOUNTS, BASE, DFE, LAUNCH, OAK, REMINDER, WEEKLY, applied, given, only

from campaign.plan.audience import AccountFacts, PartnerFacts
from campaign.plan.placing import spread_minutes
from campaign.plan.planner import plan
from campaign.plan.rows import PlanRow


def test_what_is_past_at_planning_is_past_and_never_missed(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, BASE + LAUNCH, now=datetime(2025, 12, 2, 9, 0, 1, tzinfo=UTC)))
    assert {row.action for row in rows} == {"past"}
    exact = plan(given(tmp_path, BASE + LAUNCH, now=datetime(2025, 12, 2, 9, tzinfo=UTC)))
    assert {row.action for row in exact} == {"add"}


def test_a_post_is_not_moved_into_the_past(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + LAUNCH)))
    earlier = (BASE + LAUNCH).replace("launch 09:00", "launch - 1 day 09:00")
    rows = plan(given(tmp_path, earlier, existing=stored, now=datetime(2025, 12, 1, 12, tzinfo=UTC)))
    assert {row.action for row in rows} == {"withdraw"}


@pytest.mark.parametrize(
    ("change", "words"), [("confirmed = false", "not confirmed"), ("placeholder = true", "placeholder")]
)
def test_nothing_of_an_event_that_is_not_sure_is_queued(tmp_path: Path, change: str, words: str) -> None:
    rows = plan(given(tmp_path, (BASE + REMINDER).replace("confirmed = true", change)))
    assert {row.action for row in rows} == {"blocked"}
    assert all(words in row.reason for row in rows)


def test_a_rehearsal_takes_placeholders_as_they_are(tmp_path: Path) -> None:
    text = (BASE + REMINDER).replace("confirmed = true", "placeholder = true")
    text = text.replace("[days]", 'placeholders = ["events_url"]\n[days]')
    assert {row.action for row in plan(given(tmp_path, text, placeholders_allowed=True))} == {"add"}


def test_a_cancelled_event_withdraws_its_posts_and_a_moved_one_holds_them(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + REMINDER)), status="approved")
    cancelled = (BASE + REMINDER).replace("confirmed = true", 'confirmed = true\nstatus = "cancelled"')
    assert {row.action for row in plan(given(tmp_path, cancelled, existing=stored))} == {"withdraw"}
    moved = plan(given(tmp_path, cancelled.replace("cancelled", "moved"), existing=stored))
    assert {row.action for row in moved} == {"change"}
    assert all("has moved" in row.reason for row in moved)
    again = plan(given(tmp_path, cancelled.replace("cancelled", "moved"), existing=applied(moved, stored)))
    assert {row.action for row in again} == {"keep"}
    assert {row.action for row in plan(given(tmp_path, cancelled.replace("cancelled", "moved")))} == {"blocked"}


def test_an_event_s_new_time_changes_its_posts(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + REMINDER)), status="approved")
    rows = plan(given(tmp_path, (BASE + REMINDER).replace("2025-12-10T18", "2025-12-11T19"), existing=stored))
    assert {(row.action, row.due_at.day) for row in rows} == {("change", 10)}
    assert all(row.draft and "Thursday 11 December at 7pm" in row.draft.words for row in rows)


def test_a_person_s_own_time_is_asked_for_quiet_periods_and_stale_words(tmp_path: Path) -> None:
    def moved(text: str, days: int) -> set[str]:
        stored = applied(plan(given(tmp_path, BASE + LAUNCH)))
        late = [replace(post, moved=True, due_at=post.due_at + timedelta(days=days)) for post in stored]
        return {row.action for row in plan(given(tmp_path, BASE + text, existing=late)) if row.partner == "oak"}

    assert moved(LAUNCH.replace("post-1", "stale"), 1) == {"withdraw"}
    assert moved(LAUNCH + QUIET.format("2025-12-02", "skip"), 1) == {"keep"}
    assert moved(LAUNCH + QUIET.format("2025-12-03", "skip"), 1) == {"withdraw"}


def test_a_slot_counted_from_an_event_hangs_on_it(tmp_path: Path) -> None:
    text = (BASE + LAUNCH).replace("launch 09:00", "early - 1 day 09:00")
    assert {row.event for row in plan(given(tmp_path, text))} == {"early"}
    cancelled = text.replace("confirmed = true", 'confirmed = true\nstatus = "cancelled"')
    assert {row.action for row in plan(given(tmp_path, cancelled))} == {"withdraw"}


QUIET = '[[quiet]]\nname = "hush"\nfrom = 2025-12-02\nuntil = {}\nthen = "{}"\npartners = {{ region = ["london"] }}\n'


def test_a_quiet_period_withdraws_for_whom_it_names(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, BASE + LAUNCH + QUIET.format("2025-12-02", "skip")))
    assert {row.partner: row.action for row in rows} == {"dfe": "add", "oak": "withdraw"}
    assert "hush" in only(rows, 3).reason


def test_a_quiet_period_moves_by_at_most_two_working_days_with_the_spread_kept(tmp_path: Path) -> None:
    text = BASE + LAUNCH + 'spread = "45m"\n'
    spread = spread_minutes(given(tmp_path, text).timetable.slots[0], "oak")
    row = only(plan(given(tmp_path, text + QUIET.format("2025-12-03", "move"))), 3)
    assert row.due_at == datetime(2025, 12, 4, 9, tzinfo=UTC) + spread
    assert row.occurrence == "2025-12-02T09:00"
    assert (row.window_from, row.window_until) == (
        datetime(2025, 12, 4, 8, 15, tzinfo=UTC),
        datetime(2025, 12, 4, 9, 45, tzinfo=UTC),
    )
    far = only(plan(given(tmp_path, text + QUIET.format("2025-12-04", "move"))), 3)
    assert far.action == "withdraw"


def test_a_partner_posts_in_its_own_hours(tmp_path: Path) -> None:
    def due(hours: str) -> PlanRow:
        own = replace(OAK, details={**OAK.details, "hours": hours})
        return only(plan(given(tmp_path, BASE + LAUNCH, partners=(DFE, own))), 3)

    assert due("08:00-18:00").due_at == datetime(2025, 12, 2, 9, tzinfo=UTC)
    assert due("10:30-18:00").due_at == datetime(2025, 12, 2, 10, 30, tzinfo=UTC)
    assert due("06:00-08:00").due_at == datetime(2025, 12, 3, 6, tzinfo=UTC)
    assert (due("late").action, due("late").findings[0].field) == ("blocked", "oak.hours")


def test_a_slot_that_is_moved_to_where_it_comes_anyhow_comes_there_once(tmp_path: Path) -> None:
    def days(cron: str, more: str = "", **details: str) -> list[tuple[str, str, str]]:
        text = BASE + WEEKLY.replace("0 17 * * thu", cron) + 'from = "launch"\nuntil = "launch + 4 days"\n' + more
        own = replace(OAK, details=details)
        rows = [row for row in plan(given(tmp_path, text, partners=(own,))) if row.partner == "oak"]
        return [(row.occurrence[8:], f"{row.due_at:%d %H}", row.reason) for row in rows]

    silent = QUIET.format("2025-12-03", "move")
    twice = "the slot comes at that time anyhow"
    assert days("0 10 * * *", silent) == [
        ("02T10:00", "04 10", twice),
        ("03T10:00", "04 10", twice),
        ("04T10:00", "04 10", ""),
        ("05T10:00", "05 10", ""),
        ("06T10:00", "06 10", ""),
    ]
    assert days("0 7,8 * * tue", hours="09:00-17:00") == [("02T07:00", "02 09", ""), ("02T08:00", "02 09", twice)]


def test_a_reminder_that_hours_would_push_past_its_event_does_not_go_out(tmp_path: Path) -> None:
    own = replace(OAK, details={"hours": "08:00-15:00"})
    text = BASE + REMINDER.replace("event - 1 working day 12:30", "event - 1 hour")
    rows = plan(given(tmp_path, text, partners=(DFE, own)))
    assert {row.partner: row.action for row in rows} == {"dfe": "add", "oak": "withdraw"}


@pytest.mark.parametrize("at", ["event - 15 minutes", "early - 15 minutes"])
def test_a_minute_of_its_own_takes_no_reminder_past_the_start_of_its_event(tmp_path: Path, at: str) -> None:
    many = tuple(PartnerFacts(f"p{n}", f"P{n}") for n in range(40))
    accounts = [AccountFacts(n, f"p{n}", "facebook") for n in range(40)]
    text = BASE + REMINDER.replace("event - 1 working day 12:30", at) + 'spread = "45m"\n'
    if at.startswith("early"):
        text = text.replace('for_each = "event-*"\n', "")
    rows = plan(given(tmp_path, text, partners=many, accounts=accounts))
    slot_at = datetime(2025, 12, 10, 17, 45, tzinfo=UTC)
    assert {row.action for row in rows} == {"add"}
    assert all(slot_at <= row.due_at < slot_at + timedelta(minutes=15) for row in rows)
    assert len({row.due_at for row in rows}) > 5
    assert {row.stale_at for row in rows} == {datetime(2025, 12, 10, 18, tzinfo=UTC)}


JOINED = datetime(2025, 12, 9, 12, tzinfo=UTC)


def joiner(folder: Path, late: str) -> list[PlanRow]:
    slots = "".join(
        f'[[slot]]\nname = "{name}"\ntemplate = "post-1"\nchannels = ["facebook"]\nat = "{at}"\nlate = "{late}"\n'
        for name, at in (("one", "launch 09:00"), ("two", "launch + 1 day 15:00"), ("three", "launch + 8 days 16:00"))
    )
    late_oak = replace(OAK, joined_at=JOINED)
    return plan(given(folder, BASE + slots, partners=(late_oak,), accounts=ACCOUNTS[3:4], now=JOINED))


@pytest.mark.parametrize("late", ["skip", "catch-up"])
def test_an_account_that_comes_after_its_partner_is_a_late_joiner_itself(tmp_path: Path, late: str) -> None:
    before = replace(OAK, joined_at=JOINED - timedelta(days=5))
    slot = LAUNCH + f'late = "{late}"\n'
    accounts = [replace(one, added_at=JOINED) for one in ACCOUNTS[2:4]] + [ACCOUNTS[4]]
    (x, facebook) = plan(given(tmp_path, BASE + slot, partners=(before,), accounts=accounts, now=JOINED))
    if late == "skip":
        assert {(row.action, row.reason) for row in (x, facebook)} == {
            ("past", "its time came before the account was added")
        }
    else:
        assert {(row.action, row.due_at) for row in (x, facebook)} == {("add", datetime(2025, 12, 10, 9, tzinfo=UTC))}
    (there, _) = plan(given(tmp_path, BASE + slot, partners=(before,), accounts=ACCOUNTS[2:4], now=JOINED))
    assert there.action == "past", "of an account that an older program has stored nobody knows when it came"


def test_a_late_joiner_skips_what_came_before(tmp_path: Path) -> None:
    assert {row.slot: row.action for row in joiner(tmp_path, "skip")} == {"one": "past", "two": "past", "three": "add"}


def test_a_late_joiner_catches_up_with_at_most_one_post_a_day(tmp_path: Path) -> None:
    rows = joiner(tmp_path, "catch-up")
    assert {row.slot: row.due_at.strftime("%d %H") for row in rows} == {
        "two": "09 15",
        "three": "10 16",
        "one": "11 09",
    }
    assert len({row.due_at.date() for row in rows}) == 3


def test_a_rehearsal_before_the_day_of_joining_plans_for_everybody(tmp_path: Path) -> None:
    later = replace(OAK, joined_at=datetime(2026, 11, 24, tzinfo=UTC))
    assert {row.action for row in plan(given(tmp_path, BASE + LAUNCH, partners=(DFE, later)))} == {"add"}


def test_what_a_person_moved_is_left_where_it_is(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH)
    stored = applied(plan(facts))
    by_hand = [replace(post, moved=True, due_at=post.due_at + timedelta(hours=3)) for post in stored]
    rows = plan(replace(facts, existing=by_hand))
    assert {(row.action, row.due_at.hour) for row in rows} == {("keep", 12)}


def test_a_partner_s_minute_is_the_same_on_all_channels_and_partners_differ(tmp_path: Path) -> None:
    many = tuple(PartnerFacts(f"p{n}", f"P{n}", details={"x_line": str(n)}) for n in range(40))
    accounts = [
        AccountFacts(n * 2 + k, f"p{n}", channel) for n in range(40) for k, channel in enumerate(("x", "facebook"))
    ]
    rows = plan(given(tmp_path, BASE + LAUNCH + 'spread = "45m"\n', partners=many, accounts=accounts))
    dues = {partner.key: {row.due_at for row in rows if row.partner == partner.key} for partner in many}
    assert all(len(instants) == 1 for instants in dues.values())
    assert len({min(instants) for instants in dues.values()}) > 15
