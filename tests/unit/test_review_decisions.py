"""Decisions on posts: approval is bound to what was seen, four eyes look, an edit voids it, the time counts."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from conftest import MovedClock
from reviewing import AHEAD, Office, opened_office

from campaign.errors import Changed, MoveRefused, NotAllowed, WrongUse
from campaign.models import listing, users
from campaign.models.deliveries import Delivery
from campaign.models.partners import Partner
from campaign.models.status import Status
from campaign.ports import Draft
from campaign.review import decisions, rearranging


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


def approve(office: Office, name: str, post_id: int, seen: str | None = None) -> bool:
    with office.deciding(name, post_id) as (desk, row):
        return decisions.approve(desk, row, row.post.content_hash if seen is None else seen)


def set_approver(office: Office, approver: str) -> None:
    with office.database.write() as session:
        partner = session.get_one(Partner, 1)
        partner.approver = approver
        session.add(partner)


def edit(office: Office, name: str, post_id: int, words: str) -> None:
    with office.deciding(name, post_id) as (desk, row):
        decisions.edit(desk, row, Draft(words=words), {"line": words}, "better words")


def move_to(office: Office, name: str, post_id: int, by: timedelta) -> None:
    with office.deciding(name, post_id) as (desk, row):
        rearranging.reschedule(desk, row, row.post.due_at + by)


def test_approval_binds_the_content_that_was_seen(office: Office) -> None:
    post_id = office.post("oak")
    assert approve(office, "rita", post_id, office.seen(post_id).content_hash)
    post = office.seen(post_id)
    assert post.status == Status.APPROVED
    assert post.approved_hash == post.content_hash
    assert office.moves(post_id) == [("rita", "approve")]


def test_a_stale_hash_is_refused_and_nothing_moves(office: Office) -> None:
    post_id = office.post("oak")
    before = office.seen(post_id).content_hash
    edit(office, "olga", post_id, "Other words")
    with pytest.raises(Changed) as refused:
        approve(office, "rita", post_id, before)
    assert office.seen(post_id).content_hash[:8] in str(refused.value)
    assert office.seen(post_id).status == Status.IN_REVIEW


@pytest.mark.parametrize("length", [0, 8, 32, 63])
def test_the_beginning_of_a_hash_approves_nothing(office: Office, length: int) -> None:
    """Whoever writes both texts finds two with one beginning: 32 bits take seconds."""
    post_id = office.post("oak")
    with pytest.raises(Changed):
        approve(office, "rita", post_id, office.seen(post_id).content_hash[:length])
    assert office.seen(post_id).status == Status.IN_REVIEW


def test_a_typed_hash_stands_for_the_whole_one_from_128_bits_on(office: Office) -> None:
    post_id = office.post("oak")
    whole = office.seen(post_id).content_hash
    with office.deciding("rita", post_id) as (desk, row):
        for typed in (whole[:32], whole[:40].upper(), whole):
            assert decisions.typed(desk, row, typed) == whole
        for typed in ("", whole[:8], whole[:31]):
            with pytest.raises(WrongUse, match="too short"):
                decisions.typed(desk, row, typed)
        with pytest.raises(Changed):
            decisions.typed(desk, row, "0" * 32)


def test_nobody_approves_what_they_queued(office: Office) -> None:
    post_id = office.post("oak", changes={"queued_by": "rita"})
    with pytest.raises(NotAllowed, match="queued or edited"):
        approve(office, "rita", post_id)
    assert approve(office, "rolf", post_id)


def test_an_edit_voids_the_approval_and_its_editor_may_not_give_it_again(office: Office) -> None:
    post_id = office.post("oak")
    approve(office, "rita", post_id)
    edit(office, "rolf", post_id, "Better words")
    post = office.seen(post_id)
    assert (post.status, post.approved_hash, post.version) == (Status.IN_REVIEW, None, 2)
    with pytest.raises(NotAllowed):
        approve(office, "rolf", post_id)
    assert approve(office, "rita", post_id)


@pytest.mark.parametrize("later", ["move", "edit", "plan"])
def test_who_changed_the_words_may_not_approve_them_because_somebody_changed_more(office: Office, later: str) -> None:
    post_id = office.post("oak")
    edit(office, "rita", post_id, "Words of rita's")
    if later == "move":
        move_to(office, "rolf", post_id, timedelta(hours=1))
    elif later == "edit":
        edit(office, "rolf", post_id, "Words of rita's, and more")
    else:
        with office.deciding("rolf", post_id) as (desk, row):
            decisions.rewrite(desk, row, {"template_version": "2"}, "the plan changed: its template")
    for name in ("rita", "rolf"):
        with pytest.raises(NotAllowed, match="queued or edited"):
            approve(office, name, post_id)
    assert approve(office, "adam", post_id)


def test_what_somebody_else_approved_since_is_no_longer_of_who_wrote_it(office: Office) -> None:
    post_id = office.post("oak")
    edit(office, "rita", post_id, "Words of rita's")
    approve(office, "rolf", post_id)
    edit(office, "adam", post_id, "Words of adam's")
    assert approve(office, "rita", post_id)


def test_half_an_approval_clears_nobody(office: Office) -> None:
    set_approver(office, "both")
    post_id = office.post("oak")
    edit(office, "rita", post_id, "Words of rita's")
    assert not approve(office, "olga", post_id)
    move_to(office, "rolf", post_id, timedelta(hours=1))
    with pytest.raises(NotAllowed, match="queued or edited"):
        approve(office, "rita", post_id)


def test_who_moved_a_post_is_not_named_as_who_wrote_it(office: Office) -> None:
    post_id = office.post("oak")
    edit(office, "olga", post_id, "Words of olga's")
    move_to(office, "rolf", post_id, timedelta(hours=1))
    assert office.seen(post_id).edited_by == "olga"


@pytest.mark.parametrize(
    ("approver", "who", "allowed"),
    [
        ("dfe", "rita", True),
        ("dfe", "adam", True),
        ("dfe", "olga", False),
        ("partner", "olga", True),
        ("partner", "rita", False),
        ("partner", "ella", False),
    ],
)
def test_who_approves_is_set_per_partner(office: Office, approver: str, who: str, *, allowed: bool) -> None:
    set_approver(office, approver)
    post_id = office.post("oak")
    if allowed:
        assert approve(office, who, post_id)
        return
    with pytest.raises(NotAllowed):
        approve(office, who, post_id)
    assert office.seen(post_id).status == Status.IN_REVIEW


def test_where_both_approve_one_side_alone_is_not_enough(office: Office) -> None:
    set_approver(office, "both")
    post_id = office.post("oak")
    assert not approve(office, "rita", post_id)
    assert not approve(office, "rolf", post_id)
    assert office.seen(post_id).status == Status.IN_REVIEW
    assert approve(office, "olga", post_id)
    assert office.seen(post_id).status == Status.APPROVED


def test_one_person_is_not_both_sides_by_changing_their_role(office: Office) -> None:
    set_approver(office, "both")
    post_id = office.post("oak")
    assert not approve(office, "olga", post_id)
    with office.database.write() as session:
        olga = users.user(session, "olga")
        assert olga is not None
        olga.role, olga.partner_key = "reviewer", None
    with pytest.raises(NotAllowed, match="for the partner"):
        approve(office, "olga", post_id)
    assert office.seen(post_id).status == Status.IN_REVIEW
    assert approve(office, "rita", post_id)


def test_words_changed_back_need_both_approvals_again(office: Office) -> None:
    set_approver(office, "both")
    post_id = office.post("oak")
    words = office.seen(post_id).draft["words"]
    approve(office, "olga", post_id)
    edit(office, "olga", post_id, "Something else")
    edit(office, "olga", post_id, words)
    assert not approve(office, "rita", post_id)
    with pytest.raises(NotAllowed):
        approve(office, "olga", post_id)
    assert approve(office, "otto", post_id)


@pytest.mark.parametrize("status", [Status.DRAFT, Status.PUBLISHED, Status.MISSED])
def test_half_an_approval_is_not_given_to_what_is_not_in_review(office: Office, status: Status) -> None:
    set_approver(office, "both")
    post_id = office.post("oak", status=status)
    with pytest.raises(MoveRefused):
        approve(office, "rita", post_id)
    with office.database.read() as session:
        assert listing.approvals(session, post_id, office.seen(post_id).content_hash) == []


def test_approval_after_the_due_time_makes_it_missed_and_publishes_nothing(office: Office) -> None:
    post_id = office.post("oak")
    office.clock.move(AHEAD + timedelta(seconds=1))
    assert not approve(office, "rita", post_id)
    post = office.seen(post_id)
    assert (post.status, post.approved_hash) == (Status.MISSED, None)


def test_a_missed_post_with_a_new_time_needs_a_new_approval(office: Office) -> None:
    post_id = office.post("oak", status=Status.MISSED, after=-timedelta(hours=1))
    move_to(office, "olga", post_id, timedelta(hours=3))
    assert office.seen(post_id).status == Status.IN_REVIEW
    assert approve(office, "rita", post_id)


def test_a_partner_without_agreement_is_not_made_to_speak(office: Office) -> None:
    office.join("ash", agrees=False)
    draft, waiting = office.post("ash", status=Status.DRAFT), office.post("ash")
    with pytest.raises(NotAllowed, match="has not agreed"), office.deciding("adam", draft) as (desk, row):
        decisions.submit(desk, row)
    with pytest.raises(NotAllowed, match="has not agreed"):
        approve(office, "rita", waiting)


def test_an_officer_of_another_partner_can_do_nothing(office: Office) -> None:
    post_id = office.post("oak")
    published = office.post("oak", status=Status.PUBLISHED)
    for act in (
        lambda: approve(office, "ella", post_id),
        lambda: edit(office, "ella", post_id, "Mine"),
        lambda: move_to(office, "ella", post_id, timedelta(hours=1)),
    ):
        with pytest.raises(NotAllowed, match="acts for elm only"):
            act()
    for decide in (decisions.send_back, decisions.reject, decisions.withdraw):
        with pytest.raises(NotAllowed), office.deciding("ella", post_id) as (desk, row):
            decide(desk, row, "no")
    with pytest.raises(NotAllowed), office.deciding("ella", published) as (desk, row):
        decisions.take_down(desk, row, "no")
    assert office.moves(post_id) == []


def test_return_keeps_the_comment_and_takes_half_an_approval_back(office: Office) -> None:
    set_approver(office, "both")
    post_id = office.post("oak")
    approve(office, "rita", post_id)
    with office.deciding("rolf", post_id) as (desk, row):
        decisions.send_back(desk, row, "Name the head teacher")
    post = office.seen(post_id)
    assert (post.status, post.comment) == (Status.DRAFT, "Name the head teacher")
    with office.deciding("olga", post_id) as (desk, row):
        decisions.submit(desk, row)
    assert not approve(office, "otto", post_id)


def test_rejected_and_withdrawn_are_final(office: Office) -> None:
    rejected, withdrawn = office.post("oak"), office.post("oak")
    with office.deciding("rita", rejected) as (desk, row):
        decisions.reject(desk, row, "off the subject")
    with office.deciding("olga", withdrawn) as (desk, row):
        decisions.withdraw(desk, row, "not now")
    assert office.seen(rejected).status == Status.REJECTED
    assert office.seen(withdrawn).status == Status.WITHDRAWN
    for post_id in (rejected, withdrawn):
        with pytest.raises(MoveRefused):
            approve(office, "rolf", post_id)
        with pytest.raises(MoveRefused):
            edit(office, "olga", post_id, "Again")


def test_a_move_inside_the_window_keeps_the_approval(office: Office) -> None:
    post_id = office.post("oak", status=Status.APPROVED, window=timedelta(minutes=45))
    before = office.seen(post_id)
    move_to(office, "olga", post_id, timedelta(minutes=45))
    post = office.seen(post_id)
    assert (post.status, post.approved_hash) == (Status.APPROVED, before.content_hash)
    assert post.due_at == post.next_try_at == before.due_at + timedelta(minutes=45)
    assert post.moved


def test_a_move_out_of_the_window_voids_the_approval_and_takes_the_window_along(office: Office) -> None:
    post_id = office.post("oak", status=Status.APPROVED, window=timedelta(minutes=45))
    before = office.seen(post_id)
    move_to(office, "rita", post_id, timedelta(minutes=46))
    post = office.seen(post_id)
    assert (post.status, post.approved_hash) == (Status.IN_REVIEW, None)
    assert post.content_hash != before.content_hash
    assert post.window_until - post.window_from == timedelta(minutes=45)
    with pytest.raises(NotAllowed):
        approve(office, "rita", post_id)


def test_a_window_that_does_not_hold_the_time_keeps_no_approval_and_is_mended_with_the_words(office: Office) -> None:
    """An older program's plan gave moved posts their slot's window back."""
    day = timedelta(days=18)
    slot_at = office.clock.now() + AHEAD
    stray = {"window_from": slot_at, "window_until": slot_at + AHEAD}
    moved, edited = (office.post("oak", status=Status.APPROVED, after=AHEAD + day, changes=stray) for _ in range(2))
    move_to(office, "olga", moved, -day)
    assert office.seen(moved).status == Status.IN_REVIEW
    edit(office, "olga", edited, "Other words")
    post = office.seen(edited)
    assert (post.window_from, post.window_until) == (post.due_at, post.due_at + AHEAD)


def test_nothing_is_moved_into_the_past_nor_from_where_it_is_settled(office: Office) -> None:
    post_id = office.post("oak")
    with pytest.raises(WrongUse, match="past"):
        move_to(office, "olga", post_id, -AHEAD)
    published = office.post("oak", status=Status.PUBLISHED)
    with pytest.raises(MoveRefused):
        move_to(office, "olga", published, timedelta(hours=1))


def test_a_retraction_that_a_person_did_or_refused_is_settled(office: Office) -> None:
    gone = office.post("oak", status=Status.RETRACTING, changes={"needs_person": "delete it"})
    stays = office.post("oak", status=Status.RETRACTING, changes={"needs_person": "delete it"})
    for post_id, is_gone in ((gone, True), (stays, False)):
        with office.deciding("rita", post_id) as (desk, row):
            decisions.settle_retraction(desk, row, gone=is_gone)
    assert office.seen(gone).status == Status.RETRACTED
    assert office.seen(stays).status == Status.PUBLISHED
    assert office.seen(stays).needs_person is None


def test_an_issue_that_some_have_is_neither_edited_nor_moved(office: Office) -> None:
    office.join("ash", channel="email")
    post_id = office.post("ash", status=Status.APPROVED, window=AHEAD)
    with office.database.write() as session:
        for name, status in (("a", "sent"), ("b", "waiting")):
            copy = Delivery(post_id=post_id, email=name, token=name, status=status, next_try_at=office.clock.now())
            session.add(copy)
    with pytest.raises(MoveRefused, match="some of its list"):
        edit(office, "adam", post_id, "Other words")
    with pytest.raises(MoveRefused, match="some of its list"):
        move_to(office, "adam", post_id, AHEAD / 2)
    assert office.seen(post_id).status == Status.APPROVED
    with office.deciding("adam", post_id) as (desk, row):
        decisions.withdraw(desk, row, "a mistake in it")
