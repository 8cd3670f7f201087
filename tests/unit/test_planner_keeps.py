"""What the planner does with what is stored already: kept, changed, withdrawn, found under a slot's new name."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from planning import ACCOUNTS, BASE, DFE, LAUNCH, NOW, OAK, REMINDER, SHARE, WEEKLY, actions, applied, given, only

from campaign.plan.audience import check_audience
from campaign.plan.planner import plan
from campaign.plan.rows import SINGLE, ExistingPost
from campaign.plan.share_check import check_shares


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


def test_a_share_of_a_slot_that_leaves_its_owner_out_is_blocked(tmp_path: Path) -> None:
    oaks = LAUNCH + 'partners = { region = ["london"] }\n'
    rows = plan(given(tmp_path, BASE + oaks + SHARE))
    found = [(row.action, row.findings[0]) for row in rows if row.slot == "share"]
    assert {action for action, _ in found} == {"blocked"}
    assert all("leaves dfe out" in finding.problem and finding.line for _, finding in found)


@pytest.mark.parametrize(
    ("launch", "share", "told"),
    [
        (LAUNCH, SHARE, ()),
        (LAUNCH, SHARE.replace("13:00", "08:59"), ("oak shares on x at 2025-12-02 08:59, and launch@dfe comes at",)),
        (LAUNCH, SHARE.replace("launch 13:00", "launch - 1 day 13:00"), ("2025-12-01 13:00",)),
        (LAUNCH, SHARE.replace("launch 13:00", "launch - 20 days 13:00"), ()),
        (LAUNCH + '[[quiet]]\nname = "q"\nfrom = 2025-12-02\nuntil = 2025-12-02\npartners = { key = ["dfe"] }\n', SHARE,
         ("launch@dfe does not go out on x (quiet period: q)",)),
    ],
    ids=["after", "before", "the day before", "past", "silent"],
)  # fmt: skip
def test_a_share_that_comes_before_its_post_is_a_finding(
    tmp_path: Path, launch: str, share: str, told: tuple[str, ...]
) -> None:
    facts = given(tmp_path, BASE + launch + share)
    found = check_shares(facts)
    assert len(found) == len(told)
    for one, words in zip(found, told, strict=True):
        assert words in one.problem
        assert one.line
        assert one.file == "timetable.toml"


def test_a_share_of_what_is_published_or_was_moved_out_of_its_way_is_no_finding(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH + SHARE.replace("13:00", "08:30"))
    stored = applied(plan(facts))
    assert len(check_shares(replace(facts, existing=stored))) == 1
    out = [replace(post, status="published") for post in stored if post.slot == "launch"]
    assert check_shares(replace(facts, existing=out)) == []
    later = NOW + timedelta(days=9)
    moved = [replace(post, moved=True, due_at=later) for post in stored if post.slot == "share"]
    assert check_shares(replace(facts, existing=moved)) == []


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
