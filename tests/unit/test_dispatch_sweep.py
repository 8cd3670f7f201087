"""What the clock does to posts: handed over when due, missed when late, told to the people whom it concerns."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from builders import CONTENTS, unsent
from conftest import MovedClock
from reviewing import GRACE, Office, no_files, opened_office

from campaign.channels import ChannelComposer, load_channels
from campaign.dispatch import by_hand, sweep
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.errors import MoveRefused, WrongUse
from campaign.models import lanes, listing, upkeep
from campaign.models.deliveries import Delivery
from campaign.models.holds import Hold
from campaign.models.partners import Account, Lane, Partner
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import Draft, Envelope, Identity, Media
from campaign.review import decisions, rearranging
from campaign.review.content import Contents, draft_to_json

DUE = timedelta()
SECOND = timedelta(seconds=1)


@pytest.fixture
def office(tmp_path: Path, clock: MovedClock) -> Iterator[Office]:
    yield from opened_office(tmp_path, clock)


@pytest.fixture
def means(office: Office) -> Means:
    policy = Policy(
        grace=GRACE,
        lease=timedelta(minutes=2),
        call_timeout=30 * SECOND,
        retries=(5 * SECOND,),
        lookups=(5 * SECOND,),
        lookup_reads=3,
        lookup_spread=timedelta(minutes=2),
    )
    kinds = load_channels()
    channels = {
        name: kinds[name].from_settings(kinds[name].settings_type(), office.clock)
        for name in ("x", "facebook", "linkedin", "email")
    }

    def nobody(_account: Account, _partner: Partner) -> Identity:
        raise AssertionError

    return Means(
        database=office.database,
        clock=office.clock,
        channels=channels,
        contents=CONTENTS,
        identify=nobody,
        bulk={},
        policy=policy,
        owner="here:1",
    )


def told(office: Office) -> list[tuple[str, str]]:
    with office.database.read() as session:
        return [(notice.to, notice.subject) for notice in unsent(session)]


def test_a_post_is_handed_over_when_due_and_not_before(office: Office, means: Means) -> None:
    office.reach("olga", "olga@oak.example.org")
    office.join("ash", mode="by-hand")
    office.hire("anna", "officer", "ash")
    office.reach("anna", "anna@ash.example.org")
    post_id = office.post("ash", status=Status.APPROVED, after=SECOND)
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.APPROVED
    office.clock.move(SECOND)
    sweep.hand_over(means, office.clock.now())
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.BY_HAND
    with office.database.read() as session:
        (notice,) = unsent(session)
    assert notice.to == "anna@ash.example.org"
    assert office.seen(post_id).draft["words"] in notice.body
    assert notice.path == f"/posts/{post_id}/hand"


@pytest.mark.parametrize("step", [sweep.hand_over, sweep.expire])
def test_a_time_that_is_given_between_the_look_and_the_step_counts(
    office: Office, means: Means, step: Callable[[Means, datetime], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    office.join("ash", mode="by-hand")
    office.hire("anna", "officer", "ash")
    ago = SECOND if step is sweep.hand_over else means.policy.grace + SECOND
    post_id = office.post("ash", status=Status.APPROVED, after=-ago, window=2 * ago + 60 * SECOND)
    look = "to_hand_over" if step is sweep.hand_over else "overdue"
    real = getattr(upkeep, look)

    def moved_meanwhile(*asked: object, **more: object) -> list[Post]:
        found: list[Post] = real(*asked, **more)
        if found:
            with office.deciding("anna", post_id) as (desk, row):
                rearranging.reschedule(desk, row, office.clock.now() + 30 * SECOND)
        return found

    monkeypatch.setattr(upkeep, look, moved_meanwhile)
    step(means, office.clock.now())
    assert office.seen(post_id).status == Status.APPROVED


def test_what_nobody_recorded_in_three_days_can_still_be_recorded_and_is_not_asked_for_again(
    office: Office, means: Means
) -> None:
    office.join("ash", mode="by-hand", channel="facebook")
    office.hire("anna", "officer", "ash")
    post_id = office.post("ash", status=Status.APPROVED, after=-SECOND)
    sweep.hand_over(means, office.clock.now())
    office.clock.move(timedelta(days=3, seconds=2))
    sweep.expire(means, office.clock.now())
    assert office.seen(post_id).status == Status.MISSED
    with pytest.raises(WrongUse, match="may have published it"), office.deciding("rita", post_id) as (desk, row):
        rearranging.rearrange(desk, no_files, row, office.clock.now() + 60 * SECOND)
    with office.deciding("anna", post_id) as (desk, row):
        by_hand.record(desk, means.channels, row, "https://www.facebook.com/ash/posts/4711")
    assert office.seen(post_id).status == Status.PUBLISHED


def test_what_was_missed_without_a_person_is_not_recorded_as_published_by_hand(office: Office, means: Means) -> None:
    post_id = office.post("oak", status=Status.APPROVED, after=-means.policy.grace - SECOND)
    sweep.expire(means, office.clock.now())
    with pytest.raises(MoveRefused, match="handed to a person"), office.deciding("olga", post_id) as (desk, row):
        by_hand.record(desk, means.channels, row, "https://x.com/oak/status/4711")
    assert office.seen(post_id).status == Status.MISSED


def test_a_newsletter_is_handed_over_as_an_article_without_marks_and_foot(office: Office, means: Means) -> None:
    office.join("ash", channel="email", mode="by-hand")
    office.hire("anna", "officer", "ash")
    office.reach("anna", "anna@ash.example.org")
    envelope = Envelope("News <news@ash.example.org>", "Ash", "https://campaign.example.org")
    draft = Draft("Dear ⟦name|reader⟧, hello.", subject="News for ⟦name|you⟧", audience="a", envelope=envelope)
    office.post("ash", status=Status.APPROVED, after=DUE, changes={"draft": draft_to_json(draft)})
    contents = Contents(ChannelComposer(means.channels), CONTENTS.media_folder)
    with office.database.write() as session:
        (row,) = listing.posts(session, listing.PostFilter(partners=("ash",)))
        row.post.approved_hash = contents.digest(row.post, row.account)
        session.add(row.post)
    sweep.hand_over(replace(means, contents=contents), office.clock.now())
    with office.database.read() as session:
        (notice,) = unsent(session)
    assert "\nSubject: News for you\n\n" in notice.body
    assert "Dear reader, hello." in notice.body
    assert "Open: mailto:?subject=News%20for%20you&body=" in notice.body
    for foot in ("⟦", "nsubscribe", "%E2%9F%A6"):
        assert foot not in notice.body


def test_what_is_held_is_not_handed_over(office: Office, means: Means) -> None:
    office.join("ash", mode="by-hand")
    post_id = office.post("ash", status=Status.APPROVED, after=DUE)
    with office.database.write() as session:
        session.add(Hold(scope="partner:ash", reason="r", held_by="rita", held_at=office.clock.now()))
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.APPROVED


def test_an_image_whose_permission_has_ended_is_not_handed_over_and_people_are_told(
    office: Office, means: Means
) -> None:
    office.reach("rita", "rita@dfe.example.org")
    office.join("ash", mode="by-hand")
    image = Media("d" * 64, "image/png", "Our class", Path("a.png"), office.clock.now())
    shows = {"draft": draft_to_json(Draft("Look", media=(image,)))}
    post_id = office.post("ash", status=Status.APPROVED, after=DUE, changes=shows)
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.MISSED
    with office.database.read() as session:
        (notice,) = unsent(session)
    assert "the permission for the image “Our class” has ended" in notice.body


def test_changed_words_are_not_handed_over_but_go_back_to_review(office: Office, means: Means) -> None:
    office.reach("rita", "rita@dfe.example.org")
    office.join("ash", mode="by-hand")
    post_id = office.post("ash", status=Status.APPROVED, after=DUE)
    with office.database.write() as session:
        post = session.get_one(Post, post_id)
        post.draft = {**post.draft, "words": "Something nobody saw"}
        session.add(post)
    sweep.hand_over(means, office.clock.now())
    post = office.seen(post_id)
    assert (post.status, post.approved_hash) == (Status.IN_REVIEW, None)
    assert told(office) == [("rita@dfe.example.org", f"{name_of(office)}: a post went back to review")]
    with office.deciding("rita", post_id) as (desk, row):
        assert decisions.approve(desk, row, row.post.content_hash), "the listing must show the hash to approve"


def a_share(office: Office) -> int:
    """A post of ash, served by hand, that shares oak's post of the slot launch, due now."""
    office.reach("olga", "olga@oak.example.org")
    office.join("ash", mode="by-hand")
    office.hire("anna", "officer", "ash")
    office.reach("anna", "anna@ash.example.org")
    draft = draft_to_json(Draft(words="", share_of="launch@oak"))
    return office.post("ash", status=Status.APPROVED, after=DUE, changes={"draft": draft})


