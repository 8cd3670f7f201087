"""Looking up what nobody knows the end of: the signs by which it is found, what proves absence, who asks a person."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from dispatch_room import Room, ShiftedClock, claim_next, opened_room
from sqlmodel import select

from campaign.config.settings import DispatchSection
from campaign.dispatch import reconcile, word
from campaign.dispatch.retry import Policy
from campaign.errors import WrongUse
from campaign.intake import AccountRow
from campaign.models import lanes, listing
from campaign.models.moves import move
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.ports import Evidence, Identity, Media, Receipt, Sighting
from campaign.review.rebinding import take_accounts
from campaign.sandbox.server import Sandbox

WORDS = "Have your say on SEND reform (5 minutes) & pass it on: https://www.gov.uk/dfe/SEND-conversation?a=1&b=2"
VIEWS = "https://www.gov.uk/dfe/SEND-conversation"
MINUTE = timedelta(minutes=1)
SOON = timedelta(seconds=2)  # within the margin in which a post counts as of the attempt
SHIPPED = Policy(**{name: getattr(DispatchSection(), name) for name in Policy.__dataclass_fields__})

Pictures = Callable[[int], tuple[Media, ...]]


@pytest.fixture(params=["x", "facebook", "linkedin"])
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    yield from opened_room(request.param, sandbox, tmp_path)


@pytest.fixture
def page(sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    """A room over LinkedIn, where elm's token may write and not read."""
    yield from opened_room("linkedin", sandbox, tmp_path)


def control(room: Room) -> str:
    """Publish a post an hour before all that follows."""
    post_id = room.post("An older post")
    room.serve()
    room.later(60 * MINUTE)
    return room.seen(post_id).external_id or ""


def lost(room: Room, words: str = WORDS, *, kind: str = "store-then-drop", **more: Any) -> int:
    """Publish with an answer that is lost."""
    post_id = room.post(words, **more)
    room.goes_wrong(kind, nth=(1,))
    room.serve(after=SOON)
    room.box.world.faults.replace(())
    assert room.seen(post_id).status == Status.UNCONFIRMED
    return post_id


def rewrite(room: Room, **more: Any) -> None:
    """Let the platform change the newest post."""
    newest = room.box.world.stored(room.channel)[0]
    room.box.world.change_post(replace(newest, **more))


# --- by which sign it is found --------------------------------------------------------------------------------------


def other_words(room: Room) -> None:
    newest = room.box.world.stored(room.channel)[0]
    rewrite(room, text="Other words", extra={**newest.extra, "commentary": "Other words"})


def test_by_its_uploads_whatever_its_words_became(room: Room, pictures: Pictures) -> None:
    control(room)
    post_id = lost(room, media=room.keep_images(pictures(2)))
    other_words(room)
    room.look(post_id)
    assert room.seen(post_id).external_id == room.shown()[-1]


@pytest.mark.parametrize("room", ["facebook", "linkedin"], indirect=True)  # on X an address is in plain sight
def test_by_the_token_in_its_card_whatever_its_words_became(room: Room) -> None:
    control(room)
    post_id = lost(room, link=VIEWS, link_title="Have your say")
    other_words(room)
    room.look(post_id)
    assert room.seen(post_id).external_id == room.shown()[-1]


def test_by_its_words_as_the_platform_gives_them_back(room: Room) -> None:
    control(room)
    post_id = lost(room)
    room.look(post_id)
    assert room.seen(post_id).external_id == room.shown()[-1]


def test_other_words_alone_are_no_sign(room: Room) -> None:
    control(room)
    post_id = lost(room)
    other_words(room)
    room.look(post_id)
    assert room.seen(post_id).status == Status.UNCONFIRMED


class Behind(ShiftedClock):
    """The right time, where the clock of the machine that sends is nine minutes fast."""

    def now(self) -> datetime:
        return super().now() - 9 * MINUTE


