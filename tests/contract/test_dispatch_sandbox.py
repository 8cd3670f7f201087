"""Dispatch with the real channels on the local platforms: each post visible once, whatever happened to the answers."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from dispatch_room import POLICY, SECOND, Room, ShiftedClock, claim_next, deliver, opened_room

from campaign.dispatch import reconcile, sweep
from campaign.identities import name as bound_to
from campaign.intake import AccountRow
from campaign.models import lanes, listing, partners, upkeep
from campaign.models.holds import Hold
from campaign.models.moves import move
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import Gate, Identity, Media, Message, Receipt
from campaign.register import accounts as register
from campaign.sandbox.server import Sandbox

Pictures = Callable[[int], tuple[Media, ...]]


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room(request.param, sandbox, tmp_path)


def test_a_lost_answer_is_unconfirmed_then_found_and_adopted(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.goes_wrong("store-then-drop", nth=(1,))
    room.serve()
    lost = room.seen(post_id)
    assert (lost.status, lost.external_id) == (Status.UNCONFIRMED, None)
    assert room.attempts(post_id) == ["unknown"]
    room.serve()
    assert len(room.shown()) == 1, "an unconfirmed post was sent again before anybody looked"
    room.look(post_id)
    found = room.seen(post_id)
    assert (found.status, [found.external_id]) == (Status.PUBLISHED, room.shown())
    room.serve()
    assert len(room.shown()) == 1


def test_what_never_arrived_is_absent_after_enough_good_reads_and_sent_again_once(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.goes_wrong("drop-before-store", nth=(1,))
    room.serve()
    assert room.seen(post_id).status == Status.UNCONFIRMED
    room.look(post_id, 2)
    assert room.seen(post_id).status == Status.UNCONFIRMED, "two reads prove nothing"
    for _ in range(8):
        if room.seen(post_id).status != Status.UNCONFIRMED:
            break
        room.look(post_id)
    absent = room.seen(post_id)
    assert absent.status == Status.APPROVED
    assert absent.good_reads + 1 >= POLICY.lookup_reads
    room.serve()
    room.serve()
    sent = room.seen(post_id)
    assert (sent.status, [sent.external_id]) == (Status.PUBLISHED, room.shown())
    assert room.attempts(post_id) == ["unknown", "posted"]


def test_reads_that_fail_prove_no_absence(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.goes_wrong("drop-before-store", nth=(1,))
    room.serve()
    room.goes_wrong("5xx-before-store", "list")
    room.look(post_id, 5)
    unsure = room.seen(post_id)
    assert (unsure.status, unsure.good_reads) == (Status.UNCONFIRMED, 0)
    assert unsure.looks == 5


def test_two_equal_posts_on_the_account_need_a_person(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.goes_wrong("store-then-drop", nth=(1,))
    room.serve()
    (stored,) = room.box.world.stored(room.channel)
    twin = stored.id[:-1] + ("2" if stored.id[-1] != "2" else "3")
    room.box.world.add_post(replace(stored, id=twin))
    room.look(post_id)
    unsure = room.seen(post_id)
    assert unsure.status == Status.UNCONFIRMED
    assert twin in (unsure.needs_person or "")
    assert [(notice.to, "/settle/" in notice.path) for notice in room.notices()] == [("olga@oak.example.org", True)]
    with room.means.database.read() as session:
        assert upkeep.to_look_up(session, room.means.clock.now() + timedelta(hours=1)) == []


def test_an_equal_post_waits_while_its_twin_is_unconfirmed_and_others_do_not(room: Room) -> None:
    lost = room.post("Have your say on SEND reform")
    room.goes_wrong("store-then-drop", nth=(1,))
    room.serve()
    equal, other = room.post("have your say  on SEND reform"), room.post("Five principles, five events")
    room.serve()
    assert [room.seen(post_id).status for post_id in (lost, equal, other)] == [
        Status.UNCONFIRMED,
        Status.APPROVED,
        Status.PUBLISHED,
    ]


def test_a_dead_process_leaves_a_post_that_is_looked_up_before_anything_is_sent(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.later(timedelta(minutes=1))
    dead = replace(room.means, owner="dead:9")
    assert claim_next(dead, room.accounts["oak"]) is not None
    claimed = room.seen(post_id)
    with room.means.database.read() as session:
        account, partner = partners.account_with_partner(session, claimed.account_id)
    message = dead.contents.message(claimed)
    room.means.channels[room.channel].publish(dead.identify(account, partner), message, OpenGate())
    sweep.recover(room.means, room.means.clock.now())
    assert room.seen(post_id).status == Status.PUBLISHING, "its lease still runs"
    room.later(POLICY.lease + SECOND)
    sweep.recover(room.means, room.means.clock.now())
    assert room.seen(post_id).status == Status.UNCONFIRMED
    room.look(post_id)
    assert [room.seen(post_id).external_id] == room.shown()


class OpenGate:
    """A gate that lets everything through."""

    def check(self) -> None:
        return None

    def keep(self, _media_ids: object) -> None:
        return None


def test_a_dead_token_stops_that_account_alone_until_new_credentials_come(room: Room) -> None:
    bad = room.post("From oak")
    good = room.post("From elm", partner="elm")
    with room.means.database.write() as session:
        account = session.get_one(Account, room.accounts["oak"])
        wrong = {name: f"{value}-gone" for name, value in room.credentials("1001").items()}
        wrong.pop("refresh_token", None)
        account.sealed = room.vault.seal(wrong, bound_to(account))
        session.add(account)
    room.serve()
    assert room.notices() == [], "one refusal may be the platform's own trouble"
    room.serve()
    room.serve("elm")
    assert (room.seen(bad).status, room.seen(good).status) == (Status.APPROVED, Status.PUBLISHED)
    assert [notice.to for notice in room.notices()] == ["olga@oak.example.org"]
    room.serve()
    assert room.attempts(bad) == ["credential", "credential"], "a stopped account was tried again"

    row = AccountRow("oak", room.channel, "@p1001", "1001", credentials=room.credentials("1001"))
    with room.desk() as desk:
        register.take(desk.session, [row], room.vault, by=desk.person, now=desk.now)
    room.serve()
    assert room.seen(bad).status == Status.PUBLISHED


def test_a_share_of_a_post_whose_id_nobody_knows_ends_at_once_and_says_so(room: Room) -> None:
    """It was published by hand, at an address that hides the id: no wait makes it known."""
    url = "https://www.facebook.com/oak/posts/pfbid02AbC"
    source, share = room.post("The launch", slot="launch"), room.post("", partner="elm", share_of="launch@oak")
    with room.means.database.write() as session:
        there = session.get_one(Post, source)
        there.status, there.url, there.published_at = Status.PUBLISHED, url, room.means.clock.now()
        session.add(there)
    room.serve("elm")
    assert (room.seen(share).status, room.shown()) == (Status.FAILED, [])
    (told,) = room.notices()
    assert f"launch@oak stands at {url}" in told.body
    assert "share it by hand" in told.body


def test_a_share_waits_for_its_post_and_then_passes_it_on(room: Room) -> None:
    share = room.post("", partner="elm", share_of="launch@oak")
    room.serve("elm")
    waiting = room.seen(share)
    assert waiting.status == Status.APPROVED
    assert waiting.next_try_at > waiting.due_at
    assert room.shown() == []
    room.post("The launch", slot="launch")
    room.serve()
    room.serve("elm")
    shared = room.seen(share)
    assert shared.status == Status.PUBLISHED
    entries = [entry for entry in room.box.world.ledger() if entry["account"] == "2002"]
    assert [str(entry["share_of"]) for entry in entries] == [room.shown()[0]]


def test_a_published_post_is_taken_down(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.serve()
    assert len(room.shown()) == 1
    room.order_retraction(post_id)
    sweep.take_down(room.means, post_id)
    assert room.seen(post_id).status == Status.RETRACTED
    assert room.shown() == []


def test_a_404_of_an_edge_leaves_a_post_to_be_taken_down_and_the_platforms_own_word_ends_it(room: Room) -> None:
    post_id = room.post("Have your say on SEND reform")
    room.serve()
    room.order_retraction(post_id)
    room.goes_wrong("edge-404", "delete", nth=(1,))
    sweep.take_down(room.means, post_id)
    standing = room.seen(post_id)
    assert (standing.status, len(room.shown())) == (Status.RETRACTING, 1)
    assert standing.next_look_at is not None, "nobody would look at it again"
    room.box.world.delete_post(room.channel, room.shown()[0])
    room.later(timedelta(minutes=5))
    sweep.take_down(room.means, post_id)
    assert (room.seen(post_id).status, room.notices()) == (Status.RETRACTED, [])


def test_trouble_while_taking_down_is_tried_again_and_then_given_to_a_person(room: Room) -> None:
    post_id, other = room.post("Have your say"), room.post("Five principles")
    room.serve()
    room.serve()
    for ordered in (post_id, other):
        room.order_retraction(ordered)
    room.goes_wrong("5xx-before-store", "delete", nth=(1, 2))
    for _ in range(3):
        room.later(timedelta(minutes=1))
        sweep.take_down(room.means, post_id)
    assert (room.seen(post_id).status, room.notices()) == (Status.RETRACTED, [])

    room.goes_wrong("5xx-before-store", "delete")
    for _ in range(9):
        room.later(timedelta(minutes=1))
        with room.means.database.read() as session:
            due = upkeep.to_retract(session, room.means.clock.now())
        for ident, channel in due:
            sweep.take_down(room.means, ident)
            with room.means.database.read() as session:
                assert (ident, channel) not in upkeep.to_retract(session, room.means.clock.now()), (
                    "it would be tried without end"
                )
    stuck = room.seen(other)
    assert (stuck.status, stuck.needs_person is not None) == (Status.RETRACTING, True)
    assert len(room.notices()) == 1


def test_a_hold_between_two_posts_stops_the_second_one(room: Room) -> None:
    first, second = room.post("The first"), room.post("The second")
    room.serve()
    with room.desk() as desk:
        held = Hold(scope=f"account:{room.accounts['oak']}", reason="a figure", held_by="rita", held_at=desk.now)
        desk.session.add(held)
    room.serve()
    assert (room.seen(first).status, room.seen(second).status) == (Status.PUBLISHED, Status.APPROVED)
    assert room.attempts(second) == []


def test_an_attempt_is_durable_before_the_wire(room: Room) -> None:
    post_id = room.post("Have your say")
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    with room.means.database.read() as session:
        (attempt,) = lanes.attempts(session, post_id)
    assert (attempt.number, attempt.closed_at, attempt.outcome) == (1, None, None)
    assert room.shown() == []
    deliver(room.means, claimed)
    assert room.attempts(post_id) == ["posted"]


def test_a_persons_word_settles_an_unconfirmed_post_both_ways(room: Room) -> None:
    there, absent = room.post("Have your say"), room.post("Five principles")
    room.goes_wrong("drop-before-store")
    for _ in range(2):
        room.serve()
    room.box.world.faults.replace(())
    with room.desk() as desk:
        post = desk.session.get_one(Post, there)
        receipt = Receipt(external_id="77", url="https://example.org/77")
        reconcile.adopt(desk.session, room.means, post, receipt, who="rita", now=desk.now)
        post = desk.session.get_one(Post, absent)
        reconcile.declare_absent(desk.session, room.means, post, who="rita", now=desk.now, why="rita looked")
    room.serve()
    assert (room.seen(there).status, room.seen(there).external_id) == (Status.PUBLISHED, "77")
    assert [room.seen(absent).external_id] == room.shown()
    with room.means.database.read() as session:
        named = {(event.who, event.move) for event in listing.events(session, absent)}
    assert ("rita", Move.ABSENT) in named


def test_absent_beyond_the_grace_is_missed_and_not_sent(room: Room) -> None:
    post_id = room.post("Have your say")
    room.goes_wrong("drop-before-store")
    room.serve()
    room.box.world.faults.replace(())
    room.later(POLICY.grace)
    with room.desk() as desk:
        post = desk.session.get_one(Post, post_id)
        reconcile.declare_absent(desk.session, room.means, post, who="rita", now=desk.now, why="rita looked")
    room.serve()
    assert (room.seen(post_id).status, room.shown()) == (Status.MISSED, [])


def test_words_that_changed_after_approval_go_back_to_review_and_not_out(room: Room) -> None:
    post_id = room.post("Have your say")
    with room.means.database.write() as session:
        post = session.get_one(Post, post_id)
        post.draft = {**post.draft, "words": "Something nobody saw"}
        session.add(post)
    room.serve()
    back = room.seen(post_id)
    assert (back.status, back.approved_hash, room.shown()) == (Status.IN_REVIEW, None, [])
    assert [notice.subject for notice in room.notices()] == ["Oak: a post went back to review"]


def test_an_image_whose_permission_has_ended_is_withheld_before_the_wire(room: Room, pictures: Pictures) -> None:
    (image,) = pictures(1)
    post_id = room.post("Have your say", media=(replace(image, until=room.means.clock.now() + timedelta(seconds=30)),))
    room.serve()
    refused = room.seen(post_id)
    assert (refused.status, room.attempts(post_id), room.shown()) == (Status.FAILED, ["withheld"], [])
    (notice,) = room.notices()
    assert f"it was not sent: the permission for the image “{image.alt}” has ended" in notice.body
    assert "the platform" not in notice.body, "which was never asked"
    assert room.box.world.faults.report()["calls"] == {}


@dataclass
class Slow:
    """A gate behind which each request takes so long by the clock, and no time at all."""

    gate: Gate
    each: timedelta

    def check(self) -> None:
        self.gate.check()
        ShiftedClock.ahead += self.each

    def keep(self, media_ids: Sequence[str]) -> None:
        self.gate.keep(media_ids)


@pytest.fixture
def slow(room: Room, monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let each request of the room's channel take so long."""
    channel = room.means.channels[room.channel]
    publish = channel.publish

    def slowed(each: timedelta) -> None:
        def slowly(who: Identity, message: Message, gate: Gate) -> Receipt:
            return publish(who, message, Slow(gate, each))

        monkeypatch.setattr(channel, "publish", slowly)

    return slowed


