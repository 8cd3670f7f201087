"""What the planner answers to a timetable, its partners and what is stored already."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar

import pytest

from campaign.errors import BadInput, Finding, UnknownName
from campaign.plan.audience import AccountFacts, PartnerFacts, check_audience
from campaign.plan.placing import spread_minutes
from campaign.plan.planner import plan
from campaign.plan.rows import SINGLE, ExistingPost, Filled, PlanFacts, PlanRow
from campaign.plan.timetable import load_timetable
from campaign.ports import Draft, Limits, Media, Message

BASE = """
[details]
views_url = "https://www.gov.uk/dfe/SEND-conversation"
events_url = "https://example.org/events"

[days]
launch = 2025-12-02
close = 2025-12-19

[[event]]
name = "early"
title = "Early"
principle = "early"
starts = 2025-12-10T18:00:00
register_url = "https://example.org/early"
confirmed = true
"""
LAUNCH = '[[slot]]\nname = "launch"\ntemplate = "post-1"\nchannels = ["x", "facebook"]\nat = "launch 09:00"\n'
REMINDER = (
    '[[slot]]\nname = "reminder"\ntemplate = "event"\nchannels = ["facebook"]\n'
    'for_each = "event-*"\nat = "event - 1 working day 12:30"\n'
)
SHARE = (
    '[[slot]]\nname = "share"\naction = "share"\nof = "launch@dfe"\nchannels = ["x", "facebook"]\nat = "launch 13:00"\n'
)
WEEKLY = '[[slot]]\nname = "weekly"\ntemplate = "post-2"\nchannels = ["facebook"]\ncron = "0 17 * * thu"\n'

NOW = datetime(2025, 11, 24, 9, tzinfo=UTC)
LIMITS = Limits(text_max=280, count=len, media_max=4, alt_max=1000, pace=timedelta(), card=False)
CHANNELS = dict.fromkeys(("x", "facebook", "email"), LIMITS)
DFE = PartnerFacts("dfe", "DfE", details={"x_line": "From DfE"})
OAK = PartnerFacts("oak", "Oak School", "school", "London", {"x_line": "Oak says"})
ACCOUNTS = (
    AccountFacts(1, "dfe", "x"),
    AccountFacts(2, "dfe", "facebook"),
    AccountFacts(3, "oak", "x"),
    AccountFacts(4, "oak", "facebook"),
    AccountFacts(5, "oak", "email", external_id="parents"),
)


@dataclass(frozen=True)
class Picked:
    name: str
    version: int = 1
    digest: str = "d"
    until: date | str | None = None


class Folder:
    """A template source of a few names; the words of ``stale`` hold until the launch, of ``odd`` nobody knows."""

    UNTIL: ClassVar = {"stale": "launch", "odd": "doomsday"}

    def pick(self, name: str, channel: str) -> Picked:
        if name not in {"post-1", "post-2", "event", "newsletter", *self.UNTIL}:
            raise UnknownName(kind=f"template for {channel}", name=name, mend="Name another")
        return Picked(name, until=self.UNTIL.get(name))


def fill(
    name: str,
    channel: str,
    *,
    campaign: Mapping[str, object],
    partner: PartnerFacts,
    event: Mapping[str, object] | None,
    question: Mapping[str, object] | None,
    fields: Mapping[str, object],
) -> Filled:
    line = fields.get("x_line") or partner.details.get("x_line")
    if channel == "x" and not line:
        raise BadInput([Finding(f"{name}.x.md", "fields.x_line", "is missing", "Fill it in")])
    about = f" {event['title']} on {event['day']} at {event['time']}" if event else ""
    words = (
        f"{partner.name}: {line}{about} {campaign['events_url'] if campaign['events_open'] else campaign['views_url']}"
    )
    return Filled(Draft(words, subject="News" if name == "newsletter" else None), name, "1")


def given(folder: Path, text: str, **changes: Any) -> PlanFacts:
    file = folder / "timetable.toml"
    file.write_text(text, encoding="utf-8")
    facts = PlanFacts(
        timetable=load_timetable(file, "Europe/London"),
        templates=Folder(),
        fill=fill,
        partners=(DFE, OAK),
        accounts=ACCOUNTS,
        now=NOW,
        channels=CHANNELS,
    )
    return replace(facts, **changes)


def applied(
    rows: Sequence[PlanRow], stored: Sequence[ExistingPost] = (), status: str = "in_review"
) -> list[ExistingPost]:
    """Store what the rows say, as the store does."""
    posts = {post.id: post for post in stored}
    for row in rows:
        if row.action == "withdraw" and row.post_id:
            posts[row.post_id] = replace(posts[row.post_id], status="withdrawn", by_plan=True)
        elif row.action in {"add", "change"} and row.draft is not None:
            number = row.post_id or max(posts, default=0) + 1
            posts[number] = ExistingPost(
                number,
                row.account_id,
                row.slot,
                row.occurrence,
                row.due_at,
                status,
                row.draft,
                row.template,
                first_slot=row.first_slot,
            )
        elif row.action == "keep" and row.post_id:
            posts[row.post_id] = replace(posts[row.post_id], slot=row.slot, occurrence=row.occurrence)
    return list(posts.values())


def actions(rows: Sequence[PlanRow]) -> list[tuple[str, int]]:
    return [(row.action, row.account_id) for row in rows]


def only(rows: Sequence[PlanRow], account_id: int) -> PlanRow:
    (found,) = (row for row in rows if row.account_id == account_id)
    return found


def test_every_account_on_a_slot_s_channels_gets_its_post(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, BASE + LAUNCH))
    assert sorted(actions(rows)) == [("add", 1), ("add", 2), ("add", 3), ("add", 4)]
    row = only(rows, 3)
    assert (row.partner, row.channel, row.slot, row.occurrence) == ("oak", "x", "launch", "2025-12-02T09:00")
    assert row.due_at == datetime(2025, 12, 2, 9, tzinfo=UTC)
    assert row.draft is not None
    assert row.draft.words.startswith("Oak School: Oak says")


def test_planning_again_keeps_everything(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH + REMINDER + SHARE + WEEKLY)
    first = plan(facts)
    again = plan(replace(facts, existing=applied(first)))
    assert {row.action for row in again} == {"keep"}
    assert len(again) == len(first)


def test_a_changed_detail_or_time_changes_what_is_in_review(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH)
    stored = applied(plan(facts))
    other = replace(OAK, details={"x_line": "Oak says more"})
    rows = plan(replace(facts, partners=(DFE, other), existing=stored))
    assert only(rows, 3).action == "change"
    assert "words" in only(rows, 3).reason
    assert only(rows, 1).action == "keep"
    later = plan(given(tmp_path, (BASE + LAUNCH).replace("09:00", "10:00"), existing=stored))
    assert {(row.action, row.occurrence) for row in later} == {("change", "2025-12-02T10:00")}


@pytest.mark.parametrize(
    "status",
    ["publishing", "published", "by_hand", "unconfirmed", "retracting", "retracted", "failed", "missed", "rejected"],
)
def test_what_is_taken_or_decided_is_never_planned_again_whatever_moved(tmp_path: Path, status: str) -> None:
    stored = applied(plan(given(tmp_path, BASE + LAUNCH)), status=status)
    moved = (BASE + LAUNCH).replace("launch 09:00", "launch + 1 day 10:00").replace("post-1", "post-2")
    rows = plan(given(tmp_path, moved, existing=stored))
    assert {row.action for row in rows} == {"keep"}
    assert {row.due_at for row in rows} == {datetime(2025, 12, 2, 9, tzinfo=UTC)}


def test_a_cron_line_moved_to_another_hour_does_not_repeat_the_day_s_post(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + WEEKLY)), status="published")
    rows = plan(given(tmp_path, BASE + WEEKLY.replace("0 17", "0 18"), existing=stored))
    assert {row.action for row in rows} == {"keep"}


def test_what_a_person_withdrew_stays_withdrawn_and_what_the_plan_withdrew_comes_back(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH)
    stored = [replace(post, status="withdrawn", by_plan=post.account_id == 4) for post in applied(plan(facts))]
    rows = plan(replace(facts, existing=stored))
    assert {row.account_id: row.action for row in rows} == {1: "keep", 2: "keep", 3: "keep", 4: "add"}
    assert only(rows, 4).post_id is not None


def given_up(post: ExistingPost, ident: int, **changes: Any) -> ExistingPost:
    """A post that an earlier plan withdrew."""
    return replace(post, id=ident, status="withdrawn", by_plan=True, **changes)


@pytest.mark.parametrize("status", ["published", "unconfirmed", "rejected", "approved"])
def test_what_a_plan_once_withdrew_never_stands_before_a_post_that_counts(tmp_path: Path, status: str) -> None:
    (first,) = [post for post in applied(plan(given(tmp_path, BASE + LAUNCH))) if post.account_id == 3]
    live = replace(first, id=50, status=status, occurrence="2025-12-02T08:00", due_at=first.due_at - timedelta(hours=1))
    rows = plan(given(tmp_path, BASE + LAUNCH, existing=[given_up(first, 9), live]))
    row = only(rows, 3)
    assert (row.post_id, row.action) == (50, "change" if status == "approved" else "keep")


def test_a_renamed_slot_finds_its_published_post_behind_a_withdrawn_namesake(tmp_path: Path) -> None:
    (first,) = [post for post in applied(plan(given(tmp_path, BASE + LAUNCH))) if post.account_id == 3]
    stored = [given_up(first, 9, slot="start"), replace(first, id=50, status="published")]
    renamed = (BASE + LAUNCH).replace('name = "launch"\nt', 'name = "start"\nwas = "launch"\nt')
    assert (only(plan(given(tmp_path, renamed, existing=stored)), 3).action) == "keep"
    in_review = [replace(first, id=9, slot="start"), stored[1]]
    found = {
        row.post_id: row.action for row in plan(given(tmp_path, renamed, existing=in_review)) if row.account_id == 3
    }
    assert found == {9: "withdraw", 50: "keep"}


def test_a_renamed_slot_keeps_its_posts_and_its_minute(tmp_path: Path) -> None:
    text = BASE + LAUNCH + 'spread = "45m"\n'
    stored = applied(plan(given(tmp_path, text)), status="approved")
    renamed = text.replace('name = "launch"\nt', 'name = "start"\nwas = "launch"\nt')
    rows = plan(given(tmp_path, renamed, existing=stored))
    assert {(row.action, row.slot) for row in rows} == {("keep", "start")}


def test_a_slot_keeps_its_minute_when_its_old_name_is_forgotten(tmp_path: Path) -> None:
    text = BASE + LAUNCH + 'spread = "45m"\n'
    names = ('name = "launch"', 'name = "start"\nwas = "launch"', 'name = "start"', 'name = "go"\nwas = "start"')
    stored: list[ExistingPost] = []
    for name in names:
        rows = plan(given(tmp_path, text.replace('name = "launch"', name), existing=stored))
        assert {row.action for row in rows} == ({"keep"} if stored else {"add"}), name
        stored = applied(rows, stored, status="approved")


def test_a_slot_renamed_without_was_is_warned_of(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + LAUNCH)))
    rows = plan(given(tmp_path, (BASE + LAUNCH).replace('"launch"\nt', '"start"\nt'), existing=stored))
    gone = [row for row in rows if row.action == "withdraw"]
    assert len(gone) == 4
    assert all(row.finding and 'was = "launch"' in row.finding.mend for row in gone)


def test_what_the_timetable_no_longer_has_is_withdrawn_and_a_person_s_own_post_is_left_alone(tmp_path: Path) -> None:
    stored = applied(plan(given(tmp_path, BASE + LAUNCH)))
    own = replace(stored[0], id=99, slot=SINGLE, occurrence="2025-12-02T09:00:00 ab12")
    rows = plan(given(tmp_path, (BASE + LAUNCH).replace('["x", "facebook"]', '["x"]'), existing=[*stored, own]))
    assert sorted(actions(rows)) == [("keep", 1), ("keep", 3), ("withdraw", 2), ("withdraw", 4)]


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


def test_a_missing_field_blocks_that_post_only_and_says_what_a_partner_can_do_on_x(tmp_path: Path) -> None:
    bare = replace(OAK, details={})
    rows = plan(given(tmp_path, BASE + LAUNCH, partners=(DFE, bare)))
    blocked = only(rows, 3)
    assert blocked.action == "blocked"
    assert blocked.finding is not None
    assert blocked.finding.file == "post-1.x.md"
    assert "partners set oak x_line" in blocked.finding.mend
    assert sorted(actions(rows)) == [("add", 1), ("add", 2), ("add", 4), ("blocked", 3)]


def test_a_text_over_the_platform_s_limit_is_blocked_by_its_own_counting(tmp_path: Path) -> None:
    long = replace(OAK, details={"x_line": "x" * 300})
    rows = plan(
        given(
            tmp_path,
            BASE + LAUNCH,
            partners=(DFE, long),
            channels={**CHANNELS, "facebook": replace(LIMITS, text_max=9999)},
        )
    )
    assert only(rows, 3).action == "blocked"
    assert "allows 280" in only(rows, 3).reason
    assert only(rows, 4).action == "add"


def test_an_unknown_template_is_blocked_and_an_unknown_channel_stops_the_plan(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, (BASE + LAUNCH).replace("post-1", "post-9")))
    assert {row.action for row in rows} == {"blocked"}
    with pytest.raises(BadInput, match='Did you mean "facebook"'):
        plan(given(tmp_path, (BASE + LAUNCH).replace('"facebook"]', '"facebok"]')))


def test_an_issue_goes_to_the_list_of_its_account(tmp_path: Path) -> None:
    text = '[[slot]]\nname = "news"\ntemplate = "newsletter"\nchannels = ["email"]\nat = "launch 10:00"\n'
    (row,) = plan(given(tmp_path, BASE + text))
    assert row.draft is not None
    assert row.draft.audience == "parents"


def test_an_issue_of_which_copies_are_out_is_left_alone(tmp_path: Path) -> None:
    text = '[[slot]]\nname = "news"\ntemplate = "newsletter"\nchannels = ["email"]\nat = "launch 10:00"\n'
    begun = [replace(post, begun=True) for post in applied(plan(given(tmp_path, BASE + text)), status="approved")]
    for changed in (text.replace("10:00", "11:00"), text.replace("newsletter", "post-1"), "", text + QUIET_ALL):
        rows = plan(given(tmp_path, BASE + changed, existing=begun))
        assert {row.action for row in rows if row.post_id} <= {"keep"}


QUIET_ALL = '[[quiet]]\nname = "hush"\nfrom = 2025-12-02\nuntil = 2025-12-03\n'


def test_a_share_names_the_post_and_the_owner_does_not_share_its_own(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, BASE + LAUNCH + SHARE))
    shares = [row for row in rows if row.slot == "share"]
    assert sorted(row.partner for row in shares) == ["oak", "oak"]
    assert all(row.draft and row.draft.share_of == row.share_of == "launch@dfe" for row in shares)
    missing = plan(given(tmp_path, BASE + LAUNCH + SHARE, accounts=ACCOUNTS[1:]))
    assert [row.action for row in missing if row.slot == "share" and row.channel == "x"] == ["blocked"]


def test_a_filter_takes_only_whom_it_names_and_one_that_fits_nobody_is_a_finding(tmp_path: Path) -> None:
    text = BASE + LAUNCH + 'partners = { kind = ["SCHOOL", "colege"] }\n'
    facts = given(tmp_path, text)
    assert {row.partner for row in plan(facts)} == {"oak"}
    (found,) = check_audience(facts.timetable, facts.partners)
    assert 'no partner has kind "colege"' in found.problem


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


def test_a_placeholder_link_in_the_words_blocks_the_post(tmp_path: Path) -> None:
    text = (BASE + LAUNCH).replace("[days]", 'placeholders = ["events_url"]\n[days]')
    row = only(plan(given(tmp_path, text)), 4)
    assert row.finding is not None
    assert (row.action, row.finding.field) == ("blocked", "details.events_url")


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


def test_words_that_hold_until_a_day_are_withdrawn_after_it(tmp_path: Path) -> None:
    text = (BASE + LAUNCH).replace("post-1", "stale")
    assert {row.action for row in plan(given(tmp_path, text))} == {"add"}
    rows = plan(given(tmp_path, text.replace("launch 09:00", "launch + 1 day 09:00")))
    assert {row.action for row in rows} == {"withdraw"}


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


def test_words_that_hold_until_a_day_that_nobody_named_are_blocked(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, (BASE + LAUNCH).replace("post-1", "odd")))
    assert {row.action for row in rows} == {"blocked"}
    assert all(row.finding and "Add doomsday to [days]" in row.finding.mend for row in rows)


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


def test_a_reminder_that_hours_would_push_past_its_event_does_not_go_out(tmp_path: Path) -> None:
    own = replace(OAK, details={"hours": "08:00-15:00"})
    text = BASE + REMINDER.replace("event - 1 working day 12:30", "event - 1 hour")
    rows = plan(given(tmp_path, text, partners=(DFE, own)))
    assert {row.partner: row.action for row in rows} == {"dfe": "add", "oak": "withdraw"}


JOINED = datetime(2025, 12, 9, 12, tzinfo=UTC)


def joiner(folder: Path, late: str) -> list[PlanRow]:
    slots = "".join(
        f'[[slot]]\nname = "{name}"\ntemplate = "post-1"\nchannels = ["facebook"]\nat = "{at}"\nlate = "{late}"\n'
        for name, at in (("one", "launch 09:00"), ("two", "launch + 1 day 15:00"), ("three", "launch + 8 days 16:00"))
    )
    late_oak = replace(OAK, joined_at=JOINED)
    return plan(given(folder, BASE + slots, partners=(late_oak,), accounts=ACCOUNTS[3:4], now=JOINED))


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


def test_a_post_s_own_fields_fill_it(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH)
    stored = [replace(post, fields={"x_line": "Its own line"}) for post in applied(plan(facts))]
    row = only(plan(replace(facts, existing=stored)), 3)
    assert row.draft is not None
    assert (row.action, "Its own line" in row.draft.words) == ("change", True)


def test_a_partner_s_minute_is_the_same_on_all_channels_and_partners_differ(tmp_path: Path) -> None:
    many = tuple(PartnerFacts(f"p{n}", f"P{n}", details={"x_line": str(n)}) for n in range(40))
    accounts = [
        AccountFacts(n * 2 + k, f"p{n}", channel) for n in range(40) for k, channel in enumerate(("x", "facebook"))
    ]
    rows = plan(given(tmp_path, BASE + LAUNCH + 'spread = "45m"\n', partners=many, accounts=accounts))
    dues = {partner.key: {row.due_at for row in rows if row.partner == partner.key} for partner in many}
    assert all(len(instants) == 1 for instants in dues.values())
    assert len({min(instants) for instants in dues.values()}) > 15


def test_what_another_account_says_on_a_channel_that_forbids_copies_is_blocked(tmp_path: Path) -> None:
    def same(name: str, channel: str, **facts: Any) -> Filled:
        return Filled(Draft(f"Have  your {'SAY' if facts['partner'] == OAK else 'say'}"), name, "1")

    def compose(channel: str, draft: Draft, _token: str) -> Message:
        return Message(channel, draft.words)

    channels = {**CHANNELS, "x": replace(LIMITS, copies=False)}
    facts = given(tmp_path, BASE + LAUNCH, fill=same, compose=compose, channels=channels)
    rows = plan(facts)
    assert sorted(actions(rows)) == [("add", 1), ("add", 2), ("add", 4), ("blocked", 3)]
    assert "another account says the same" in only(rows, 3).reason
    mine = [post for post in applied(rows) if post.account_id == 1]
    stored = [replace(mine[0], account_id=3, status="published")]
    assert sorted(actions(plan(replace(facts, existing=stored)))) == [
        ("add", 2),
        ("add", 4),
        ("blocked", 1),
        ("keep", 3),
    ]
    single = [replace(mine[0], account_id=3, slot=SINGLE)]
    assert only([row for row in plan(replace(facts, existing=single)) if row.account_id == 1], 1).action == "blocked"
    gone = [replace(single[0], status="withdrawn")]
    assert only(plan(replace(facts, existing=gone)), 1).action == "add"


def pictured(until: datetime | None) -> Any:
    """Fill every post with an image whose permission ends at ``until``."""

    def made(name: str, channel: str, **facts: Any) -> Filled:
        plain = fill(name, channel, **facts)
        image = Media("d" * 64, "image/png", "Our class", Path("a.png"), until)
        return replace(plain, draft=replace(plain.draft, media=(image,)))

    return made


def test_a_post_whose_images_permission_will_have_ended_is_blocked_and_others_are_not(tmp_path: Path) -> None:
    ends = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
    blocked = only(plan(given(tmp_path, BASE + LAUNCH, fill=pictured(ends))), 4)
    assert (blocked.action, blocked.finding and blocked.finding.field) == ("blocked", "media")
    assert "“Our class” is held until Monday 1 December 2025 only" in blocked.reason
    for until in (ends + timedelta(seconds=1), None):
        assert only(plan(given(tmp_path, BASE + LAUNCH, fill=pictured(until))), 4).action == "add"


def test_a_permission_that_was_renewed_reaches_a_stored_post(tmp_path: Path) -> None:
    ends = datetime(2026, 1, 1, tzinfo=UTC)
    stored = applied(plan(given(tmp_path, BASE + LAUNCH, fill=pictured(ends))))
    again = plan(given(tmp_path, BASE + LAUNCH, fill=pictured(ends), existing=stored))
    later = plan(given(tmp_path, BASE + LAUNCH, fill=pictured(ends + timedelta(days=90)), existing=stored))
    assert (only(again, 4).action, only(later, 4).action) == ("keep", "change")