def test_it_is_found_although_the_clock_here_is_minutes_fast(room: Room) -> None:
    room.box.world.clock = Behind()
    control(room)
    post_id = lost(room)
    room.come_to_rest()
    assert (room.seen(post_id).status, len(room.shown())) == (Status.PUBLISHED, 2)
    assert room.attempts(post_id) == ["unknown"]


# --- nobody else's ids ----------------------------------------------------------------------------------------------


def test_the_same_words_of_an_earlier_post_are_not_adopted(room: Room) -> None:
    room.box.world.switches[f"{room.channel}.duplicate_window"] = 0
    first = room.post(WORDS)
    room.serve()
    second = lost(room, kind="drop-before-store")
    room.come_to_rest()
    ids = [room.seen(post_id).external_id for post_id in (first, second)]
    assert ids == room.shown()
    assert ids[0] != ids[1]


@pytest.mark.parametrize("name", ["facebook"])
def test_an_id_that_a_person_gave_by_its_address_counts_as_taken(name: str, sandbox: Sandbox, tmp_path: Path) -> None:
    for room in opened_room(name, sandbox, tmp_path):
        room.box.world.switches["facebook.duplicate_window"] = 0
        first = lost(room)
        (there,) = room.shown()
        with room.desk() as desk:
            told = Receipt(external_id=there.rpartition("_")[2], url=f"https://www.facebook.com/1001/posts/{there}")
            post = desk.session.get_one(Post, first)
            reconcile.adopt(desk.session, room.means, post, told, who="rita", now=desk.now)
        second = lost(room, kind="drop-before-store")
        room.come_to_rest()
        assert room.seen(second).status == Status.PUBLISHED
        assert room.seen(second).external_id == room.shown()[-1] != there


@dataclass
class Abreast:
    """A channel whose look-ups wait for one another after they have seen."""

    channel: Any
    barrier: Barrier

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        sighting: Sighting = self.channel.find(who, evidence)
        self.barrier.wait(30)
        return sighting

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)


