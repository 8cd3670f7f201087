"""An issue that failed when some had got it: people learn how far it came, and it goes on unchanged to the others."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import pytest
import sqlalchemy as sa
from builders import unsent
from conftest import MovedClock
from dispatch_room import serve
from mail_bench import ENVELOPE, Bench, Frozen, benched, on, people, yes
from reviewing import no_files

from campaign.channels import ChannelComposer
from campaign.channels.email import EmailChannel
from campaign.dispatch import sweep
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.errors import MoveRefused, NotAllowed
from campaign.models import Database, listing, moves, users
from campaign.models.deliveries import Delivery
from campaign.models.mailing import Subscriber
from campaign.models.partners import Account, Campaign, Lane
from campaign.models.posts import Attempt, Post
from campaign.models.status import Status
from campaign.models.users import User
from campaign.ports import Draft
from campaign.review import decisions, rearranging
from campaign.review.content import Contents, draft_to_json
from campaign.review.decisions import Desk

MINUTE = timedelta(minutes=1)
BAD = "554 5.6.0 Malformed"


class Office:
    """An approved issue on the bench, who may decide on it, and what dispatches it."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.database, self.clock = bench, bench.database, bench.clock
        channel = EmailChannel(EmailChannel.settings_type())
        channels = {"email": channel}
        self.contents = Contents(ChannelComposer(channels), bench.folder)
        self.means = Means(
            database=bench.database,
            clock=bench.clock,
            channels=channels,
            contents=self.contents,
            identify=lambda _account, _partner: bench.who(),
            bulk={"email": bench.issues(connections=1, same_refusals=5)},
            policy=Policy(30 * MINUTE, 2 * MINUTE, MINUTE, (MINUTE,), (MINUTE,), 3, 2 * MINUTE),
            owner="here:1",
        )
        with bench.database.write() as session:
            session.add(Campaign(name="Test", timezone="Europe/London", salt="salt", created_at=bench.clock.now()))
            for name, role in (("rita", "reviewer"), ("officer", "admin")):
                session.add(User(name=name, role=role, email=f"{name}@example.org", added_at=bench.clock.now()))
            draft = Draft("Dear ⟦name|reader⟧", subject="Join in", audience="parents", envelope=ENVELOPE)
            post = session.get_one(Post, bench.post_id)
            post.draft = draft_to_json(draft)
            account = session.get_one(Account, post.account_id)
            post.content_hash = post.approved_hash = self.contents.digest(post, account)
            session.add(post)

    @property
    def post(self) -> Post:
        with self.database.read() as session:
            return session.get_one(Post, self.bench.post_id)

    def serve(self) -> Status:
        serve(self.means, self.post.account_id)
        return Status(self.post.status)

    def move(self, name: str, due_at: datetime) -> None:
        with self.database.write() as session:
            person, row = users.user(session, name), listing.post(session, self.bench.post_id)
            assert person is not None
            assert row is not None
            desk = Desk(session, self.contents, person, self.clock.now())
            rearranging.new_time(desk, no_files, row, due_at)

    def approve(self) -> None:
        with self.database.write() as session:
            person, row = users.user(session, "rita"), listing.post(session, self.bench.post_id)
            assert person is not None
            assert row is not None
            decisions.approve(Desk(session, self.contents, person, self.clock.now()), row, row.post.content_hash)

    def told(self) -> str:
        with self.database.read() as session:
            return "\n".join(notice.body for notice in unsent(session) if notice.kind == "failed")


@pytest.fixture
def office(database: Database, clock: MovedClock, tmp_path: Path) -> Iterator[Office]:
    with benched(database, clock, tmp_path / "journal") as bench:
        yield Office(bench)


def failed_midway(office: Office) -> None:
    """Twenty on the list: five have it, the next five were refused in a row, the others wait."""
    crowd = people(20)
    office.bench.subscribe(*crowd)
    office.bench.server.data = on(*crowd[5:], say=BAD)
    assert office.serve() is Status.FAILED
    assert Counter(office.bench.statuses().values()) == {"sent": 5, "bounced": 5, "waiting": 10}


def test_people_are_told_how_many_have_it_and_how_it_goes_on(office: Office) -> None:
    failed_midway(office)
    said = office.told()
    assert "Of 20 copies 5 went out, 5 were refused and 10 wait" in said
    assert "new time" in said
    assert "Nothing was published" not in said


def test_an_issue_that_nobody_got_says_that_nothing_was_published(office: Office) -> None:
    office.bench.subscribe(*people(2))
    office.bench.server.rcpt = on(*people(2), say="550 5.1.1 Nobody")
    assert office.serve() is Status.FAILED
    assert "Nothing was published" in office.told()


def test_a_failed_issue_goes_on_unchanged_and_nobody_gets_two_copies(office: Office) -> None:
    failed_midway(office)
    office.bench.server.data = yes
    due_at = office.clock.now() + 60 * MINUTE
    office.move("rita", due_at)
    post = office.post
    assert (post.status, post.due_at, post.next_try_at) == (Status.APPROVED, due_at, due_at)
    assert post.approved_hash == post.content_hash
    assert office.serve() is Status.APPROVED, "nothing goes before its time"
    office.bench.clock.wait(Event(), 3600)
    assert office.serve() is Status.PUBLISHED
    assert office.bench.server.received() == dict.fromkeys([*people(20)[:5], *people(20)[10:]], 1)
    assert len({raw.split(b"\r\n\r\n", 1)[1][:9] for _, raw in office.bench.server.taken}) == 1


