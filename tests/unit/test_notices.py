"""Letters go out once, whichever machine sends them, gather what happens at once, and go again where nobody knows."""

from datetime import timedelta
from email.message import EmailMessage
from threading import Event

import pytest
from builders import unsent
from conftest import MovedClock
from letters import MINUTE, PAPER, RHYTHM, SECOND, Post, notice, written

from campaign.errors import NeverSent, Unknown
from campaign.models import Database, notices
from campaign.models.notices import Heap
from campaign.notices.kinds import Kind
from campaign.notices.sending import Notices


def test_of_two_machines_one_mails_a_notice(database: Database, clock: MovedClock) -> None:
    written(database, *(notice(to, clock, kind) for to in ("a@example.org", "b@example.org") for kind in (None, *Kind)))
    clock.move(MINUTE)
    sent = list[tuple[str, str]]()
    other = Notices(database, clock, PAPER, lambda mail: sent.append(("other", mail["To"])), RHYTHM)

    def send(mail: EmailMessage) -> None:
        sent.append(("first", mail["To"]))
        other.chore(clock.now())

    Notices(database, clock, PAPER, send, RHYTHM).chore(clock.now())
    assert sorted(to for _, to in sent) == ["a@example.org"] * 2 + ["b@example.org"] * 2
    clock.move(timedelta(days=1))
    other.chore(clock.now())
    assert len(sent) == 4


@pytest.mark.parametrize("kind", [None, Kind.MISSED])
def test_a_letter_whose_sender_died_in_mid_send_goes_again(
    database: Database, clock: MovedClock, kind: Kind | None
) -> None:
    written(database, notice("a@example.org", clock, kind))
    clock.move(MINUTE)
    sent = list[str]()

    def die(mail: EmailMessage) -> None:
        sent.append(mail["Message-ID"])
        raise SystemExit

    with pytest.raises(SystemExit):
        Notices(database, clock, PAPER, die, RHYTHM).chore(clock.now())
    post = Post(database, clock)
    assert post.after(SECOND) == []
    assert post.after(timedelta(minutes=5)) == ["Oak: a post was missed"]
    assert [mail["Message-ID"] for mail in post.mails] == sent


def test_a_letter_nobody_knows_of_goes_again_as_it_was_whatever_came_since(
    database: Database, clock: MovedClock
) -> None:
    written(database, notice("a@example.org", clock, Kind.MISSED), notice("a@example.org", clock, Kind.MISSED))
    clock.move(MINUTE)
    sent = list[str]()

    def lose(mail: EmailMessage) -> None:
        sent.append(mail["Message-ID"])
        raise Unknown("the connection was lost after the final dot") if len(sent) == 1 else SystemExit

    losing = Notices(database, clock, PAPER, lose, RHYTHM)
    losing.chore(clock.now())
    written(database, notice("a@example.org", clock, Kind.RETURNED))
    clock.move(timedelta(minutes=5))
    with pytest.raises(SystemExit):
        losing.chore(clock.now())
    post = Post(database, clock)
    assert post.after(timedelta(minutes=5)) == ["Oak: 2 posts were missed", "Oak: a post was returned"]
    assert sent == [post.mails[0]["Message-ID"]] * 2


def test_a_letter_that_takes_long_is_ours_alone_until_it_is_sent(database: Database, clock: MovedClock) -> None:
    written(database, *(notice(to, clock, Kind.MISSED) for to in ("a@example.org", "b@example.org")))
    clock.move(MINUTE)
    sent = list[str]()
    other = Notices(database, clock, PAPER, lambda mail: sent.append(f"other {mail['To']}"), RHYTHM)

    def slow(mail: EmailMessage) -> None:
        clock.move(9 * MINUTE)
        if sent:
            other.chore(clock.now())
        sent.append(mail["To"])

    Notices(database, clock, PAPER, slow, RHYTHM, 10 * MINUTE).chore(clock.now())
    assert sent == ["a@example.org", "b@example.org"]


@pytest.mark.parametrize("kind", [None, Kind.MISSED])
def test_a_mail_server_that_is_away_is_asked_again_later(
    database: Database, clock: MovedClock, kind: Kind | None
) -> None:
    written(database, *(notice(to, clock, kind) for to in ("a@example.org", "b@example.org")))
    clock.move(MINUTE)
    asked = list[str]()

    def refuse(mail: EmailMessage) -> None:
        asked.append(mail["To"])
        raise NeverSent("nobody listens")

    work = Notices(database, clock, PAPER, refuse, RHYTHM)
    work.chore(clock.now())
    assert asked == ["a@example.org"]
    clock.move(timedelta(minutes=6))
    work.chore(clock.now())
    assert asked == ["a@example.org"] * 2
    with database.read() as session:
        assert len(unsent(session)) == 2