def test_a_share_by_hand_is_handed_over_with_the_address_the_name_and_the_share_page(
    office: Office, means: Means
) -> None:
    facts = {"slot": "launch", "external_id": "99", "url": "https://x.com/oak/status/99"}
    office.post("oak", status=Status.PUBLISHED, after=DUE, changes={**facts, "published_at": office.clock.now()})
    post_id = a_share(office)
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.BY_HAND
    with office.database.read() as session:
        (notice,) = unsent(session)
        oak = session.get_one(Partner, session.get_one(Account, office.accounts["oak"]).partner_id).name
    assert f"Share this post of {oak}: https://x.com/oak/status/99\n" in notice.body
    assert "Open: https://x.com/intent/retweet?tweet_id=99\n" in notice.body


def test_a_share_by_hand_waits_for_what_it_shares_within_the_grace(office: Office, means: Means) -> None:
    post_id = a_share(office)
    sweep.hand_over(means, office.clock.now())
    assert (office.seen(post_id).status, told(office)) == (Status.APPROVED, [])
    facts = {"slot": "launch", "external_id": "99", "url": "https://x.com/oak/status/99"}
    office.post("oak", status=Status.PUBLISHED, after=DUE, changes={**facts, "published_at": office.clock.now()})
    with office.database.read() as session:
        wake_at = upkeep.next_wake(session, office.clock.now(), GRACE)
    assert wake_at == office.clock.now() + 5 * SECOND
    office.clock.move(5 * SECOND)
    sweep.hand_over(means, office.clock.now())
    assert office.seen(post_id).status == Status.BY_HAND


