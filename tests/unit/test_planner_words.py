"""What the planner makes of a post's words: filled, blocked with a mend, too long, no longer true, said already."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from planning import BASE, CHANNELS, DFE, LAUNCH, LIMITS, OAK, actions, applied, fill, given, only

from campaign.errors import BadInput
from campaign.plan.planner import plan
from campaign.plan.rows import SINGLE, Filled
from campaign.ports import Draft, Media, Message


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


def test_a_placeholder_link_in_the_words_blocks_the_post(tmp_path: Path) -> None:
    text = (BASE + LAUNCH).replace("[days]", 'placeholders = ["events_url"]\n[days]')
    row = only(plan(given(tmp_path, text)), 4)
    assert row.finding is not None
    assert (row.action, row.finding.field) == ("blocked", "details.events_url")


def test_words_that_hold_until_a_day_are_withdrawn_after_it(tmp_path: Path) -> None:
    text = (BASE + LAUNCH).replace("post-1", "stale")
    assert {row.action for row in plan(given(tmp_path, text))} == {"add"}
    rows = plan(given(tmp_path, text.replace("launch 09:00", "launch + 1 day 09:00")))
    assert {row.action for row in rows} == {"withdraw"}


def test_words_that_hold_until_a_day_that_nobody_named_are_blocked(tmp_path: Path) -> None:
    rows = plan(given(tmp_path, (BASE + LAUNCH).replace("post-1", "odd")))
    assert {row.action for row in rows} == {"blocked"}
    assert all(row.finding and "Add doomsday to [days]" in row.finding.mend for row in rows)


def test_a_post_s_own_fields_fill_it(tmp_path: Path) -> None:
    facts = given(tmp_path, BASE + LAUNCH)
    stored = [replace(post, fields={"x_line": "Its own line"}) for post in applied(plan(facts))]
    row = only(plan(replace(facts, existing=stored)), 3)
    assert row.draft is not None
    assert (row.action, "Its own line" in row.draft.words) == ("change", True)


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