class Away(Post):
    """A mail server that is away until it is back."""

    def __init__(self, database: Database, clock: MovedClock) -> None:
        super().__init__(database, clock)
        self.away = True
        self.work = Notices(database, clock, PAPER, self._send, RHYTHM)

    def _send(self, mail: EmailMessage) -> None:
        if self.away:
            raise NeverSent("nobody listens")
        self.mails.append(mail)


def test_what_is_new_is_not_given_up_with_what_is_old(database: Database, clock: MovedClock) -> None:
    post = Away(database, clock)
    written(database, notice("a@example.org", clock, Kind.MISSED))
    post.after(timedelta(days=3))
    written(database, notice("a@example.org", clock, Kind.RETURNED))
    post.after(timedelta(hours=1))
    post.away = False
    assert post.after(timedelta(minutes=5)) == ["Oak: a post was returned"]
    with database.read() as session:
        assert unsent(session) == []


def test_after_a_long_outage_a_letter_waits_for_minutes_and_not_for_hours(
    database: Database, clock: MovedClock
) -> None:
    post = Away(database, clock)
    written(database, notice("a@example.org", clock, Kind.MISSED))
    for _ in range(60):
        post.after(15 * MINUTE)
    post.away = False
    assert post.after(15 * MINUTE) == ["Oak: a post was missed"]


def test_a_post_to_publish_by_hand_waits_for_no_letter_that_is_tried_again_later(
    database: Database, clock: MovedClock
) -> None:
    post = Away(database, clock)
    written(database, notice("a@example.org", clock, Kind.MISSED))
    for _ in range(10):
        post.after(15 * MINUTE)
    post.away = False
    written(database, notice("a@example.org", clock, Kind.RETURNED), notice("a@example.org", clock, Kind.BY_HAND))
    assert post.after(29 * SECOND) == []
    assert post.after(SECOND) == ["Oak: a post to publish by hand, a post was returned"]


def test_letters_beyond_the_first_fifty_do_not_wait_for_the_next_beat(database: Database, clock: MovedClock) -> None:
    post = Post(database, clock)
    written(database, *(notice(f"{n}@example.org", clock, kind) for n in range(60) for kind in (None, Kind.MISSED)))
    clock.move(MINUTE)
    assert post.work.chore(clock.now()) == clock.now()
    assert post.work.chore(clock.now()) is None
    assert len(post.mails) == 120


def test_a_program_that_ends_sends_all_that_waits(database: Database, clock: MovedClock) -> None:
    post = Post(database, clock)
    written(database, *(notice(f"{n}@example.org", clock, Kind.MISSED) for n in range(120)))
    post.work.last(clock.now())
    assert len(post.mails) == 120


def test_two_hundred_missed_posts_are_one_letter_and_the_next_comes_after_the_pause(
    database: Database, clock: MovedClock
) -> None:
    post = Post(database, clock)
    written(database, *(notice("a@example.org", clock, Kind.MISSED, number) for number in range(150)))
    assert post.after(20 * SECOND) == []
    written(database, *(notice("a@example.org", clock, Kind.MISSED, number) for number in range(50)))
    assert post.after(10 * SECOND) == ["Oak: 200 posts were missed"]
    written(database, notice("a@example.org", clock, Kind.RETURNED), notice("b@example.org", clock, Kind.RETURNED))
    assert post.after(MINUTE) == ["Oak: a post was returned"], "somebody else need not wait"
    assert post.after(8 * MINUTE) == []
    assert post.after(MINUTE) == ["Oak: a post was returned"]
    assert post.after(timedelta(days=1)) == []


def test_a_post_to_publish_by_hand_waits_for_no_pause_and_takes_along_what_does(
    database: Database, clock: MovedClock
) -> None:
    post = Post(database, clock)
    written(database, notice("a@example.org", clock, Kind.MISSED))
    assert post.after(MINUTE) == ["Oak: a post was missed"]
    written(database, notice("a@example.org", clock, Kind.RETURNED))
    assert post.after(MINUTE) == []
    written(database, notice("a@example.org", clock, Kind.BY_HAND))
    assert post.after(SECOND) == ["Oak: a post to publish by hand, a post was returned"]