def test_uploads_that_take_longer_than_a_lease_extend_it_as_they_go(
    room: Room, pictures: Pictures, slow: Callable[[timedelta], None]
) -> None:
    slow(POLICY.lease / 3)
    post_id = room.post("Have your say", media=room.keep_images(pictures(4)))
    before = room.means.clock.now()
    room.serve()
    assert room.means.clock.now() - before > POLICY.lease
    assert room.attempts(post_id) == ["posted"]


def test_an_upload_longer_than_half_a_lease_is_not_made_over_and_over(
    room: Room, pictures: Pictures, slow: Callable[[timedelta], None]
) -> None:
    slow(POLICY.lease / 2 + SECOND)
    post_id = room.post("Have your say", media=room.keep_images(pictures(1)))
    room.serve()
    assert room.attempts(post_id) == ["worn"]
    assert (room.seen(post_id).next_try_at - room.means.clock.now()) > timedelta(seconds=3)
    room.come_to_rest(500)
    assert set(room.attempts(post_id)) <= {"worn", "stopped"}, "the grace may end in the middle of the last one"
    assert (room.seen(post_id).status, room.shown()) == (Status.MISSED, [])


def test_a_machine_without_the_image_leaves_the_post_to_one_that_has_it(room: Room, pictures: Pictures) -> None:
    (image,) = pictures(1)
    elsewhere = room.means.contents.media_folder / image.path.name
    post_id = room.post("Have your say", media=(image,))
    room.serve()
    assert (room.seen(post_id).status, room.attempts(post_id)) == (Status.APPROVED, ["never-sent"])
    elsewhere.parent.mkdir()
    image.path.rename(elsewhere)
    room.serve()
    assert room.attempts(post_id) == ["never-sent", "posted"]


