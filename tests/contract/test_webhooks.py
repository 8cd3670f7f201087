"""Webhooks over real HTTP: each event told once and signed, tried again, kept through a crash, by one process alone."""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from daemons import comes_true
from receiver import Call, Receiver, receiving
from sqlmodel import Session, col, select

from campaign.health import machine
from campaign.health.finding import Rule
from campaign.hooks import managing, sender, signing
from campaign.hooks.sender import Sender
from campaign.models import Database, hooks, users
from campaign.models.hooks import HookCall, Newest
from campaign.models.moves import move
from campaign.models.posts import Event, Post
from campaign.models.status import Move, Status
from campaign.models.users import User
from campaign.review.decisions import Desk
from campaign.vault import Vault, create_key

TURN = sender.EVERY
HOUR = timedelta(hours=1)
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
ON_POSTGRESQL = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
FOUR = ("published", "failed", "unconfirmed", "returned")


@dataclass
class Site:
    """A workspace with webhooks, and what happens in it."""

    database: Database
    clock: MovedClock
    vault: Vault
    posts: list[int] = field(default_factory=list)

    def process(self, owner: str = "here:1", *, loopback: bool = True) -> Sender:
        pages = "https://campaign.example.org"
        return Sender(self.database, self.clock, owner=owner, vault=lambda: self.vault, pages=pages, loopback=loopback)

    def hook(self, url: str, *kinds: str) -> tuple[int, str]:
        with self.desk() as desk:
            made, secret = managing.add(desk, self.vault, url=url, kinds=kinds or FOUR, loopback=True)
            return made.ident, secret

    def desk(self) -> "DeskOf":
        return DeskOf(self)

    def happens(self, *names: Move, status: Status = Status.APPROVED) -> int:
        """Let a new post move; returns its number."""
        with self.database.write() as session:
            post = add_post(session, add_account(session, self.clock.now()), self.clock.now(), status=status)
            for name in names:
                move(session, post, name, who="here:1", at=self.clock.now(), why="said so")
            return post.ident

    def turn(self, process: Sender, after: timedelta = TURN) -> None:
        self.clock.move(after)
        process.chore(self.clock.now())

    def turns(self, process: Sender, so: Callable[[], bool]) -> None:
        """Take turns until it is so: on a server an event waits until every transaction in its database has ended that
        began before it, and the server's own upkeep has some.
        """

        def turned() -> bool:
            self.turn(process)
            return so()

        assert comes_true(30, turned)

    def calls(self) -> list[HookCall]:
        with self.database.read() as session:
            return list(session.exec(select(HookCall).order_by(col(HookCall.id))))