def test_it_does_not_go_on_with_other_words(office: Office) -> None:
    failed_midway(office)
    with office.database.write() as session:
        post = session.get_one(Post, office.bench.post_id)
        post.draft = {**post.draft, "words": "Dear all"}
        session.add(post)
    with pytest.raises(MoveRefused, match="sent to some of its list already"):
        office.move("rita", office.clock.now() + 60 * MINUTE)
    assert office.post.status == Status.FAILED


def test_who_queued_it_does_not_let_it_go_on_alone(office: Office) -> None:
    failed_midway(office)
    with pytest.raises(NotAllowed, match="they queued or edited it"):
        office.move("officer", office.clock.now() + 60 * MINUTE)


def test_a_failed_issue_that_nobody_has_goes_to_review_as_before(office: Office) -> None:
    office.bench.subscribe(*people(2))
    office.bench.server.rcpt = on(*people(2), say="550 5.1.1 Nobody")
    assert office.serve() is Status.FAILED
    office.move("rita", office.clock.now() + 60 * MINUTE)
    assert office.post.status == Status.IN_REVIEW


def anew(office: Office) -> Status:
    """Give it a new time, have it approved once more, and serve it then."""
    office.move("officer", office.clock.now() + 60 * MINUTE)
    assert office.post.status == Status.IN_REVIEW
    assert office.bench.statuses() == {}, "whom it goes to is settled when it begins"
    office.approve()
    office.bench.clock.wait(Event(), 3600)
    return office.serve()


def test_an_issue_of_which_nothing_went_out_goes_to_the_list_as_it_is_when_it_is_approved_anew(office: Office) -> None:
    office.bench.subscribe("ann@example.org", "bob@example.org")
    office.bench.server.mail = lambda: "451 4.3.2 Busy"
    assert office.serve() is Status.APPROVED
    assert set(office.bench.statuses()) == {"ann@example.org", "bob@example.org"}
    office.bench.server.mail = lambda: None
    office.bench.subscribe("carol@example.org")
    with office.database.write() as session:
        session.execute(sa.update(Subscriber).values(name="Renamed"))
    assert anew(office) is Status.PUBLISHED
    assert office.bench.server.received() == {f"{name}@example.org": 1 for name in ("ann", "bob", "carol")}
    assert all(b"Dear Renamed" in raw for _, raw in office.bench.server.taken)


def test_good_addresses_go_in_the_place_of_those_that_all_bounced(office: Office) -> None:
    typos = ("typo1@example.org", "typo2@example.org")
    office.bench.subscribe(*typos)
    office.bench.server.rcpt = on(*typos, say="550 5.1.1 Nobody")
    assert office.serve() is Status.FAILED
    office.bench.subscribe("right1@example.org", "right2@example.org")
    assert anew(office) is Status.PUBLISHED
    assert office.bench.server.received() == {"right1@example.org": 1, "right2@example.org": 1}


@pytest.mark.parametrize("status", ["sending", "sent", "unknown"])
def test_the_recipients_of_an_issue_of_which_a_copy_may_be_out_stay(office: Office, status: str) -> None:
    with office.database.write() as session:
        for number, stands in enumerate([status, "waiting"]):
            values = {"post_id": office.bench.post_id, "email": f"r{number}@example.org", "token": f"t{number}"}
            session.add(Delivery(**values, status=stands, next_try_at=office.clock.now()))
        post = session.get_one(Post, office.bench.post_id)
        assert moves.void_approval(session, post, who="rita", at=office.clock.now(), why="revoked")
    assert office.bench.statuses() == {"r0@example.org": status, "r1@example.org": "waiting"}


def test_a_missed_issue_that_some_have_goes_on_too(office: Office) -> None:
    with office.database.write() as session:
        post = session.get_one(Post, office.bench.post_id)
        post.status = Status.MISSED
        session.add(post)
        for number, status in enumerate(["sent", "waiting"]):
            values = {"post_id": post.ident, "email": f"r{number}@example.org", "token": f"t{number}"}
            session.add(Delivery(**values, status=status, next_try_at=office.clock.now()))
    office.move("rita", office.clock.now() + MINUTE)
    assert office.post.status == Status.APPROVED


def test_a_worker_that_stood_still_in_the_dialogue_sends_nothing_that_another_has_taken_over(office: Office) -> None:
    """Two workers share the journals: one is stopped right before the data until its lease has ended, and resumed."""
    crowd = people(3)
    office.bench.subscribe(*crowd)
    other = replace(office.means, owner="there:2")
    stood = Event()

    def taken_over() -> None:
        if stood.is_set():
            return
        stood.set()
        with office.database.write() as session:
            ended = office.clock.now() - timedelta(days=365)
            session.execute(sa.update(Lane).values(lease_until=ended))
            session.execute(sa.update(Attempt).values(lease_until=ended))
        sweep.recover(other, office.clock.now())
        serve(other, office.post.account_id)

    issues = office.bench.issues(connections=1)
    standing = replace(issues, open_transport=lambda who: Frozen(issues.open_transport(who), taken_over))
    stopped = replace(office.means, bulk={"email": standing})
    serve(stopped, office.post.account_id)
    assert stood.is_set()
    assert office.bench.server.received() == dict.fromkeys(crowd, 1)
    assert set(office.bench.statuses().values()) == {"sent"}
    assert office.post.status == Status.PUBLISHED
