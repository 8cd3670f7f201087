"""Lanes and claims: one owner, one post at a time, nothing that is held, changed or early."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from builders import add_account, add_post, seed
from conftest import MovedClock
from sqlalchemy.exc import IntegrityError

from campaign.errors import MoveRefused
from campaign.models import Database, claims, holds, lanes, partners, upkeep
from campaign.models.holds import Hold
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import Move, Status

LEASE = timedelta(minutes=2)
GRACE = timedelta(minutes=30)


def claim(database: Database, account_id: int, clock: MovedClock) -> list[claims.Due]:
    """Claim what is due of an account, as "a"."""
    with database.write() as session:
        found = claims.due(session, [account_id], "a", clock.now(), GRACE)
        claims.claim(session, found, "a", clock.now(), LEASE)
    return found


def test_a_lane_has_one_owner_until_it_is_let_go(database: Database, clock: MovedClock) -> None:
    account_id, _ = seed(database, clock.now())
    with database.write() as session:
        assert claims.take_lanes(session, [account_id], "a", clock.now(), LEASE)
    with database.write() as session:
        assert not claims.take_lanes(session, [account_id], "b", clock.now(), LEASE)
        lanes.free_lane(session, account_id, "a")
    with database.write() as session:
        assert claims.take_lanes(session, [account_id], "b", clock.now(), LEASE)


def test_a_dead_owners_lane_is_taken_over_when_its_lease_ends(tmp_path: object, clock: MovedClock) -> None:
    database = Database(f"sqlite:///{tmp_path}/t.db")
    database.upgrade()
    account_id, _ = seed(database, clock.now())
    with database.write() as session:
        claims.take_lanes(session, [account_id], "a", clock.now(), LEASE)
    clock.move(LEASE + timedelta(seconds=1))
    with database.write() as session:
        assert claims.take_lanes(session, [account_id], "b", clock.now(), LEASE)
        assert not lanes.keep_lane(session, account_id, "a", clock.now(), LEASE)
    database.close()


def test_of_many_claimers_exactly_one_gets_the_post(database: Database, clock: MovedClock) -> None:
    account_id, (post_id,) = seed(database, clock.now())
    with database.read() as session:
        seen = claims.due(session, [account_id], "a", clock.now(), GRACE)

    def try_claim(owner: str) -> bool:
        try:
            with database.write() as session:
                claims.claim(session, seen, owner, clock.now(), LEASE)
        except (MoveRefused, IntegrityError):
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(try_claim, "abcdef")) == 1
    with database.read() as session:
        assert len(lanes.attempts(session, post_id)) == 1


def test_two_posts_of_one_account_are_never_publishing_together(database: Database, clock: MovedClock) -> None:
    account_id, (first, second) = seed(database, clock.now(), posts=2)
    (claimed,) = claim(database, account_id, clock)
    assert claimed.ident == first
    with pytest.raises(IntegrityError), database.write() as session:
        claims.claim(session, [replace(claimed, ident=second)], "b", clock.now(), LEASE)


def test_what_a_dead_owner_left_on_its_way_is_declared_lost_before_the_account_goes_on(
    database: Database, clock: MovedClock
) -> None:
    account_id, (first, second) = seed(database, clock.now(), posts=2)
    claim(database, account_id, clock)
    clock.move(LEASE + timedelta(seconds=1))
    with database.write() as session:
        assert claims.due(session, [account_id], "b", clock.now(), GRACE) == []
        move(session, session.get_one(Post, first), Move.LOSE, who="b", at=clock.now())
    with database.read() as session:
        assert [due.ident for due in claims.due(session, [account_id], "b", clock.now(), GRACE)] == [second]


def test_nothing_is_due_before_its_time(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        post = add_post(session, account, clock.now() + timedelta(seconds=1))
    with database.read() as session:
        assert claims.due(session, [account.ident], "a", clock.now(), GRACE) == []
        assert lanes.due_accounts(session, clock.now(), GRACE, limit=9) == []
        assert upkeep.next_wake(session, clock.now(), LEASE) == post.due_at
    clock.move(timedelta(seconds=1))
    with database.read() as session:
        assert lanes.due_accounts(session, clock.now(), GRACE, limit=9) == [(account.ident, "x")]


@pytest.mark.parametrize("scope", ["everything", "channel:x", "partner:{partner}", "account:{account}", "post:{post}"])
def test_a_hold_of_any_scope_keeps_the_post_from_being_claimed(
    database: Database, clock: MovedClock, scope: str
) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        post = add_post(session, account, clock.now())
        partner = session.get_one(holds.Partner, account.partner_id)
        filled = scope.format(partner=partner.key, account=account.id, post=post.id)
        session.add(Hold(scope=filled, reason="test", held_by="r", held_at=clock.now()))
    with database.read() as session:
        assert claims.due(session, [account.ident], "a", clock.now(), GRACE) == []
        scopes = holds.scopes_of(post.ident, "x", partner.key, account.ident)
    assert scopes & holds.reasons(database, post.ident, 1).keys()


def test_a_hold_on_another_account_holds_nothing_here(database: Database, clock: MovedClock) -> None:
    account_id, _ = seed(database, clock.now())
    with database.write() as session:
        session.add(Hold(scope=f"account:{account_id + 1}", reason="test", held_by="r", held_at=clock.now()))
        session.add(Hold(scope="channel:facebook", reason="test", held_by="r", held_at=clock.now()))
    with database.read() as session:
        assert claims.due(session, [account_id], "a", clock.now(), GRACE) != []


def test_a_post_whose_content_differs_from_the_approved_is_not_claimed(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        add_post(session, account, clock.now(), changes={"approved_hash": "another"})
    with database.read() as session:
        assert claims.due(session, [account.ident], "a", clock.now(), GRACE) == []


def test_only_an_equal_post_waits_for_an_unconfirmed_one(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        add_post(session, account, clock.now(), status=Status.UNCONFIRMED, words="Join  us")
        add_post(session, account, clock.now(), words="join us")
        other = add_post(session, account, clock.now(), words="Something else")
    with database.read() as session:
        (found,) = claims.due(session, [account.ident], "a", clock.now(), GRACE)
    assert found.ident == other.id


def test_an_edit_between_look_and_claim_refuses_the_claim(database: Database, clock: MovedClock) -> None:
    _, (post_id,) = seed(database, clock.now())
    with database.read() as session:
        seen = session.get_one(Post, post_id)
    with database.write() as session:
        changes = {"version": 2}
        stored = session.get_one(Post, post_id)
        move(session, stored, Move.EDIT, who="officer", at=clock.now(), changes=changes)
    with pytest.raises(MoveRefused), database.write() as session:
        move(session, seen, Move.CLAIM, who="daemon", at=clock.now())


def test_ended_leases_are_found_as_abandoned(database: Database, clock: MovedClock) -> None:
    account_id, (post_id,) = seed(database, clock.now())
    claim(database, account_id, clock)
    with database.write() as session:
        lanes.end_leases(session, clock.now())
    with database.read() as session:
        assert [post.id for post, _ in lanes.abandoned(session, clock.now())] == [post_id]


def test_a_lease_that_is_ended_early_ends_now_for_the_call_of_the_dead_may_still_be_under_way(
    database: Database, clock: MovedClock
) -> None:
    account_id, (post_id,) = seed(database, clock.now())
    claim(database, account_id, clock)
    clock.move(LEASE / 4)
    with database.write() as session:
        lanes.end_leases(session, clock.now())
    with database.read() as session:
        [attempt] = lanes.attempts(session, post_id)
    assert attempt.lease_until == clock.now()


def test_a_late_post_on_an_account_that_stopped_for_good_counts_as_stranded(
    database: Database, clock: MovedClock
) -> None:
    account_id, (post_id,) = seed(database, clock.now())
    later = clock.now() + timedelta(minutes=1)
    with database.write() as session:
        partners.change_account(session, account_id, {"stopped_why": "its token ended"})
    with database.read() as session:
        assert upkeep.stranded(session, later) == {post_id}
    with database.write() as session:
        partners.change_account(session, account_id, {"stopped_until": clock.now()})
    with database.read() as session:
        assert upkeep.stranded(session, later) == set()


def test_a_newer_attempt_is_not_lost_with_an_older_one(database: Database, clock: MovedClock) -> None:
    account_id, (post_id,) = seed(database, clock.now())
    claim(database, account_id, clock)
    with database.read() as session:
        older = session.get_one(Post, post_id)
    with database.write() as session:
        move(session, session.get_one(Post, post_id), Move.DEFER, who="a", at=clock.now())
    claim(database, account_id, clock)
    with pytest.raises(MoveRefused), database.write() as session:
        move(session, older, Move.LOSE, who="b", at=clock.now())