class DeskOf:
    """One transaction of an admin."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._writing = site.database.write()

    def __enter__(self) -> Desk:
        session = self._writing.__enter__()
        person = users.user(session, "adam")
        assert person is not None
        return Desk(session, CONTENTS, person, self._site.clock.now())

    def __exit__(self, *error: object) -> None:
        self._writing.__exit__(*error)  # type: ignore[arg-type]


@pytest.fixture
def site(database: Database, clock: MovedClock, tmp_path: Path) -> Site:
    create_key(tmp_path / "key")
    with database.write() as session:
        session.add(User(name="adam", role="admin", added_at=clock.now()))
    return Site(database, clock, Vault(tmp_path / "key"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


def genuine(call: Call, secret: str) -> bool:
    """Check a call as its receiver would."""
    name, stamp = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + call.body, hashlib.sha256).digest()
    return call.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"


def test_a_signature_is_the_one_that_the_standards_own_libraries_make() -> None:
    at = datetime.fromtimestamp(1614265330, UTC)
    secret, message = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek"
    headers = signing.signed(secret, message, at, b'{"test": 2432232314}')
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_each_event_is_told_once_to_those_who_want_it(site: Site, receiver: Receiver) -> None:
    before = site.happens(Move.CLAIM, Move.SETTLE)
    _, secret = site.hook(f"{receiver.url}/all")
    site.hook(f"{receiver.url}/failed", "failed")
    process = site.process()
    published = site.happens(Move.CLAIM, Move.SETTLE)
    failed = site.happens(Move.CLAIM, Move.REFUSE)
    unconfirmed = site.happens(Move.CLAIM, Move.LOSE)
    returned = site.happens(Move.RETURN, status=Status.IN_REVIEW)
    site.happens(Move.RETRACT, Move.REFUSE, status=Status.PUBLISHED)
    site.turns(process, lambda: len(receiver.calls) >= 5)
    site.turn(process)
    told = [(call.path, call.document["type"], call.document["data"]["post"]) for call in receiver.calls]
    assert told == [
        ("/all", "post.published", str(published)),
        ("/all", "post.failed", str(failed)),
        ("/all", "post.unconfirmed", str(unconfirmed)),
        ("/all", "post.returned", str(returned)),
        ("/failed", "post.failed", str(failed)),
    ]
    assert str(before) not in {post for _, _, post in told}, "what was before it is not told"
    first = receiver.calls[0]
    assert first.document["timestamp"] == "2025-12-02T09:00:00Z"
    assert first.document["data"]["page"] == f"https://campaign.example.org/posts/{published}"
    assert genuine(first, secret)
    assert not genuine(receiver.calls[4], secret), "each webhook has its own secret"


@ON_SQLITE
def test_a_post_that_is_read_back_is_not_told_as_published_again(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url)
    process = site.process()
    published = site.happens(Move.CLAIM, Move.SETTLE)
    with site.database.write() as session:
        at, stays = site.clock.now(), Status.PUBLISHED.value
        back = Event(post_id=published, at=at, who="h", move="read back", from_status=stays, to_status=stays, why="cut")
        session.add(back)
    with site.database.read() as session:
        assert [event.move for event, _, _ in hooks.happened(session, 0, 99)] == [Move.SETTLE]
    for _ in range(2):
        site.turn(process)
    assert [call.document["type"] for call in receiver.calls] == ["post.published"]


@ON_SQLITE
def test_what_is_not_taken_is_sent_again_under_its_name_ever_later(site: Site, receiver: Receiver) -> None:
    _, secret = site.hook(receiver.url)
    process = site.process()
    receiver.status = 500
    site.happens(Move.CLAIM, Move.SETTLE)
    later = site.happens(Move.CLAIM, Move.REFUSE)
    site.turn(process)
    assert len(receiver.calls) == 1, "what comes after waits: the webhook is not well"
    site.turn(process)
    assert len(receiver.calls) == 1, "not before its time"
    receiver.status = 204
    again = site.process()  # the first one was killed; what is to be told stands in the database
    site.turn(again, 2 * timedelta(minutes=1))
    site.turn(again)
    names = [call.headers["webhook-id"] for call in receiver.calls]
    assert names[0] == names[1] != names[2]
    assert receiver.calls[0].body == receiver.calls[1].body
    assert receiver.calls[0].headers["webhook-timestamp"] != receiver.calls[1].headers["webhook-timestamp"]
    assert receiver.calls[2].document["data"]["post"] == str(later)
    assert all(genuine(call, secret) for call in receiver.calls)
    assert [(call.tries, call.answer) for call in site.calls()] == [(2, "HTTP 204"), (1, "HTTP 204")]


@ON_SQLITE
def test_a_webhook_that_fails_for_a_day_is_switched_off_and_misses_nothing(site: Site, receiver: Receiver) -> None:
    number, _ = site.hook(receiver.url)
    process = site.process()
    receiver.status = 302
    site.happens(Move.CLAIM, Move.SETTLE)
    for _ in range(30):
        site.turn(process, HOUR)
    assert {call.path for call in receiver.calls} == {"/"}, "a redirect is not followed"
    assert 8 <= len(receiver.calls) <= 11
    meanwhile = site.happens(Move.CLAIM, Move.REFUSE)
    with site.database.read() as session:
        found = {finding.rule: finding for finding in machine.messages(session, site.clock.now(), HOUR)}
    assert found[Rule.WEBHOOK_OFF].subject == f"webhook {number}"
    assert "HTTP 302" in found[Rule.WEBHOOK_OFF].what
    receiver.status, tried = 204, len(receiver.calls)
    with site.desk() as desk:
        assert managing.switch_on(desk, managing.found(desk.session, number)) == 1
    site.turns(process, lambda: len(receiver.calls) >= tried + 2)
    kinds = [call.document["type"] for call in receiver.calls[tried:]]
    assert kinds == ["post.published", "post.failed"]
    assert receiver.calls[-1].document["data"]["post"] == str(meanwhile)
    with site.database.read() as session:
        assert hooks.failed(session) == []


@ON_SQLITE
def test_a_test_of_a_webhook_that_failed_goes_at_once_and_brings_the_rest(site: Site, receiver: Receiver) -> None:
    number, _ = site.hook(receiver.url)
    process = site.process()
    receiver.status = 500
    posts = [site.happens(Move.CLAIM, Move.SETTLE) for _ in range(3)]
    for _ in range(6):
        site.turn(process, HOUR)
    with site.database.read() as session:
        assert (managing.found(session, number).quiet_until or site.clock.now()) > site.clock.now() + HOUR / 2
    tried = len(receiver.calls)

    def told_of_a_test() -> list[str]:
        with site.desk() as desk:
            managing.test(desk, managing.found(desk.session, number))
        site.turn(process)
        return [call.document["data"].get("post", "test") for call in receiver.calls[tried:]]

    assert told_of_a_test() == ["test"], "it is refused, so that the rest waits on"
    receiver.status, tried = 204, len(receiver.calls)
    assert told_of_a_test() == ["test", "test", *map(str, posts)]


def test_of_two_processes_one_tells(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url)
    first, second = site.process("here:1"), site.process("there:2")
    site.turn(first)
    for _ in range(3):
        site.happens(Move.CLAIM, Move.SETTLE)
        site.clock.move(TURN)
        for process in (second, first):
            process.chore(site.clock.now())
    site.turns(first, lambda: len(receiver.calls) >= 3)
    site.turn(first)
    assert len(receiver.calls) == 3


@ON_SQLITE
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_nothing_of_this_network_is_called_whatever_its_name(site: Site, receiver: Receiver, host: str) -> None:
    """The webhook was added while trials were allowed; a name that leads inside by now is as good."""
    site.hook(receiver.url.replace("127.0.0.1", host))
    process = site.process(loopback=False)
    site.happens(Move.CLAIM, Move.SETTLE)
    site.turn(process)
    assert receiver.calls == []
    assert [call.answer for call in site.calls()] == ["its address lies inside this network"]


@ON_SQLITE
def test_a_receiver_that_takes_its_time_is_not_waited_for(
    site: Site, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(signing, "TIMEOUT", timedelta(seconds=0.2))
    site.hook(receiver.url)
    receiver.seconds = 1.0
    site.happens(Move.CLAIM, Move.SETTLE)
    site.turn(site.process())
    assert [call.answer for call in site.calls()] == ["no answer came in time"]


class Hurried(MovedClock):
    """A clock to which every look at the counter takes four seconds: one call fills a turn."""

    def monotonic(self) -> float:
        self.move(timedelta(seconds=4))
        return self.counter


@ON_SQLITE
def test_a_webhook_that_takes_its_time_does_not_starve_those_after_it(site: Site, receiver: Receiver) -> None:
    site.clock = Hurried(site.clock.at, site.clock.counter)
    for path in ("a", "b", "c"):
        site.hook(f"{receiver.url}/{path}")
    process = site.process()
    for _ in range(4):
        site.happens(Move.CLAIM, Move.SETTLE)
    for _ in range(4):
        site.turn(process)
    assert [call.path for call in receiver.calls] == ["/a", "/b", "/c", "/a"]


@ON_SQLITE
def test_no_call_begins_when_the_process_is_to_end(site: Site, receiver: Receiver) -> None:
    site.hook(receiver.url)
    ending = threading.Event()
    process = Sender(
        site.database,
        site.clock,
        owner="here:1",
        vault=lambda: site.vault,
        pages="https://campaign.example.org",
        loopback=True,
        stopping=ending,
    )
    site.happens(Move.CLAIM, Move.SETTLE)
    ending.set()
    site.turn(process)
    assert receiver.calls == []
    ending.clear()
    site.turn(process)
    assert len(receiver.calls) == 1


@ON_POSTGRESQL
def test_an_event_whose_transaction_ends_late_is_told_all_the_same(site: Site, receiver: Receiver) -> None:
    """On PostgreSQL an event's number is drawn before it shows: a mark past a greater number would lose it."""
    site.hook(receiver.url)
    process = site.process()
    late = site.happens(status=Status.PUBLISHING)
    with site.database.write() as session:
        move(session, session.get_one(Post, late), Move.SETTLE, who="there:2", at=site.clock.now())
        session.flush()
        soon = site.happens(Move.CLAIM, Move.REFUSE)
        with site.database.read() as seen:
            shown = [event.post_id for event in seen.exec(select(Event))]
        assert soon in shown
        assert late not in shown
        for _ in range(3):
            site.turn(process)
        assert receiver.calls == []
    site.turns(process, lambda: len(receiver.calls) >= 2)
    assert [call.document["data"]["post"] for call in receiver.calls] == [str(late), str(soon)]


