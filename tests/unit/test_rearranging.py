"""What a slot missed gets one new time and stays approved, as its words are the approved ones; nothing else does."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from reviewing import Office, no_files, opened_office
from sqlmodel import select

from campaign.errors import Changed, MoveRefused, NotAllowed, WrongUse
from campaign.models import lanes, listing
from campaign.models.holds import Hold
from campaign.models.partners import Agreement
from campaign.models.status import Move, Status
from campaign.review import rearranging
from campaign.review.rearranging import rearrange

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def missed(office: Office, partner: str = "oak", *, own: timedelta = 7 * MINUTE, approved: bool = True) -> int:
    """Store a post of a slot whose time was an hour ago, missed at its partner's own minute in a spread of 45."""
    slot_at, spread = office.clock.now() - HOUR, 45 * MINUTE
    bounds = {"window_from": slot_at - spread, "window_until": slot_at + spread}
    status = Status.APPROVED if approved else Status.IN_REVIEW
    post_id = office.post(partner, status=status, after=own - HOUR, changes=bounds)
    with office.deciding("adam", post_id) as (desk, row):
        desk.move(row.post, Move.EXPIRE)
    return post_id


def test_missed_posts_go_out_at_the_new_time_each_at_its_own_minute(office: Office) -> None:
    first, second = missed(office), missed(office, "elm", own=20 * MINUTE)
    slot_at = office.clock.now() + HOUR
    for post_id in (first, second):
        with office.deciding("rita", post_id) as (desk, row):
            rearrange(desk, no_files, row, slot_at)
    post = office.seen(first)
    assert (post.status, post.due_at, office.seen(second).due_at) == (
        Status.APPROVED,
        slot_at + 7 * MINUTE,
        slot_at + 20 * MINUTE,
    )
    assert (post.window_from, post.window_until) == (slot_at - 45 * MINUTE, slot_at + 45 * MINUTE)
    with office.deciding("rita", first) as (desk, row):
        assert desk.contents.digest(row.post, row.account) == row.post.approved_hash == row.post.content_hash
        assert lanes.due_accounts(desk.session, slot_at, HOUR, limit=9) == []
        assert lanes.due_accounts(desk.session, post.due_at, HOUR, limit=9) == [(row.account.ident, "x")]


def test_only_approved_words_unchanged_and_only_by_whoever_may_approve(office: Office) -> None:
    post_id, slot_at = missed(office), office.clock.now() + HOUR
    for who, error in (("ella", NotAllowed), ("olga", NotAllowed)):
        with pytest.raises(error), office.deciding(who, post_id) as (desk, found):
            rearrange(desk, no_files, found, slot_at)
    with pytest.raises(WrongUse, match="past"), office.deciding("rita", post_id) as (desk, found):
        rearrange(desk, no_files, found, office.clock.now() - HOUR)
    other = missed(office, "elm")
    with office.deciding("adam", other) as (desk, found):
        found.post.draft = found.post.draft | {"words": "Other words"}
        desk.session.add(found.post)
    with pytest.raises(Changed), office.deciding("rita", other) as (desk, found):
        rearrange(desk, no_files, found, slot_at)
    unapproved = missed(office, approved=False)
    with pytest.raises(MoveRefused, match="without an approval"), office.deciding("rita", unapproved) as (desk, found):
        rearrange(desk, no_files, found, slot_at)
    assert {office.seen(one).status for one in (post_id, unapproved)} == {Status.MISSED}


def test_what_may_not_be_approved_now_is_not_rearranged(office: Office) -> None:
    post_id, slot_at = missed(office), office.clock.now() + HOUR
    with office.database.write() as session:
        found = listing.post(session, post_id)
        assert found is not None
        found.post.event = "early"
        session.add(found.post)
        session.add(Hold(scope="event:early", reason="it moved", held_by="x", held_at=office.clock.now()))
    with pytest.raises(NotAllowed, match="it moved"), office.deciding("rita", post_id) as (desk, row):
        rearrange(desk, no_files, row, slot_at)
    with office.database.write() as session:
        for given in session.exec(select(Agreement)):
            given.revoked_at = office.clock.now()
            session.add(given)
    with pytest.raises(NotAllowed, match="not agreed"), office.deciding("rita", post_id) as (desk, row):
        rearrange(desk, no_files, row, slot_at)


def test_an_account_does_not_get_two_posts_at_one_time(office: Office) -> None:
    wanted = listing.PostFilter(ids=(missed(office), missed(office)))
    with office.database.read() as session, pytest.raises(WrongUse, match="more than one"):
        rearranging.refuse_crowd(listing.posts(session, wanted))