def test_a_share_of_what_never_came_is_missed_and_says_so(office: Office, means: Means) -> None:
    post_id = a_share(office)
    sweep.hand_over(means, office.clock.now())
    office.clock.move(GRACE + SECOND)
    sweep.expire(means, office.clock.now())
    assert office.seen(post_id).status == Status.MISSED
    with office.database.read() as session:
        (notice,) = unsent(session)
    assert "launch@oak, was not published" in notice.body


def name_of(office: Office) -> str:
    with office.database.read() as session:
        found: str = session.get_one(Partner, session.get_one(Account, office.accounts["ash"]).partner_id).name
        return found


@pytest.mark.parametrize(
    ("status", "limit"),
    [(Status.APPROVED, GRACE), (Status.IN_REVIEW, timedelta()), (Status.BY_HAND, timedelta(days=3))],
)
def test_late_posts_are_missed_just_beyond_their_limit(
    office: Office, means: Means, status: Status, limit: timedelta
) -> None:
    post_id = office.post("oak", status=status, after=DUE)
    office.clock.move(limit)
    sweep.expire(means, office.clock.now())
    assert office.seen(post_id).status == status
    office.clock.move(SECOND)
    sweep.expire(means, office.clock.now())
    assert office.seen(post_id).status == Status.MISSED
    assert office.moves(post_id) == [("here:1", Move.EXPIRE)]


def test_a_missed_post_is_told_to_its_officers_else_to_the_reviewers(office: Office, means: Means) -> None:
    office.reach("rita", "rita@dfe.example.org")
    office.reach("olga", "olga@oak.example.org")
    office.post("oak", status=Status.APPROVED, after=-GRACE - SECOND)
    office.post("elm", status=Status.APPROVED, after=-GRACE - SECOND)
    sweep.expire(means, office.clock.now())
    assert sorted(to for to, _ in told(office)) == ["olga@oak.example.org", "rita@dfe.example.org"]


def test_what_somebody_else_moved_meanwhile_is_left_to_them(office: Office, means: Means) -> None:
    post_id = office.post("oak", status=Status.APPROVED, after=-GRACE - SECOND)
    with office.database.read() as session:
        late = upkeep.overdue(session, office.clock.now(), GRACE)
    with office.deciding("olga", post_id) as (desk, row):
        decisions.withdraw(desk, row, "not now")
    sweep._one(means, late[0], lambda session, post: sweep._miss(session, means, post, office.clock.now()))
    assert office.seen(post_id).status == Status.WITHDRAWN
    assert told(office) == []


