"""Whatever people, platforms, clocks and deaths do in whatever order: a post is seen once at most, and none is lost.

A Hypothesis state machine drives the real dispatch over SQLite and a platform in memory. Beside it runs a model that
knows only what people decided: which words they approved for when, and what they hold. After every step no post may
stand twice, early, under a hold, or with words that nobody approved. In the end faults stop, holds are let go, the
clock runs on, and everything approved must be out, or wait for a person in a state that says so.
"""

import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp

import pytest
from builders import add_account, add_post
from conftest import MovedClock
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from ledger_world import ANSWERS, PAUSES, POLICY, READS, SECOND, Killed, Process, World

from campaign.dispatch import reconcile
from campaign.errors import WrongUse
from campaign.models import Database, holds, listing, partners, upkeep, users
from campaign.models.listing import PostFilter, PostRow
from campaign.models.partners import Agreement
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import User
from campaign.ports import Draft, Message, Receipt
from campaign.review import decisions, holding, rearranging
from campaign.review.decisions import Desk

MINUTE = 60 * SECOND
WORDS = ("Have your say", "Tell us", "Come on Friday")
SPANS = st.sampled_from(
    (
        SECOND,
        SECOND,
        2 * SECOND,
        6 * SECOND,
        6 * SECOND,
        20 * SECOND,
        50 * SECOND,
        130 * SECOND,
        130 * SECOND,
        31 * MINUTE,
    )
)
OUT = {Status.PUBLISHED, Status.RETRACTING, Status.RETRACTED}
SETTLED = {Status.PUBLISHED, Status.WITHDRAWN, Status.MISSED, Status.FAILED, Status.IN_REVIEW, Status.UNCONFIRMED}
Death = tuple[int, bool]
"""At which commit from now a process dies, and whether after it (else before)."""
DEATHS = st.one_of(st.none(), st.none(), st.tuples(st.integers(1, 6), st.booleans()))
pick = st.integers(0, 20)


@cache
def empty_database() -> Path:
    """Return a database that only wants to be copied: migrations take longer than a whole example."""
    path = Path(mkdtemp(prefix="ledger-")) / "empty.db"
    database = Database(f"sqlite:///{path}", connections=1)
    database.upgrade()
    database.close()
    return path


@dataclass
class Wish:
    """What people decided for one post, and nothing else: the model."""

    ident: int
    account_id: int
    words: str
    due_at: datetime
    approved: bool = False