def test_an_image_that_stays_away_ends_as_a_missed_post_whose_people_are_told_why(
    room: Room, pictures: Pictures
) -> None:
    (image,) = pictures(1)
    post_id = room.post("Have your say", media=(image,))
    room.come_to_rest(500)
    assert (room.seen(post_id).status, room.shown()) == (Status.MISSED, [])
    (notice,) = room.notices()
    assert f"the image {image.path.name} is not in the media folder of this machine" in notice.body


def test_credentials_that_cannot_be_opened_stop_the_account_and_leave_no_doubt(room: Room) -> None:
    post_id = room.post("Have your say")
    with room.means.database.write() as session:
        account = session.get_one(Account, room.accounts["oak"])
        account.sealed = (account.sealed or b"")[:-1] + b"?"
        session.add(account)
    room.serve()
    room.serve()
    assert room.attempts(post_id) == ["credential", "credential"]
    assert room.seen(post_id).status == Status.APPROVED
    with room.means.database.read() as session:
        assert session.get_one(Account, room.accounts["oak"]).stopped_why


def test_a_late_answer_settles_what_was_declared_lost(room: Room) -> None:
    post_id = room.post("Have your say")
    room.later(timedelta(minutes=1))
    claimed = claim_next(room.means, room.accounts["oak"])
    assert claimed is not None
    with room.means.database.write() as session:
        why = {"next_look_at": room.means.clock.now()}
        move(session, session.get_one(Post, post_id), Move.LOSE, who="other:2", at=room.means.clock.now(), changes=why)
    deliver(room.means, claimed)
    assert (room.seen(post_id).status, [room.seen(post_id).external_id]) == (Status.PUBLISHED, room.shown())