def test_two_that_see_the_same_post_at_once_do_not_both_adopt_it(
    sandbox: Sandbox, tmp_path: Path, database_url: str
) -> None:
    for room in opened_room("facebook", sandbox, tmp_path, url=database_url):
        first = lost(room)
        second = room.post(WORDS)
        with room.means.database.write() as session:
            for step in (Move.CLAIM, Move.LOSE):
                why = {"next_look_at": room.means.clock.now()}
                move(
                    session, session.get_one(Post, second), step, who="other:2", at=room.means.clock.now(), changes=why
                )
        room.later(timedelta(minutes=1))  # both look-ups are due
        both = Abreast(room.means.channels["facebook"], Barrier(2))
        means = replace(room.means, channels={"facebook": both})
        threads = [Thread(target=reconcile.look_up, args=(means, post_id)) for post_id in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        found = [post for post in map(room.seen, (first, second)) if post.external_id is not None]
        assert [post.external_id for post in found] == room.shown()
        assert {room.seen(first).status, room.seen(second).status} == {Status.PUBLISHED, Status.UNCONFIRMED}


# --- what proves absence --------------------------------------------------------------------------------------------


def test_a_control_that_is_gone_proves_nothing_and_a_person_is_told_after_ten_looks(room: Room) -> None:
    room.box.world.delete_post(room.channel, control(room))
    post_id = lost(room, kind="drop-before-store")
    room.look(post_id, 9)
    assert room.notices() == []
    room.look(post_id, 3)
    unsure = room.seen(post_id)
    assert (unsure.status, unsure.good_reads, unsure.needs_person) == (Status.UNCONFIRMED, 0, None)
    assert [notice.subject for notice in room.notices()] == ["Oak: a post is still unconfirmed"]


def seconds_until(room: Room, post_id: int, since: Any) -> float:
    """Look whenever a look is due, until the post is no longer unconfirmed; say how long that took."""
    while room.seen(post_id).status == Status.UNCONFIRMED:
        room.look(post_id)
    return float((room.means.clock.now() - since).total_seconds())


def shipped(room: Room) -> Room:
    return replace(room, means=replace(room.means, policy=SHIPPED))


def test_the_first_post_of_an_account_takes_twice_the_patience(room: Room) -> None:
    patient = shipped(room)
    post_id = lost(patient, kind="drop-before-store")
    since = patient.means.clock.now()
    taken = seconds_until(patient, post_id, since)
    assert patient.seen(post_id).status == Status.APPROVED
    assert 2 * SHIPPED.lookup_spread.total_seconds() <= taken <= 360
    patient.come_to_rest()
    assert [patient.seen(post_id).external_id] == patient.shown()


def test_any_older_post_of_the_account_is_control_enough_for_our_first_one(room: Room) -> None:
    """The page was there before the campaign: what it shows of itself proves that the listing works."""
    made = control(room)
    older = room.box.world.post(room.channel, made)
    assert older is not None
    room.box.world.delete_post(room.channel, made)
    room.box.world.add_post(replace(older, id=made[:-1] + str((int(made[-1]) + 1) % 10), deleted_at=None))
    with room.means.database.write() as session:
        forgotten = session.exec(select(Post)).one()
        forgotten.status, forgotten.external_id = Status.WITHDRAWN, None
        session.add(forgotten)
    patient = shipped(room)
    post_id = lost(patient, kind="drop-before-store")
    taken = seconds_until(patient, post_id, patient.means.clock.now())
    assert patient.seen(post_id).status == Status.APPROVED
    assert taken < 2 * SHIPPED.lookup_spread.total_seconds()


# --- the times that ruling 3 promises, with the settings that ship --------------------------------------------------


@pytest.mark.parametrize("failing", [(), (1,), (1, 2)], ids=str)
def test_what_is_there_is_found_within_two_minutes(room: Room, failing: tuple[int, ...]) -> None:
    patient = shipped(room)
    control(patient)
    post_id = lost(patient)
    if failing:
        patient.goes_wrong("5xx-before-store", "list", nth=failing)
    taken = seconds_until(patient, post_id, patient.means.clock.now())
    assert patient.seen(post_id).status == Status.PUBLISHED
    assert taken <= 120


@pytest.mark.parametrize("failing", [(), (1,), (2, 3), (4, 5)], ids=str)
def test_what_is_not_there_is_declared_absent_within_six_minutes(room: Room, failing: tuple[int, ...]) -> None:
    patient = shipped(room)
    control(patient)
    post_id = lost(patient, kind="drop-before-store")
    if failing:
        patient.goes_wrong("5xx-before-store", "list", nth=failing)
    taken = seconds_until(patient, post_id, patient.means.clock.now())
    assert patient.seen(post_id).status == Status.APPROVED
    assert 120 <= taken <= 360


# --- a person -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["store-then-drop", "drop-before-store"])
def test_where_reading_is_not_permitted_a_person_is_asked_at_once_and_nothing_is_sent_again(
    page: Room, kind: str
) -> None:
    post_id = page.post(WORDS, partner="elm")
    page.goes_wrong(kind, nth=(1,))
    page.serve("elm")
    stood = page.shown()
    page.look(post_id)
    asked = page.seen(post_id)
    assert (asked.status, asked.looks) == (Status.UNCONFIRMED, 0)
    assert "403" in (asked.needs_person or "")
    assert ["/settle/" in notice.path for notice in page.notices()] == [True]
    page.later(60 * MINUTE)
    page.come_to_rest()
    assert page.shown() == stood
    assert page.seen(post_id).status == Status.UNCONFIRMED


@pytest.mark.parametrize(
    ("kind", "ends"), [("drop-before-store", Status.PUBLISHED), ("store-then-drop", Status.UNCONFIRMED)]
)
def test_a_persons_not_published_is_sent_again_and_the_platform_has_the_last_word(
    page: Room, kind: str, ends: Status
) -> None:
    """If the person was wrong, LinkedIn calls the second try a duplicate: it is one post, and the person hears that."""
    post_id = page.post(WORDS, partner="elm")
    page.goes_wrong(kind, nth=(1,))
    page.serve("elm")
    page.look(post_id)
    with page.desk() as desk:
        post = desk.session.get_one(Post, post_id)
        reconcile.declare_absent(desk.session, page.means, post, who="rita", now=desk.now, why="rita looked")
    page.serve("elm")
    page.come_to_rest()
    assert (page.seen(post_id).status, len(page.shown())) == (ends, 1)
    assert (page.seen(post_id).needs_person is None) == (ends == Status.PUBLISHED)


def test_a_look_that_comes_back_after_a_persons_word_changes_nothing(page: Room) -> None:
    post_id = page.post(WORDS, partner="elm")
    page.goes_wrong("store-then-drop", nth=(1,))
    page.serve("elm")
    settled = Settling(page, post_id)
    means = replace(page.means, channels={"linkedin": settled})
    page.later(MINUTE)
    reconcile.look_up(means, post_id)
    assert (page.seen(post_id).status, page.seen(post_id).needs_person) == (Status.PUBLISHED, None)
    assert page.notices() == []


@dataclass
class Settling:
    """A channel during whose look-up a person says where the post is."""

    room: Room
    post_id: int

    def find(self, who: Identity, evidence: Evidence) -> Sighting:
        with self.room.desk() as desk:
            post, told = desk.session.get_one(Post, self.post_id), Receipt(external_id=self.room.shown()[0])
            reconcile.adopt(desk.session, self.room.means, post, told, who="rita", now=desk.now)
        found: Sighting = self.room.means.channels["linkedin"].find(who, evidence)  # type: ignore[attr-defined]
        return found

    def __getattr__(self, name: str) -> Any:
        return getattr(self.room.means.channels["linkedin"], name)


def test_what_nobody_foresaw_is_unknown_and_the_post_is_found(room: Room) -> None:
    control(room)
    broken = Breaking(room.means.channels[room.channel])
    shaken = replace(room, means=replace(room.means, channels={room.channel: broken}))
    post_id = shaken.post(WORDS)
    shaken.serve()
    assert shaken.attempts(post_id) == ["unknown"]
    room.look(post_id)
    assert room.seen(post_id).external_id == room.shown()[-1]


@dataclass
class Breaking:
    """A channel whose client library breaks after the call."""

    channel: Any

    def publish(self, *arguments: Any) -> Receipt:
        self.channel.publish(*arguments)
        raise ZeroDivisionError

    def __getattr__(self, name: str) -> Any:
        return getattr(self.channel, name)


# --- an account that has become another one ---------------------------------------------------------------------------


ADDRESSES = {
    "x": "https://x.com/p1001/status/{}",
    "facebook": "https://www.facebook.com/1001/posts/{}",
    "linkedin": "https://www.linkedin.com/feed/update/{}/",
}


def to_elms_page(room: Room) -> None:
    """Give oak's account the id and the access of elm's, as a file of accounts does; elm has none then."""
    access = room.credentials("2002") if room.channel != "x" else {"access_token": "elm-access"}
    columns = frozenset({"partner", "channel", "handle", "external_id", "mode", "credentials"})
    row = AccountRow("oak", room.channel, "@p1001", "2002", "api", access, columns=columns)
    with room.desk() as desk:
        take_accounts(desk, [row], room.vault)


@pytest.mark.parametrize("kind", ["store-then-drop", "drop-before-store"])
def test_what_another_page_does_not_show_proves_nothing(room: Room, kind: str) -> None:
    """The post went to the page that the account was then; its listing alone could show that it is not there."""
    post_id = lost(room, kind=kind)
    stood = room.shown()
    to_elms_page(room)
    room.look(post_id)
    room.later(60 * MINUTE)
    room.come_to_rest()
    asked = room.seen(post_id)
    assert (asked.status, asked.good_reads) == (Status.UNCONFIRMED, 0)
    assert "another" in (asked.needs_person or "")
    assert room.shown() == stood


def test_a_post_on_the_page_that_the_account_was_is_no_control_of_the_present_one(room: Room) -> None:
    post_id = lost(room)
    to_elms_page(room)
    room.look(post_id)
    url = ADDRESSES[room.channel].format(room.shown()[0].rpartition("_")[2])
    with room.desk() as desk:
        row = listing.post(desk.session, post_id)
        assert row is not None
        assert word.settle(desk, row, url, channels=room.means.channels, means=room.means) is False
    there = room.seen(post_id)
    assert (there.status, there.url, there.external_id) == (Status.PUBLISHED, url, None)


@pytest.mark.parametrize("room", ["facebook"], indirect=True)
def test_the_address_of_another_page_is_not_taken_for_one_of_this(room: Room) -> None:
    """Stored under this account it would be the control of every later look-up, which never shows it."""
    post_id = lost(room)
    url = "https://www.facebook.com/2002/posts/555"
    with room.desk() as desk:
        row = listing.post(desk.session, post_id)
        assert row is not None
        with pytest.raises(WrongUse, match="another page"):
            word.settle(desk, row, url, channels=room.means.channels, means=room.means)
    assert room.seen(post_id).status == Status.UNCONFIRMED


# --- posts that pass another one on ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["store-then-drop", "drop-before-store"])
def test_a_share_whose_end_nobody_knows_ends_as_one(room: Room, kind: str) -> None:
    source = room.post("The launch", partner="elm", slot="launch")
    room.serve("elm")
    control(room)
    post_id = room.post("", share_of="launch@elm")
    room.goes_wrong(kind, nth=(1,))
    room.serve()
    room.come_to_rest()
    shares = [entry for entry in room.box.world.ledger() if entry["share_of"]]
    assert [entry["share_of"] for entry in shares] == [room.seen(source).external_id]
    assert room.seen(post_id).status == Status.PUBLISHED
    assert room.attempts(post_id) == (["unknown"] if kind == "store-then-drop" else ["unknown", "posted"])


def test_a_lost_share_is_found_whatever_its_name_leads_to_by_then(page: Room) -> None:
    source = page.post("The launch", partner="elm", slot="launch")
    page.serve("elm")
    post_id = page.post("", share_of="launch@elm")
    page.goes_wrong("store-then-drop", nth=(1,))
    page.serve()
    with page.means.database.write() as session:
        gone = session.get_one(Post, source)
        gone.status = Status.RETRACTED
        session.add(gone)
    page.look(post_id)
    assert page.seen(post_id).external_id == page.shown()[-1]


@pytest.mark.parametrize("known", [True, False])
def test_a_share_whose_attempts_a_restore_has_lost_is_found_by_its_name_or_asked_about(
    page: Room, *, known: bool
) -> None:
    source = page.post("The launch", partner="elm", slot="launch")
    page.serve("elm")
    post_id = page.post("", share_of="launch@elm")
    page.serve()
    with page.means.database.write() as session:
        for attempt in lanes.attempts(session, post_id):
            session.delete(attempt)
        for ident, status in ((post_id, Status.UNCONFIRMED), (source, Status.PUBLISHED if known else Status.APPROVED)):
            post = session.get_one(Post, ident)
            post.status, post.next_look_at = status, page.means.clock.now()
            post.external_id = None if ident == post_id else post.external_id
            session.add(post)
    page.look(post_id)
    if known:
        assert page.seen(post_id).external_id == page.shown()[-1]
    else:
        assert "launch@elm" in (page.seen(post_id).needs_person or "")


def test_a_share_whose_process_died_before_the_wire_goes_out_once(page: Room) -> None:
    page.post("The launch", partner="elm", slot="launch")
    page.serve("elm")
    post_id = page.post("", share_of="launch@elm")
    page.later(MINUTE)
    assert claim_next(replace(page.means, owner="dead:9"), page.accounts["oak"]) is not None
    page.later(3 * MINUTE)
    page.come_to_rest()
    assert page.attempts(post_id) == ["unknown", "posted"]
    assert len([entry for entry in page.box.world.ledger() if entry["share_of"]]) == 1
