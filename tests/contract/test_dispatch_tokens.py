"""Tokens that end while posts are due: renewed where they can be, else the account stops and its people are told."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_room import Room, claim_next, opened_room

from campaign.clock import iso
from campaign.dispatch import lane
from campaign.engagement.collect import Collector
from campaign.engagement.timetable import Cooling
from campaign.identities import Identities
from campaign.identities import name as bound_to
from campaign.models import listing, partners, renewals
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.snapshots import of_post
from campaign.models.status import Status
from campaign.register import accounts as register
from campaign.register import checking
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

WHO = {"x": ("elm", "2002"), "linkedin": ("oak", "1001")}


@pytest.fixture(params=["x", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room(request.param, sandbox, tmp_path)


@pytest.fixture
def on_x(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    """A room where a renewal spends the refresh token."""
    yield from opened_room("x", sandbox, tmp_path)


def seal(room: Room, **changes: str) -> None:
    """Give the account that can renew its token its own credentials, changed."""
    partner, number = WHO[room.channel]
    with room.means.database.write() as session:
        account = session.get_one(Account, room.accounts[partner])
        account.sealed = room.vault.seal({**room.credentials(number), **changes}, bound_to(account))
        session.add(account)


def account_of(room: Room) -> Account:
    with room.means.database.read() as session:
        return session.get_one(Account, room.accounts[WHO[room.channel][0]])


def ends_in(room: Room, span: timedelta) -> str:
    return iso(room.means.clock.now() + span)


def token_calls(room: Room) -> int:
    calls: Any = room.box.world.faults.report()["calls"]
    return int(calls.get(f"{room.channel}.token", 0))


def test_a_token_that_ends_in_mid_run_is_renewed_between_two_posts(room: Room) -> None:
    partner, _ = WHO[room.channel]
    seal(room, expires_at=ends_in(room, timedelta(days=8)))
    post_ids = [room.post(words, partner=partner) for words in ("The first", "The second")]
    room.serve(partner)
    before = token_calls(room)
    room.later(timedelta(days=8))
    with room.means.database.write() as session:
        post = listing.post(session, post_ids[1])
        assert post is not None
        post.post.due_at = room.means.clock.now()
        session.add(post.post)
    room.serve(partner)
    assert [room.seen(post_id).status for post_id in post_ids] == [Status.PUBLISHED, Status.PUBLISHED]
    assert (len(room.shown()), token_calls(room)) == (2, before + 1)


def test_a_token_that_is_refused_before_its_time_is_renewed_and_the_post_goes(room: Room) -> None:
    partner, _ = WHO[room.channel]
    seal(room, access_token="revoked-7719")
    post_id = room.post("Have your say", partner=partner)
    room.serve(partner)
    assert (room.attempts(post_id), room.shown()) == (["credential"], [])
    room.serve(partner)
    assert (room.attempts(post_id), len(room.shown())) == (["credential", "posted"], 1)
    assert (token_calls(room), account_of(room).stopped_why) == (1, None)


def test_a_lost_renewal_stops_the_account_asks_a_person_and_leaves_no_post_in_doubt(on_x: Room) -> None:
    seal(on_x, expires_at=ends_in(on_x, timedelta(minutes=1)))
    on_x.box.world.faults.replace([Fault("store-then-drop", "x", "token")])
    post_id = on_x.post("Have your say", partner="elm")
    for _ in range(4):
        on_x.serve("elm")
    assert on_x.attempts(post_id) == ["credential", "credential"]
    assert (on_x.seen(post_id).status, on_x.shown(), token_calls(on_x)) == (Status.APPROVED, [], 1)
    assert "lost" in (account_of(on_x).stopped_why or "")
    assert ["lost" in notice.body and "new credentials" in notice.body for notice in on_x.notices()] == [True]


SPENT_NOTHING = [("x", "429-no-reset"), ("linkedin", "429-no-reset"), ("linkedin", "drop-before-store")]


@pytest.mark.parametrize(("room", "kind"), SPENT_NOTHING, indirect=["room"])
def test_a_renewal_that_spent_nothing_delays_the_post_and_no_more(room: Room, kind: str) -> None:
    partner, _ = WHO[room.channel]
    seal(room, expires_at=ends_in(room, timedelta(minutes=1)))
    room.box.world.faults.replace([Fault(kind, room.channel, "token", nth=(1,))])
    post_id = room.post("Have your say", partner=partner)
    room.serve(partner)
    assert (room.seen(post_id).status, room.shown()) == (Status.APPROVED, [])
    room.come_to_rest()
    assert [room.seen(post_id).external_id] == room.shown()


def test_a_platform_that_refused_good_tokens_for_long_stops_the_account_and_a_check_lets_it_go(room: Room) -> None:
    number = WHO[room.channel][1]
    partner = WHO[room.channel][0]
    seal(room, refresh_token="")
    post_id = room.post("Have your say", partner=partner)
    room.goes_wrong("dead-token", "*")
    for _ in range(3):
        room.serve(partner)
    assert account_of(room).stopped_why
    assert checked(room)[number] is False
    assert account_of(room).stopped_why, "a check that failed let it go"
    room.box.world.faults.replace(())
    assert checked(room)[number] is True
    assert account_of(room).stopped_why is None
    room.serve(partner)
    assert [room.seen(post_id).external_id] == room.shown()


@pytest.mark.parametrize("refusals", [1, 2])
def test_an_answer_to_old_credentials_leaves_new_ones_alone(room: Room, refusals: int) -> None:
    """A person brings in good credentials while a call with the old ones is under way; its answer comes after."""
    partner, number = WHO[room.channel]
    seal(room, access_token="revoked-7719", refresh_token="")
    post_id = room.post("Have your say", partner=partner)
    for _ in range(refusals - 1):
        room.serve(partner)
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts[partner])
    assert claimed is not None
    done = lane.send(room.means, claimed)
    with room.means.database.write() as session:
        register.seal(session.get_one(Account, room.accounts[partner]), room.credentials(number), room.vault)
    lane.turn(room.means, [done], ())
    assert room.attempts(post_id) == ["credential"] * refusals
    assert (account_of(room).stopped_why, renewals.wanted(account_of(room))) == (None, False)
    room.serve(partner)
    assert [room.seen(post_id).external_id] == room.shown()
    assert room.notices() == []


def test_credentials_that_were_renewed_for_the_call_and_refused_stop_the_account(on_x: Room) -> None:
    seal(on_x, access_token="revoked-7719")
    post_id = on_x.post("Have your say", partner="elm")
    on_x.goes_wrong("dead-token", "create")
    for _ in range(3):
        on_x.serve("elm")
    assert on_x.attempts(post_id) == ["credential", "credential"]
    assert account_of(on_x).stopped_why
    assert token_calls(on_x) == 1


def test_a_look_up_with_a_refused_token_renews_it_and_finds_the_post(room: Room) -> None:
    partner, _ = WHO[room.channel]
    room.goes_wrong("store-then-drop")
    post_id = room.post("Have your say", partner=partner)
    room.serve(partner)
    assert room.seen(post_id).status == Status.UNCONFIRMED
    seal(room, access_token="revoked-7719")
    room.look(post_id)
    assert renewals.wanted(account_of(room))
    room.look(post_id)
    assert (room.seen(post_id).status, [room.seen(post_id).external_id]) == (Status.PUBLISHED, room.shown())
    assert token_calls(room) == 1


def test_a_reading_with_a_refused_token_renews_it_and_leaves_no_gap(room: Room) -> None:
    partner, _ = WHO[room.channel]
    post_id, hour, clock = room.post("Have your say", partner=partner), timedelta(hours=1), room.means.clock
    room.serve(partner)
    with room.means.database.write() as session:
        post = session.get_one(Post, post_id)
        post.next_reading_at = (post.published_at or clock.now()) + hour
        session.add(post)
    seal(room, access_token="revoked-7719")
    work = Collector(
        room.means.database,
        clock,
        channels=room.means.channels,
        identities=Identities(room.means.database, room.vault, clock, room.means.channels).by_id,
        cooling=Cooling((hour,), timedelta(0), timedelta(0)),
        late=timedelta(minutes=30),
        message=room.means.contents.message,
    )
    room.later(hour)
    assert work.collect() == 0
    room.later(timedelta(minutes=10))
    assert work.collect() == 1
    with room.means.database.read() as session:
        assert [row.gap for row in of_post(session, post_id)] == [None]
    assert token_calls(room) == 1


def test_figures_that_are_refused_once_are_asked_for_again_at_once(room: Room) -> None:
    partner, _ = WHO[room.channel]
    post_id = room.post("Have your say", partner=partner)
    room.serve(partner)
    with room.means.database.read() as session:
        who = room.means.identify(*partners.account_with_partner(session, room.accounts[partner]))
    channel: Any = room.means.channel(room.channel)
    room.goes_wrong("dead-token", "measure", nth=(1,))
    number = room.seen(post_id).external_id
    assert set(channel.measure(who, [number])) == {number}


def test_a_check_stops_an_account_that_has_anothers_token_until_it_has_its_own(room: Room) -> None:
    partner, number = WHO[room.channel]
    with room.means.database.write() as session:
        account = session.get_one(Account, room.accounts[partner])
        account.external_id = "9009"
        account.sealed = room.vault.seal(room.credentials(number), bound_to(account))
        session.add(account)
    assert checked(room)[number] is False
    assert number in (account_of(room).stopped_why or "")
    assert checked(room)[number] is False
    assert account_of(room).stopped_why, "a second check let it go"
    with room.means.database.write() as session:
        account = session.get_one(Account, room.accounts[partner])
        account.external_id = number
        register.seal(account, room.credentials(number), room.vault)
    assert (checked(room)[number], account_of(room).stopped_why) == (True, None)


def test_an_account_with_anothers_token_stops_at_the_first_post(on_x: Room) -> None:
    with on_x.means.database.write() as session:
        account = session.get_one(Account, on_x.accounts["elm"])
        account.sealed = on_x.vault.seal(on_x.credentials("1001"), bound_to(account))
        session.add(account)
    post_id = on_x.post("Have your say", partner="elm")
    for _ in range(2):
        on_x.serve("elm")
    assert (on_x.attempts(post_id), on_x.shown()) == (["credential"], [])
    assert "1001" in (account_of(on_x).stopped_why or "")
    assert token_calls(on_x) == 0


def checked(room: Room) -> Mapping[str, bool]:
    identities = Identities(room.means.database, room.vault, room.means.clock, room.means.channels)
    documents = checking.check(room.means.database, room.means.channels, identities)
    return {str(document["handle"]).removeprefix("@p"): bool(document["works"]) for document in documents}