def test_a_program_that_ends_sends_what_waits(database: Database, clock: MovedClock) -> None:
    post = Post(database, clock)
    written(database, notice("a@example.org", clock, Kind.MISSED))
    post.work.last(clock.now())
    assert len(post.mails) == 1


def test_the_chore_says_when_the_next_letter_goes(database: Database, clock: MovedClock) -> None:
    written(database, notice("a@example.org", clock, Kind.MISSED))
    assert Notices(database, clock, PAPER, lambda _mail: None, RHYTHM).chore(clock.now()) == clock.now() + 30 * SECOND


def test_no_letter_begins_when_the_process_is_to_end(database: Database, clock: MovedClock) -> None:
    written(database, *(notice(f"{n}@example.org", clock, kind) for n in range(3) for kind in (None, Kind.MISSED)))
    clock.move(MINUTE)
    ending, sent = Event(), list[str]()

    def send(mail: EmailMessage) -> None:
        sent.append(mail["To"])
        ending.set()

    work = Notices(database, clock, PAPER, send, RHYTHM)
    for _ in range(2):
        work.chore(clock.now(), ending)
    assert len(sent) == 1


def test_a_notice_of_a_kind_that_only_a_newer_program_knows_is_left_to_that(
    database: Database, clock: MovedClock
) -> None:
    newer = notice("a@example.org", clock, Kind.MISSED)
    newer.kind = "of_the_next_version"
    alone = notice("b@example.org", clock, Kind.MISSED)
    alone.kind = newer.kind
    written(database, newer, notice("a@example.org", clock, Kind.RETURNED), alone)
    post = Post(database, clock)
    assert post.after(MINUTE) == ["Oak: a post was returned"]
    assert post.after(timedelta(days=1)) == []
    post.work.last(clock.now())
    assert len(post.mails) == 1
    with database.read() as session:
        assert [one.kind for one in unsent(session)] == [newer.kind] * 2


def test_what_has_a_key_is_told_once_to_each(database: Database, clock: MovedClock) -> None:
    for _ in range(2):
        for to in ("a", "b"):
            one = notice(f"{to}@example.org", clock, Kind.DIGEST)
            one.key = f"digest:today:{to}"
            written(database, one)
    with database.read() as session:
        assert [one.to for one in unsent(session)] == ["a@example.org", "b@example.org"]
        assert sorted(notices.keys(session, "digest:")) == ["digest:today:a", "digest:today:b"]


def test_a_letter_never_waits_for_a_clock_that_was_set_back(clock: MovedClock) -> None:
    now = clock.now()
    assert RHYTHM.goes_at(Heap("a", now + MINUTE, urgent=False, last=None), now) == now
    assert RHYTHM.goes_at(Heap("a", now, urgent=False, last=now + timedelta(hours=1)), now) == now + 30 * SECOND


def test_a_letter_of_one_notice_says_it_whole_with_the_page_that_settles_it(clock: MovedClock) -> None:
    told = [notice("a@example.org", clock, Kind.MISSED)]
    assert PAPER.subject(told) == "Oak: a post was missed"
    assert PAPER.body(told).startswith(
        "Oak on X, post 7: told.\nMore of 7.\n\nChoose a new time or withdraw here:\nhttps://send.example.org/posts/7\n"
    )
    assert "https://send.example.org/account" in PAPER.body(told)


def test_a_letter_of_many_notices_counts_them_lists_some_and_has_one_page_for_each_kind(clock: MovedClock) -> None:
    told = [notice("a", clock, Kind.MISSED, number) for number in range(23)]
    told += [notice("a", clock, Kind.BY_HAND, 99), notice("a", clock, Kind.RETURNED, 98, about="Elm")]
    assert PAPER.subject(told) == "SEND: a post to publish by hand, 23 posts were missed, a post was returned"
    hand, missed, returned = PAPER.body(told).split("https://send.example.org/")[:3]
    assert (hand.count("More of"), missed.count("- Oak on X, post"), returned.count("More of")) == (1, 20, 1)
    assert "and 3 more" in missed
    links = [line for line in PAPER.body(told).splitlines() if line.startswith("https")]
    assert [link.removeprefix("https://send.example.org") for link in links] == [
        "/posts/99/hand",
        "/posts?status=missed",
        "/posts/98",
    ]