@ON_POSTGRESQL
@pytest.mark.parametrize("late_begins_first", [True, False])
def test_a_mark_waits_for_whoever_drew_an_earlier_number(site: Site, *, late_begins_first: bool) -> None:
    """It passes nobody who runs, whichever transaction began first: that of the earlier number or the other one."""
    late, soon = (site.happens(status=Status.PUBLISHING) for _ in range(2))

    def settle(session: Session, ident: int) -> None:
        move(session, session.get_one(Post, ident), Move.SETTLE, who="there:2", at=site.clock.now())

    def looked() -> Newest:
        with site.database.read() as session:
            return hooks.newest(session)

    with site.database.write() as later:
        with site.database.write() as sooner:
            for session in (later, sooner) if late_begins_first else (sooner, later):
                session.execute(sa.select(sa.func.txid_current()))
            settle(later, late)
            settle(sooner, soon)
        before = looked()
        assert not before.follows(before)
        assert not looked().follows(before)
    assert comes_true(30, lambda: looked().follows(before))


@ON_POSTGRESQL
def test_who_writes_to_another_database_of_the_server_keeps_no_webhook_silent(
    site: Site, receiver: Receiver, postgres_url: str
) -> None:
    site.hook(receiver.url)
    process, elsewhere = site.process(), Database(postgres_url, connections=1)
    with elsewhere.write() as session:
        session.execute(sa.select(sa.func.txid_current()))
        site.happens(Move.CLAIM, Move.SETTLE)
        site.turns(process, lambda: len(receiver.calls) >= 1)
    elsewhere.close()
