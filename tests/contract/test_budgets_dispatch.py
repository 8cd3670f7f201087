"""Budgets over real HTTP: a lane waits as its platform says, before it is refused, and goes on exactly then."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_room import POLICY, SECOND, Room, opened_room

from campaign import tell
from campaign.dispatch import budget, reconcile, sweep
from campaign.identities import name as bound_to
from campaign.models import bookings, claims, lanes
from campaign.models.bookings import month_of
from campaign.models.partners import Account, Lane
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.ports import Media
from campaign.sandbox.server import Sandbox

Open = Callable[..., Room]
MINUTE = timedelta(minutes=1)
TICK = timedelta(microseconds=1)
LATE = timedelta(days=40)
"""The grace here: posts wait for the end of a day or a month, and go on then."""


@pytest.fixture
def opened(sandbox: Sandbox, tmp_path: Path) -> Iterator[Open]:
    """Opens a room over a channel with settings of its own."""
    rooms = []

    def build(name: str, **settings: object) -> Room:
        rooms.append(contextmanager(opened_room)(name, sandbox, tmp_path, **settings))
        room = rooms[-1].__enter__()
        room.means = replace(room.means, policy=replace(room.means.policy, grace=LATE))
        return room

    yield build
    for room in rooms:
        room.__exit__(None, None, None)


def lane_of(room: Room, partner: str = "oak") -> tuple[datetime, str | None]:
    with room.means.database.read() as session:
        lane = session.get_one(Lane, room.accounts[partner])
    assert lane.ready_at is not None
    return lane.ready_at, lane.ready_why


def creates(room: Room) -> int:
    calls: Any = room.box.world.faults.report()["calls"]
    return int(calls.get(f"{room.channel}.create", 0))


def goes_on_exactly_at(room: Room, ready_at: datetime, post_id: int) -> None:
    """Assert that every worker sees the wait, however new its process is, and its end to the microsecond."""
    with room.means.database.read() as session:
        assert claims.due(session, [room.accounts["oak"]], "another:2", ready_at - TICK, LATE) == []
        assert lanes.due_accounts(session, ready_at - TICK, LATE, limit=9) == []
        assert lanes.due_accounts(session, ready_at, LATE, limit=9) == [(room.accounts["oak"], room.channel)]
        (due,) = claims.due(session, [room.accounts["oak"]], "another:2", ready_at, LATE)
    assert due.ident == post_id
    room.later(ready_at - room.means.clock.now() + SECOND - MINUTE)
    room.serve()
    assert room.seen(post_id).status == Status.PUBLISHED


# --- X --------------------------------------------------------------------------------------------------------------


def test_x_an_account_that_used_up_its_window_waits_for_the_reset_and_meets_no_429(opened: Open) -> None:
    room = opened("x")
    room.box.world.switches["x.rate_factor"] = 0.02  # two creates in 15 minutes
    posts = [room.post(f"Have your say, part {number}") for number in range(3)]
    other = room.post("From elm", partner="elm")
    for _ in range(3):
        room.serve()
    room.serve("elm")
    assert [room.seen(ident).status for ident in (*posts, other)] == ["published", "published", "approved", "published"]
    ready_at, why = lane_of(room)
    assert 10 * MINUTE < ready_at - room.means.clock.now() < 15 * MINUTE
    assert "limit of 15 minutes on X is used up" in (why or "")
    assert creates(room) == 3, "somebody asked although nothing was left"
    goes_on_exactly_at(room, ready_at, posts[2])
    assert room.attempts(posts[2]) == ["posted"]


def test_x_a_day_that_is_used_up_outlasts_the_window(opened: Open) -> None:
    room = opened("x")
    room.box.world.switches |= {"x.creates_per_day": 1, "x.rate_factor": 1}
    first, second = room.post("The first"), room.post("The second")
    for _ in range(2):
        room.serve()
    assert (room.seen(first).status, room.seen(second).status) == (Status.PUBLISHED, Status.APPROVED)
    ready_at, why = lane_of(room)
    assert ready_at - room.means.clock.now() > timedelta(hours=23)
    assert "24 hours" in (why or "")


def test_x_a_refused_create_that_was_the_last_one_paces_the_lane_too(opened: Open) -> None:
    room = opened("x")
    room.box.world.switches["x.rate_factor"] = 0.02
    room.post("Have your say")
    twice, third = room.post("Have your say"), room.post("Something else")
    for _ in range(3):
        room.serve()
    assert [room.seen(ident).status for ident in (twice, third)] == [Status.FAILED, Status.APPROVED]
    assert lane_of(room)[0] - room.means.clock.now() > 10 * MINUTE
    assert creates(room) == 2


def test_x_reposts_and_a_429_with_a_reset_wait_for_it_to_the_second(opened: Open) -> None:
    room = opened("x")
    post_id = room.post("Have your say")
    room.goes_wrong("429", seconds=1200, times=1)
    room.serve()
    ready_at, why = lane_of(room)
    assert room.seen(post_id).next_try_at == ready_at
    assert ready_at.microsecond == 0, "X states whole seconds"
    assert "429" in (why or "")
    goes_on_exactly_at(room, ready_at, post_id)


# --- Facebook ---------------------------------------------------------------------------------------------------------


def test_facebook_a_page_slows_down_from_75_percent_and_stops_at_100_for_the_minutes_told(opened: Open) -> None:
    room = opened("facebook", slowest="25m")
    room.box.world.switches["facebook.budget"] = 10
    posts = [room.post(f"Part {number}") for number in range(11)]
    for _ in range(7):
        room.serve()
    assert [room.seen(ident).status for ident in posts[6:8]] == [Status.PUBLISHED, Status.APPROVED]
    assert lane_of(room)[1] is None, "70 percent are no reason to wait"
    room.serve()
    ready_at, why = lane_of(room)
    assert 4 * MINUTE < ready_at - room.means.clock.now() <= 6 * MINUTE
    assert why == "80 % of the budget of calls on Facebook is used"
    goes_on_exactly_at(room, ready_at, posts[8])
    ready_at, _ = lane_of(room)
    assert 14 * MINUTE < ready_at - room.means.clock.now() <= 16 * MINUTE
    goes_on_exactly_at(room, ready_at, posts[9])
    ready_at, why = lane_of(room)
    assert timedelta(hours=22) < ready_at - room.means.clock.now() < timedelta(hours=24)
    assert "is used up until" in (why or "")
    goes_on_exactly_at(room, ready_at, posts[10])
    assert creates(room) == 11
    assert all(room.attempts(ident) == ["posted"] for ident in posts)


def test_facebook_a_block_by_policy_stops_that_page_alone_for_hours_and_says_until_when(opened: Open) -> None:
    room = opened("facebook")
    room.box.world.switches["facebook.blocked"] = ["1001"]
    stopped, other = room.post("From oak"), room.post("From elm", partner="elm")
    room.serve()
    room.serve("elm")
    assert (room.seen(stopped).status, room.seen(other).status) == (Status.APPROVED, Status.PUBLISHED)
    with room.means.database.read() as session:
        account = session.get_one(Account, room.accounts["oak"])
    assert account.stopped_until is not None
    assert timedelta(hours=3) < account.stopped_until - room.means.clock.now() < timedelta(hours=5)
    (notice,) = room.notices()
    with room.means.database.read() as session:
        assert tell.moment(session, account.stopped_until) in notice.body
    assert "new credentials" not in notice.body, "they would change nothing"
    room.serve()
    assert creates(room) == 2, "a stopped page was tried"
    room.box.world.switches.clear()
    room.later(timedelta(hours=7))
    room.serve()
    assert room.seen(stopped).status == Status.PUBLISHED


# --- LinkedIn ---------------------------------------------------------------------------------------------------------


def midnight(room: Room) -> datetime:
    return (room.means.clock.now() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def to_noon(room: Room) -> None:
    """Move the clock to noon (UTC), so that no test runs over midnight."""
    room.later(midnight(room) + timedelta(hours=12) - room.means.clock.now())


def test_linkedin_a_limit_of_the_day_waits_for_midnight_and_other_throttles_back_off(opened: Open) -> None:
    room = opened("linkedin", back_off="5s")
    to_noon(room)
    post_id = room.post("Have your say")
    room.goes_wrong("429-no-reset", times=2)
    waits = []
    for _ in range(2):
        room.serve()
        waits.append(lane_of(room)[0] - room.means.clock.now())
    assert [round(wait / SECOND) for wait in waits] == [5, 30], "the pauses grow"
    room.goes_wrong("429", seconds=60, times=1)
    room.serve()
    assert lane_of(room)[0] == midnight(room)
    goes_on_exactly_at(room, midnight(room), post_id)


def test_linkedin_an_accounts_own_counter_stops_it_before_it_is_refused_and_ends_at_midnight(opened: Open) -> None:
    room = opened("linkedin", daily_limit=2)
    room.box.world.switches["linkedin.daily_limit"] = 2
    to_noon(room)
    posts = [room.post(f"Part {number}") for number in range(3)]
    other = room.post("From elm", partner="elm")
    for _ in range(3):
        room.serve()
    room.serve("elm")
    assert [room.seen(ident).status for ident in (*posts, other)] == ["published", "published", "approved", "published"]
    ready_at, why = lane_of(room)
    assert ready_at == midnight(room)
    assert "the 2 posts of a day on LinkedIn are used up" in (why or "")
    assert (creates(room), room.attempts(posts[2])) == (3, [])
    goes_on_exactly_at(room, ready_at, posts[2])


def test_linkedin_a_raised_limit_of_a_day_lets_the_lane_go_on_at_once(opened: Open) -> None:
    room = opened("linkedin", daily_limit=1)
    to_noon(room)
    posts = [room.post(f"Part {number}") for number in range(3)]
    for _ in range(2):
        room.serve()
    reopen(room.means)
    room.serve()
    assert room.seen(posts[1]).status == Status.APPROVED, "the limit is what it was"
    raised = limited_to(room, 2)
    reopen(raised.means)
    for _ in range(2):
        raised.serve()
    assert [room.seen(ident).status for ident in posts] == ["published", "published", "approved"]
    reopen(raised.means)
    goes_on_exactly_at(raised, midnight(raised), posts[2])


def test_linkedin_a_wait_that_the_platform_told_outlasts_a_raised_limit(opened: Open) -> None:
    room = opened("linkedin", daily_limit=1)
    to_noon(room)
    post_id = room.post("Have your say")
    room.goes_wrong("429", seconds=60, times=1)
    room.serve()
    raised = limited_to(room, 2)
    reopen(raised.means)
    goes_on_exactly_at(raised, midnight(raised), post_id)


def limited_to(room: Room, most: int) -> Room:
    """Return the room as a process sees it that was started with another daily limit."""
    channel: Any = room.means.channels["linkedin"]
    settings = channel._settings.model_copy(update={"daily_limit": most})
    channels = {"linkedin": type(channel)(settings, room.means.clock)}
    return replace(room, means=replace(room.means, channels=channels, owner="restarted:2"))


def test_linkedin_what_never_reached_it_is_not_counted(opened: Open) -> None:
    room = opened("linkedin", daily_limit=1, api_url="http://127.0.0.1:9")
    to_noon(room)
    post_id = room.post("Have your say")
    for _ in range(3):
        room.serve()
    assert room.attempts(post_id) == ["never-sent"] * 3


# --- money ------------------------------------------------------------------------------------------------------------


def spent(room: Room) -> int:
    with room.means.database.read() as session:
        return bookings.spent(session, "x", month_of(room.means.clock.now()))


def test_what_was_posted_or_may_have_been_is_spent_and_what_was_refused_is_not(opened: Open) -> None:
    room = opened("x")
    to_noon(room)
    room.post("Have your say")
    room.serve()
    assert spent(room) == 15_000
    room.post("Have your say at gov.uk")
    room.serve()
    assert spent(room) == 215_000
    room.post("Have your say")
    room.serve()
    assert spent(room) == 215_000, "X refused the duplicate"
    lost = room.post("Have your say tomorrow")
    room.goes_wrong("drop-before-store", times=1)
    room.serve()
    assert (room.seen(lost).status, spent(room)) == (Status.UNCONFIRMED, 230_000)
    with room.desk() as desk:
        post = desk.session.get_one(Post, lost)
        reconcile.declare_absent(desk.session, room.means, post, who="rita", now=desk.now, why="rita looked")
    assert spent(room) == 215_000
    room.serve()
    assert (room.seen(lost).status, spent(room)) == (Status.PUBLISHED, 230_000)
    room.order_retraction(lost)
    sweep.take_down(room.means, lost)
    assert (room.seen(lost).status, spent(room)) == (Status.RETRACTED, 240_000)


def test_alt_texts_that_were_set_before_an_upload_failed_are_paid_for(
    opened: Open, pictures: Callable[[int], tuple[Media, ...]]
) -> None:
    room = opened("x")
    to_noon(room)
    images = room.keep_images(pictures(2))
    lost = room.post("Have your say", media=images)
    room.goes_wrong("5xx-before-store", endpoint="upload", nth=[3])  # picture, alt text, and then the second picture
    room.serve()
    assert room.attempts(lost) == ["never-sent"]
    assert spent(room) == 10_000, "how many of the two were set is not known: both count"
    room.serve()
    assert spent(room) == 10_000 + 10_000 + 15_000


def test_a_post_that_would_pass_the_cap_is_not_sent_and_people_are_told_once(opened: Open) -> None:
    room = opened("x", monthly_cap=0.03)
    to_noon(room)
    posts = [room.post(f"{partner} {number}", partner=partner) for partner in ("oak", "elm") for number in range(2)]
    for _ in range(3):
        room.serve()
        room.serve("elm")
    assert [room.seen(ident).status for ident in posts] == ["published", "approved"] * 2
    assert creates(room) == 2
    assert spent(room) == 30_000
    first = (room.means.clock.now().replace(day=1) + timedelta(days=32)).replace(day=1)
    for partner in ("oak", "elm"):
        ready_at, why = lane_of(room, partner)
        assert ready_at == datetime(first.year, first.month, 1, tzinfo=UTC)
        assert "the monthly cap on X ($0.03) is reached" in (why or "")
    assert [(notice.to, notice.subject) for notice in room.notices()] == [
        ("rolf@dfe.example.org", "the monthly cap on x is reached")
    ]


def test_what_a_cap_kept_back_too_long_is_missed_and_the_officer_reads_why(opened: Open) -> None:
    room = opened("x", monthly_cap=0)
    to_noon(room)
    post_id = room.post("Have your say")
    room.serve()
    room.later(POLICY.grace)
    sweep.expire(replace(room.means, policy=POLICY), room.means.clock.now())
    assert (room.seen(post_id).status, creates(room)) == (Status.MISSED, 0)
    (missed,) = [notice for notice in room.notices() if "missed" in notice.subject]
    assert missed.to == "olga@oak.example.org"
    assert "the monthly cap on X ($0.00) is reached" in missed.body


def test_a_raised_cap_lets_the_lanes_go_on_at_once_and_a_new_month_by_itself(opened: Open) -> None:
    room = opened("x", monthly_cap="0.015")
    to_noon(room)
    first, second, third = (room.post(f"Part {number}") for number in range(3))
    for _ in range(2):
        room.serve()
    assert (room.seen(first).status, room.seen(second).status) == (Status.PUBLISHED, Status.APPROVED)
    sweep_again = replace(room.means, owner="restarted:2")
    reopen(sweep_again)
    room.serve()
    assert room.seen(second).status == Status.APPROVED, "the cap is what it was"
    channel = room.means.channels["x"]
    settings: Any = channel._settings  # type: ignore[attr-defined]
    higher = type(channel)(settings.model_copy(update={"monthly_cap": settings.price_post * 2}), room.means.clock)
    raised = replace(room, means=replace(room.means, channels={"x": higher}, owner="restarted:3"))
    reopen(raised.means)
    raised.serve()
    assert room.seen(second).status == Status.PUBLISHED
    raised.serve()
    assert room.seen(third).status == Status.APPROVED
    goes_on_exactly_at(raised, lane_of(raised)[0], third)


def reopen(means: Any) -> None:
    budget.reopen(means, means.clock.now())


def test_an_accounts_own_cap_stops_it_alone_and_tells_its_officer(opened: Open) -> None:
    room = opened("x", account_monthly_cap="0.015")
    to_noon(room)
    stopped = [room.post("Part 1"), room.post("Part 2")]
    other = room.post("From elm", partner="elm")
    for _ in range(2):
        room.serve()
    room.serve("elm")
    assert [room.seen(ident).status for ident in (*stopped, other)] == ["published", "approved", "published"]
    assert "of this account" in (lane_of(room)[1] or "")
    assert [notice.to for notice in room.notices()] == ["olga@oak.example.org"]


# --- one lane alone ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channel", ["x", "facebook", "linkedin"])
@pytest.mark.parametrize("trouble", ["429", "dead-token", "slow"])
def test_trouble_of_one_account_stops_its_lane_alone(opened: Open, channel: str, trouble: str) -> None:
    room = opened(channel, read="300ms", token_pause="10ms")
    first, second = room.post("From oak"), room.post("More from oak")
    if trouble == "dead-token":
        with room.means.database.write() as session:
            account = session.get_one(Account, room.accounts["oak"])
            wrong = {name: f"{value}-gone" for name, value in room.credentials("1001").items() if "refresh" not in name}
            account.sealed = room.vault.seal(wrong, bound_to(account))
            session.add(account)
    else:
        kind = "store-then-delay" if trouble == "slow" else trouble
        room.goes_wrong(kind, times=1, seconds=3600 if trouble == "429" else 2)
    room.serve()
    others = [room.post(f"From elm {number}", partner="elm") for number in range(2)]
    for _ in others:
        room.serve("elm")
    assert [room.seen(ident).status for ident in others] == [Status.PUBLISHED] * 2
    waiting = Status.UNCONFIRMED if trouble == "slow" else Status.APPROVED
    assert (room.seen(first).status, room.seen(second).status) == (waiting, Status.APPROVED)
    assert room.attempts(second) == []
