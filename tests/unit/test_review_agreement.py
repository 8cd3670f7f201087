"""A partner speaks only with its own yes: standing, for a slot or for a post; taken back, what is approved stops."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from reviewing import Office, opened_office

from campaign.errors import NotAllowed, UnknownName, WrongUse
from campaign.models import lanes, listing, upkeep
from campaign.models.moves import move
from campaign.models.partners import Partner, agreements, partner_by_key
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.review import agreement, decisions
from campaign.review.decisions import Desk


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def partner(desk: Desk, key: str) -> Partner:
    found = partner_by_key(desk.session, key)
    assert found is not None
    return found


def agree(office: Office, key: str, *, slot: str | None = None, post_id: int | None = None) -> None:
    with office.desk("adam") as desk:
        agreement.agree(desk.session, partner(desk, key), by="adam", now=desk.now, slot=slot, post_id=post_id)


def revoke(office: Office, key: str, slot: str | None = None) -> int:
    with office.desk("adam") as desk:
        return agreement.revoke(desk.session, partner(desk, key), by="adam", now=desk.now, slot=slot)


def covered(office: Office, post_id: int) -> bool:
    with office.deciding("adam", post_id) as (desk, row):
        return agreement.covers(desk.session, row.post)


def test_a_yes_covers_what_it_names_and_no_more(office: Office) -> None:
    office.join("ash", agrees=False)
    first, second = office.post("ash"), office.post("ash")
    assert not covered(office, first)
    agree(office, "ash", post_id=first)
    assert (covered(office, first), covered(office, second)) == (True, False)
    agree(office, "ash", slot=office.seen(second).slot)
    assert covered(office, second)
    third = office.post("ash")
    agree(office, "ash")
    assert covered(office, third)


def test_what_somebody_else_said_takes_the_place_of_the_yes_that_stands(office: Office) -> None:
    """An import made the operator's yes; the evidence comes later."""
    office.join("ash", agrees=False)
    agree(office, "ash")
    with office.desk("adam") as desk:
        given = agreement.Given("Jo Smith", desk.now - timedelta(days=3), "a mail")
        ash = partner(desk, "ash")
        kept = agreement.agree(desk.session, ash, by="adam", now=desk.now, given=given)
        assert (kept.given_by, kept.given_at, kept.source) == ("Jo Smith", given.at, "a mail")
        ahead = agreement.Given("Jo Smith", desk.now + timedelta(days=3), "a mail")
        with pytest.raises(WrongUse, match="still to come"):
            agreement.agree(desk.session, ash, by="adam", now=desk.now, given=ahead)
        assert len(agreements(desk.session, ash.ident)) == 1


def test_the_yes_of_one_partner_is_not_that_of_another(office: Office) -> None:
    office.join("ash", agrees=False)
    agree(office, "oak")
    assert not covered(office, office.post("ash"))


def test_the_same_yes_twice_is_one(office: Office) -> None:
    office.join("ash", agrees=False)
    agree(office, "ash")
    agree(office, "ash")
    with office.desk("adam") as desk:
        assert len(agreements(desk.session, partner(desk, "ash").ident)) == 1


def test_revoking_stops_approved_posts_and_their_claim(office: Office, clock: MovedClock) -> None:
    post_id, other = office.post("oak", status=Status.APPROVED), office.post("elm", status=Status.APPROVED)
    waiting = office.post("oak")
    assert revoke(office, "oak") == 1
    clock.at = office.seen(post_id).due_at
    with office.database.read() as session:
        assert lanes.due_accounts(session, clock.now(), timedelta(hours=1), limit=9) == [(office.accounts["elm"], "x")]
    assert office.seen(post_id).status == Status.IN_REVIEW
    assert office.seen(other).status == Status.APPROVED
    for held_back in (post_id, waiting):
        with pytest.raises(NotAllowed, match="not agreed"), office.deciding("rita", held_back) as (desk, row):
            decisions.approve(desk, row, row.post.content_hash)


def test_after_a_new_yes_everybody_approves_anew(office: Office) -> None:
    with office.desk("adam") as desk:
        partner(desk, "oak").approver = "both"
    post_id = office.post("oak")
    for name in ("rita", "olga"):
        with office.deciding(name, post_id) as (desk, row):
            decisions.approve(desk, row, row.post.content_hash)
    revoke(office, "oak")
    agree(office, "oak")
    with office.deciding("olga", post_id) as (desk, row):
        assert not decisions.approve(desk, row, row.post.content_hash)
    with office.database.read() as session:
        assert len(listing.approvals(session, post_id, office.seen(post_id).content_hash)) == 1


def test_revoking_a_slot_leaves_the_others(office: Office) -> None:
    office.join("ash", agrees=False)
    first, second = office.post("ash", status=Status.APPROVED), office.post("ash", status=Status.APPROVED)
    slots = [office.seen(post_id).slot for post_id in (first, second)]
    for slot in slots:
        agree(office, "ash", slot=slot)
    assert revoke(office, "ash", slots[0]) == 1
    assert [office.seen(post_id).status for post_id in (first, second)] == [Status.IN_REVIEW, Status.APPROVED]


def test_a_slot_of_a_standing_yes_cannot_be_taken_back_alone(office: Office) -> None:
    post_id = office.post("oak", status=Status.APPROVED)
    with pytest.raises(UnknownName, match="without --slot"):
        revoke(office, "oak", office.seen(post_id).slot)
    revoke(office, "oak")
    with pytest.raises(UnknownName):
        revoke(office, "oak")


def test_what_comes_back_approved_after_the_yes_was_taken_back_is_not_sent(office: Office) -> None:
    post_id = office.post("oak", status=Status.APPROVED, after=-timedelta(minutes=1))
    with office.desk("adam") as desk:
        move(desk.session, desk.session.get_one(Post, post_id), Move.CLAIM, who="daemon", at=desk.now)
        move(desk.session, desk.session.get_one(Post, post_id), Move.LOSE, who="daemon", at=desk.now)
    assert revoke(office, "oak") == 0
    with office.desk("adam") as desk:
        post = desk.session.get_one(Post, post_id)
        move(desk.session, post, Move.ABSENT, who="daemon", at=desk.now, to=Status.APPROVED)
        assert lanes.due_accounts(desk.session, desk.now, timedelta(hours=1), limit=9) == []
        assert not upkeep.still_to_come(desk.session, desk.now)
    agree(office, "oak")
    with office.desk("adam") as desk:
        assert lanes.due_accounts(desk.session, desk.now, timedelta(hours=1), limit=9) == [
            (office.accounts["oak"], "x")
        ]


def test_what_a_revoked_partner_shall_publish_by_hand_is_not_handed_over(office: Office) -> None:
    office.join("ash", mode="by-hand", agrees=False)
    post_id = office.post("ash", status=Status.APPROVED, after=-timedelta(minutes=1))
    with office.desk("adam") as desk:
        assert upkeep.to_hand_over(desk.session, desk.now) == []
    agree(office, "ash", post_id=post_id)
    with office.desk("adam") as desk:
        assert [post.id for post in upkeep.to_hand_over(desk.session, desk.now)] == [post_id]