def test_what_cannot_be_taken_down_by_us_is_a_persons_task(office: Office, means: Means) -> None:
    office.reach("rita", "rita@dfe.example.org")
    office.join("ash", mode="by-hand")
    post_id = office.post("ash", status=Status.PUBLISHED, changes={"url": "https://x.com/ash/status/1"})
    with office.deciding("adam", post_id) as (desk, row):
        decisions.take_down(desk, row, "asked by DfE")
    sweep.take_down(means, post_id)
    post = office.seen(post_id)
    assert (post.status, post.needs_person is not None) == (Status.RETRACTING, True)
    assert len(told(office)) == 1
    with office.database.read() as session:
        assert upkeep.to_retract(session, office.clock.now()) == []
        assert [row.post.id for row in listing.waiting_for_person(session)] == [post_id]


def test_a_post_of_which_nobody_knows_the_id_is_not_asked_for_and_not_called_gone(office: Office, means: Means) -> None:
    post_id = office.post("oak", status=Status.PUBLISHED, changes={"url": "https://x.com/oak/status/1"})
    with office.deciding("adam", post_id) as (desk, row):
        decisions.take_down(desk, row, "asked by DfE")
    sweep.take_down(means, post_id)
    post = office.seen(post_id)
    assert post.status == Status.RETRACTING
    assert post.needs_person == "nobody knows its id: delete it by hand"


def test_a_waiting_lane_does_not_delay_the_wake_up_of_another(office: Office) -> None:
    office.post("oak", status=Status.APPROVED, after=DUE)
    later = office.post("elm", status=Status.APPROVED, after=5 * SECOND)
    with office.database.write() as session:
        lanes.pace_lane(session, office.accounts["oak"], office.clock.now() + timedelta(hours=1), None)
    with office.database.read() as session:
        assert upkeep.next_wake(session, office.clock.now(), GRACE) == office.seen(later).due_at
    with office.deciding("olga", later) as (desk, row):
        desk.move(row.post, Move.WITHDRAW)
    with office.database.read() as session:
        woken = upkeep.next_wake(session, office.clock.now(), timedelta(hours=9))
    assert woken == office.clock.now() + timedelta(hours=1)


@pytest.mark.parametrize("held", [True, False])
def test_a_lane_that_a_dead_process_held_delays_no_wake_up(office: Office, *, held: bool) -> None:
    post = office.seen(office.post("oak", status=Status.APPROVED, after=5 * SECOND))
    now = office.clock.now()
    with office.database.write() as session:
        lane = session.get_one(Lane, office.accounts["oak"])
        lane.owner, lane.lease_until = "dead:1", now + (SECOND if held else -SECOND)
        session.add(lane)
    with office.database.read() as session:
        woken = upkeep.next_wake(session, now, timedelta(hours=9))
    assert woken == post.due_at + (timedelta(hours=9) if held else timedelta())


def test_idle_means_that_nothing_waits_but_what_a_person_must_do(office: Office) -> None:
    def ahead() -> bool:
        with office.database.read() as session:
            return upkeep.still_to_come(session, office.clock.now())

    assert not ahead()
    office.post("oak", status=Status.IN_REVIEW)
    office.post("oak", status=Status.UNCONFIRMED, changes={"needs_person": "twice there"})
    assert not ahead()
    held = office.post("oak", status=Status.APPROVED)
    assert ahead()
    with office.database.write() as session:
        session.add(Hold(scope=f"post:{held}", reason="r", held_by="rita", held_at=office.clock.now()))
    assert not ahead()
    office.post("elm", status=Status.UNCONFIRMED, changes={"next_look_at": office.clock.now()})
    assert ahead()


@pytest.mark.parametrize(
    ("delivery", "expires"), [(None, True), ("waiting", True), ("sent", False), ("unknown", False), ("sending", False)]
)
def test_an_issue_that_was_tried_but_sent_to_nobody_is_missed_like_any_post(
    office: Office, means: Means, delivery: str | None, *, expires: bool
) -> None:
    office.join("ash", channel="email")
    tried_at = office.clock.now() - GRACE
    post_id = office.post("ash", status=Status.APPROVED, after=-GRACE - SECOND, changes={"started_at": tried_at})
    with office.database.write() as session:
        if delivery:
            copy = Delivery(post_id=post_id, email="r@x.org", token="t", status=delivery, next_try_at=tried_at)
            session.add(copy)
    sweep.expire(means, office.clock.now())
    assert (office.seen(post_id).status == Status.MISSED) is expires