class Ledger(RuleBasedStateMachine):
    """Rules are what may happen; the two processes are hosts that share the database, or one and its successor."""

    @initialize(sole=st.booleans())
    def begin(self, sole: bool) -> None:  # noqa: FBT001 - Hypothesis calls by name
        self.folder = TemporaryDirectory(prefix="ledger-")
        file = Path(self.folder.name) / "t.db"
        shutil.copy(empty_database(), file)
        self.url, self.sole, self.births = f"sqlite:///{file}", sole, 0
        self.clock = MovedClock()
        self.world = World(self.clock, self.what_is_wrong_with, self.meanwhile)
        self.people = Process(self.url, self.world, "people")
        self.processes = [self.born() for _ in range(1 if sole else 2)]
        self.wishes: dict[str, Wish] = {}
        self.held: set[str] = set()
        now = self.clock.now()
        with self.people.database.write() as session:
            self.accounts = [add_account(session, now, channel="toy").ident for _ in range(2)]
            for row in partners.partners(session):
                session.add(Agreement(partner_id=row.ident, given_by="them", given_at=now))
            session.add(User(name="rita", role="admin", added_at=now))
        for number, later in enumerate((0, 0, 1, 2, 60, 300)):
            self.queue(number, WORDS[number % 3], later=later, approved=True)

    def teardown(self) -> None:
        if not hasattr(self, "folder"):
            return
        try:
            self.come_to_rest()
            self.nothing_is_wrong()
            self.everything_has_its_end()
        finally:
            for process in (self.people, *self.processes):
                process.end()
            self.folder.cleanup()

    # --- what people do -----------------------------------------------------------------------------------------------

    @contextmanager
    def desk(self) -> Iterator[Desk]:
        with self.people.database.write() as session:
            rita = users.user(session, "rita")
            assert rita is not None
            yield Desk(session, self.people.means.contents, rita, self.clock.now())

    def chosen(self, desk: Desk, number: int, *statuses: Status) -> PostRow | None:
        found = listing.posts(desk.session, PostFilter(statuses=statuses))
        return found[number % len(found)] if found else None

    @rule(number=pick, words=st.sampled_from(WORDS), later=st.sampled_from((0, 0, 1, 60, 1000)), approved=st.booleans())
    def queue(self, number: int, words: str, later: int, approved: bool) -> None:  # noqa: FBT001
        """A post comes into review, or is one that was approved in time."""
        due_at = self.clock.now() + later * SECOND
        account_id = self.accounts[number % len(self.accounts)]
        status = Status.APPROVED if approved else Status.IN_REVIEW
        with self.people.database.write() as session:
            account, _ = partners.account_with_partner(session, account_id)
            post = add_post(session, account, due_at, status=status, words=words)
            post.content_hash = self.people.means.contents.digest(post, account)
            post.approved_hash = post.content_hash if approved else None
            session.add(post)
            self.wishes[post.token] = Wish(post.ident, account_id, words, due_at, approved)

    @rule(
        what=st.sampled_from(("approve", "edit", "move", "withdraw")),
        number=pick,
        words=st.sampled_from(WORDS),
        later=st.sampled_from((5, 300, 4000)),
    )
    def decide(self, what: str, number: int, words: str, later: int) -> None:
        match what:
            case "approve":
                self.approve(number)
            case "edit":
                self.edit(number, words)
            case "move":
                self.move(number, later)
            case _:
                self.withdraw(number)

    def approve(self, number: int) -> None:
        with self.desk() as desk:
            row = self.chosen(desk, number, Status.IN_REVIEW)
            if row is not None:
                seen = desk.contents.digest(row.post, row.account)
                self.wishes[row.post.token].approved = decisions.approve(desk, row, seen)

    def edit(self, number: int, words: str) -> None:
        with self.desk() as desk:
            row = self.chosen(desk, number, Status.IN_REVIEW, Status.APPROVED)
            if row is not None:
                decisions.edit(desk, row, Draft(words=words), {}, "other words")
                # Four eyes: she edits for somebody else, who may approve what she did not write.
                row.post.edited_by, row.post.writers = "olga", ["olga"]
                wish = self.wishes[row.post.token]
                wish.words, wish.approved = words, False

    def move(self, number: int, later: int) -> None:
        with self.desk() as desk:
            row = self.chosen(desk, number, Status.IN_REVIEW, Status.APPROVED, Status.MISSED, Status.FAILED)
            if row is not None:
                due_at = self.clock.now() + later * SECOND
                rearranging.reschedule(desk, row, due_at)
                row.post.edited_by, row.post.writers = "olga", ["olga"]
                wish = self.wishes[row.post.token]
                # A move to the very same time is one inside its window, and keeps the approval.
                wish.approved = wish.approved and wish.due_at == due_at
                wish.due_at = due_at

    def withdraw(self, number: int) -> None:
        with self.desk() as desk:
            row = self.chosen(desk, number, Status.IN_REVIEW, Status.APPROVED)
            if row is not None:
                decisions.withdraw(desk, row, "no longer")
                self.wishes[row.post.token].approved = False

    @rule(lets_go=st.booleans(), number=pick)
    def hold_or_release(self, lets_go: bool, number: int) -> None:  # noqa: FBT001
        if self.held and lets_go:
            self.release(number)
        else:
            self.hold(number)

    def hold(self, number: int) -> None:
        scopes = ["everything", "channel:toy", *(f"account:{ident}" for ident in self.accounts)]
        scopes += [f"post:{wish.ident}" for wish in self.wishes.values()]
        self.press(scopes[number % len(scopes)])

    def press(self, scope: str) -> None:
        try:
            with self.desk() as desk:
                holding.hold(desk.session, desk.person, scope, "wait", desk.now)
        except WrongUse:
            kind, _, ident = scope.partition(":")
            assert kind == "post"
            with self.people.database.read() as session:
                assert session.get_one(Post, int(ident)).status in OUT, "a hold in time was refused"
        else:
            self.held.add(scope)

    def release(self, number: int) -> None:
        scope = sorted(self.held)[number % len(self.held)]
        with self.desk() as desk:
            holding.release(desk.session, desk.person, scope, desk.now)
        self.held.remove(scope)

    @rule()
    def mend(self) -> None:
        """People answer what they are asked."""
        self.settle()
        self.connect()

    def settle(self) -> None:
        """A person looks at the account and says what is there."""
        for row in self.asking():
            copies = [copy for copy in self.world.copies if copy.token == row.post.token]
            with self.desk() as desk:
                found = listing.post(desk.session, row.post.ident)
                assert found is not None
                more = {"who": "rita", "now": desk.now}
                if copies:
                    receipt = Receipt(copies[0].external_id)
                    reconcile.adopt(desk.session, self.people.means, found.post, receipt, **more)
                else:
                    why = "it is not there"
                    reconcile.declare_absent(desk.session, self.people.means, found.post, why=why, **more)

    def asking(self) -> list[PostRow]:
        with self.people.database.read() as session:
            return listing.waiting_for_person(session)

    def connect(self) -> None:
        """New credentials: stopped accounts go on."""
        with self.people.database.write() as session:
            for account_id in self.accounts:
                partners.change_account(session, account_id, {"stopped_why": None, "stopped_until": None})

    # --- what the world does ------------------------------------------------------------------------------------------

    def meanwhile(self, pause: str) -> None:
        """Something happens while a request is about to go out, or its answer is on the way."""
        self.world.pause = "none"
        if pause == "pressed before":
            self.press("everything")
            return
        self.clock.move(POLICY.lease + SECOND)
        if not self.sole:
            # The sender sleeps past its lease; another host wakes and takes over what it finds.
            self.living(1, self.everything)

    # --- what processes do --------------------------------------------------------------------------------------------

    def born(self) -> Process:
        self.births += 1
        process = Process(self.url, self.world, f"host:{self.births}")
        if self.sole:
            process.alone()
        return process

    def living(self, number: int, work: Callable[[Process], None], dies: Death | None = None) -> None:
        """Let a process work; one that dies of it is followed by another."""
        place = number % len(self.processes)
        process = self.processes[place]
        process.dies_at, process.dies_after = dies or (None, False)
        try:
            work(process)
        except Killed:
            assert process.dead
        if process.dead:
            process.end()
            self.processes[place] = self.born()

    @rule(number=pick, answer=st.sampled_from(ANSWERS), pause=st.sampled_from(PAUSES), dies=DEATHS, then=SPANS)
    def serve(self, number: int, answer: str, pause: str, dies: Death | None, then: timedelta) -> None:
        self.world.answer, self.world.pause = answer, pause
        self.living(number, lambda process: process.serve(self.accounts), dies)
        self.world.calm()
        self.clock.move(then)

    @rule(number=pick, read=st.sampled_from(READS), dies=DEATHS, then=SPANS)
    def look(self, number: int, read: str, dies: Death | None, then: timedelta) -> None:
        self.world.read = read
        self.living(number, lambda process: process.look(), dies)
        self.world.calm()
        self.clock.move(then)

    @rule(number=pick, answer=st.sampled_from(ANSWERS), dies=DEATHS, then=SPANS)
    def round(self, number: int, answer: str, dies: Death | None, then: timedelta) -> None:
        self.world.answer = answer
        self.living(number, self.everything, dies)
        self.world.calm()
        self.clock.move(then)

    # --- what must hold -----------------------------------------------------------------------------------------------

    def what_is_wrong_with(self, message: Message) -> str | None:
        wish = self.wishes[message.preheader or ""]
        if not wish.approved or wish.words != message.text:
            return f"post {wish.ident} went out with words that nobody approved"
        if self.clock.now() < wish.due_at:
            return f"post {wish.ident} went out early"
        scopes = set(holds.scopes_of(wish.ident, "toy", "", wish.account_id))
        if self.held & scopes:
            return f"post {wish.ident} went out under a hold"
        return None

    @invariant()
    def nothing_is_wrong(self) -> None:
        if not hasattr(self, "world"):
            return
        assert self.world.wrongs == []
        times = Counter(copy.token for copy in self.world.copies)
        assert {token: count for token, count in times.items() if count > 1} == {}, "a post stands twice"

    def come_to_rest(self) -> None:
        """Faults stop, holds are let go, people answer, and time passes until nothing is left to do."""
        self.world.calm()
        for scope in sorted(self.held):
            with self.desk() as desk:
                holding.release(desk.session, desk.person, scope, desk.now)
        self.held.clear()
        self.connect()
        self.due_in_time = {token for token, wish in self.wishes.items() if self.still_can_go(token, wish)}
        end = max([self.clock.now(), *(wish.due_at for wish in self.wishes.values())]) + timedelta(hours=2)
        while self.clock.now() < end and self.unsettled():
            for number in range(len(self.processes)):
                self.living(number, self.everything)
            self.settle()
            self.clock.move(max(SECOND, self.next_wake() - self.clock.now()))

    def next_wake(self) -> datetime:
        with self.people.database.read() as session:
            found = upkeep.next_wake(session, self.clock.now(), POLICY.grace)
        return found or self.clock.now() + MINUTE

    def everything(self, process: Process) -> None:
        """One look of a dispatcher: what is lost or late, what is due, what is to be looked up."""
        process.sweep()
        process.serve(self.accounts)
        process.look()

    def still_can_go(self, _token: str, wish: Wish) -> bool:
        with self.people.database.read() as session:
            row = listing.post(session, wish.ident)
        assert row is not None
        return row.post.status == Status.APPROVED and self.clock.now() < wish.due_at + POLICY.grace - 12 * MINUTE

    def unsettled(self) -> bool:
        with self.people.database.read() as session:
            rows = listing.posts(session, PostFilter())
        open_ones = {Status.APPROVED, Status.PUBLISHING, Status.UNCONFIRMED}
        return any(row.post.status in open_ones for row in rows)

    def everything_has_its_end(self) -> None:
        with self.people.database.read() as session:
            rows = listing.posts(session, PostFilter())
        seen = {copy.token: copy for copy in self.world.copies}
        for post in (row.post for row in rows):
            told = (
                f"post {post.id} is {post.status} ({post.needs_person}) and {'' if post.token in seen else 'not '}there"
            )
            assert post.status in SETTLED, told
            assert (post.token in seen) == (post.status == Status.PUBLISHED), told
            if post.token in seen:
                assert post.external_id == seen[post.token].external_id, f"{told} under another id"
            if post.token in self.due_in_time:
                assert post.status == Status.PUBLISHED, f"{told} though nothing stood in its way"


def profile(examples: int, steps: int) -> settings:
    return settings(max_examples=examples, stateful_step_count=steps, suppress_health_check=list(HealthCheck))


@pytest.mark.thorough
def test_no_post_is_seen_twice_and_none_is_lost() -> None:
    run_state_machine_as_test(Ledger, settings=profile(12, 30))


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_no_post_is_seen_twice_and_none_is_lost_however_long_it_goes_on() -> None:
    run_state_machine_as_test(Ledger, settings=profile(300, 50))
