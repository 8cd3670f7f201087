"""What a release foretells of each item is what dispatch then does with it, whatever else is held or wrong."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Any, cast

import pytest
from builders import CONTENTS, add_post
from conftest import MovedClock
from dispatch_room import serve
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from campaign.channels import load_channels
from campaign.dispatch import sweep
from campaign.dispatch.means import Means
from campaign.dispatch.retry import Policy
from campaign.models import Database, lanes, listing, partners, upkeep
from campaign.models.deliveries import Delivery
from campaign.models.holds import Hold
from campaign.models.partners import Account, Agreement, Partner
from campaign.models.posts import Post
from campaign.models.status import Move, Status
from campaign.models.users import User
from campaign.ports import Bulk, Channel, Draft, Gate, Identity, Media, Message, Progress, Receipt
from campaign.ports.costs import POST, Budget, Cost
from campaign.review import holding
from campaign.review.content import draft_to_json
from campaign.review.foresight import Fate, Terms, foresee

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
GRACE = 10 * MINUTE
PACE = 20 * SECOND
ACCOUNTS = (("oak", "x", "api"), ("oak", "facebook", "api"), ("elm", "x", "by-hand"), ("ash", "email", "api"))


@dataclass(frozen=True)
class Item:
    """A post that fell due ``late`` seconds ago on one of the accounts, with what may be odd about it."""

    account: int
    late: int
    oddity: str


@dataclass(frozen=True)
class Scene:
    """What is there when a hold is to be let go."""

    items: Sequence[Item]
    holds: Sequence[str]
    wait: int
    stopped: bool
    daily: int | None = None
    cap: int | None = None


SCOPES = ("everything", "channel:x", "channel:email", "partner:oak", "account:1", "account:2", "post:1", "post:3")
ITEMS = st.builds(
    Item,
    account=st.integers(0, len(ACCOUNTS) - 1),
    late=st.integers(0, 700),
    oddity=st.sampled_from(["", "", "", "changed", "twin", "begun", "frozen", "ended", "share", "follower", "stray"]),
)
SCENES = st.builds(
    Scene,
    items=st.lists(ITEMS, min_size=1, max_size=9),
    holds=st.lists(st.sampled_from(SCOPES), min_size=1, max_size=3, unique=True),
    wait=st.sampled_from([0, 0, 30, 300, 590]),
    stopped=st.booleans(),
    daily=st.sampled_from([None, None, 1, 2]),
    cap=st.sampled_from([None, None, 1, 3]),
)


@cache
def empty_database() -> Path:
    """A database with the newest schema and nothing in it; to make one takes longer than an example."""
    path = Path(mkdtemp()) / "empty.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()  # the last connection folds the write-ahead log into the file
    return path


class Obliging:
    """A channel that takes everything, at a pace and within its budget; each post costs one."""

    def __init__(self, name: str, scene: Scene) -> None:
        self.name, self.title = name, name.title()
        self.limits = replace(load_channels()[name].limits, pace=PACE)
        mail = name == "email"
        self.budget = Budget() if mail else Budget(monthly_cap=scene.cap, daily_posts=scene.daily)

    def costs(self, _message: Message) -> tuple[Cost, ...]:
        return (Cost(POST, micros=1, sunk=True),)

    def cost_of_retraction(self) -> None: ...

    def cost_of_reading(self) -> None: ...

    def publish(self, _who: Identity, _message: Message, gate: Gate) -> Receipt:
        gate.check()
        return Receipt("1")

    def send_issue(
        self, post_id: int, _who: Identity, _message: Message, gate: Gate
    ) -> tuple[Progress, Receipt | None]:
        gate.check()
        return Progress.DONE, Receipt(f"issue-{post_id}")


class World:
    """A database with the scene in it, and what dispatches from it."""

    def __init__(self, folder: Path, scene: Scene) -> None:
        self.clock = MovedClock()
        shutil.copy(empty_database(), folder / "t.db")
        self.database = Database(f"sqlite:///{folder}/t.db", connections=3)
        channels = {name: cast("Channel", Obliging(name, scene)) for name in ("x", "facebook", "email")}
        self.first: dict[str, Post] = {}
        self.follow: dict[int, int] = {}
        self.means = Means(
            database=self.database,
            clock=self.clock,
            channels=channels,
            contents=CONTENTS,
            identify=lambda account, partner: cast("Identity", (account, partner)),
            bulk={"email": cast("Bulk", channels["email"])},
            policy=Policy(GRACE, 2 * MINUTE, 30 * SECOND, (5 * SECOND,), (5 * SECOND,), 3, 2 * MINUTE),
            owner="here:1",
        )
        with self.database.write() as session:
            session.add(User(name="rita", role="reviewer", added_at=self.clock.now()))
            self._fill(session, scene)

    def _fill(self, session: Any, scene: Scene) -> None:
        now, made = self.clock.now(), list[Account]()
        rows: dict[str, Partner] = {}
        for key, channel, mode in ACCOUNTS:
            if key not in rows:
                rows[key] = Partner(key=key, name=key, joined_at=now)
                session.add(rows[key])
                session.flush()
                session.add(Agreement(partner_id=rows[key].ident, given_by=key, given_at=now))
            account = Account(partner_id=rows[key].ident, channel=channel, handle=key, external_id=key, mode=mode)
            made.append(partners.add_account(session, account))
        lanes.pace_lane(session, made[0].ident, now + scene.wait * SECOND, "throttled")
        if scene.stopped:
            partners.change_account(session, made[1].ident, {"stopped_why": "its token has ended"})
        for item in scene.items:
            self._store(session, made[item.account], item)
        for scope in scene.holds:
            session.add(Hold(scope=scope, reason="r", held_by="rita", held_at=now - 15 * MINUTE))

    def _store(self, session: Any, account: Account, item: Item) -> None:
        now = self.clock.now()
        post = add_post(session, account, now - item.late * SECOND)
        post.content_hash = post.approved_hash = CONTENTS.digest(post, account)
        if item.oddity == "changed":
            post.draft = {**post.draft, "words": "something nobody saw"}
        if item.oddity == "twin":
            twin = add_post(session, account, now, status=Status.UNCONFIRMED, changes={"needs_person": "who knows"})
            twin.text_key = post.text_key
            session.add(twin)
        if item.oddity == "ended" and account.channel != "email":
            graph = Media("0" * 64, "image/png", "A graph", Path("a.png"), until=now - MINUTE)
            self._show(post, account, Draft(words="Look", media=(graph,)))
        if item.oddity in {"share", "follower", "stray"} and account.channel != "email":
            self._show(post, account, Draft(words="", share_of=self._original(session, account, post, item.oddity)))
        self.first.setdefault(account.channel, post)
        if item.oddity in {"begun", "frozen"} and account.channel == "email":
            for number, status in enumerate(("sent" if item.oddity == "begun" else "waiting", "waiting")):
                row = Delivery(post_id=post.ident, email=f"{number}@example.org", token=f"{post.id}-{number}")
                row.status, row.next_try_at = status, now
                session.add(row)
        session.add(post)

    @staticmethod
    def _show(post: Post, account: Account, draft: Draft) -> None:
        post.draft = draft_to_json(draft)
        post.content_hash = post.approved_hash = CONTENTS.digest(post, account)

    def _original(self, session: Any, account: Account, post: Post, oddity: str) -> str:
        """Name a post that stands there already, the first one of the scene (which goes before), or none at all."""
        if oddity == "share":
            there = {"external_id": "9", "url": "https://x.com/9", "published_at": self.clock.now()}
            first = add_post(session, account, self.clock.now() - MINUTE, status=Status.PUBLISHED, changes=there)
        elif oddity == "stray" or (known := self.first.get(account.channel)) is None:
            return "none@oak"
        else:
            first, self.follow[post.ident] = known, known.ident
            post.due_at = post.next_try_at = post.window_from = post.window_until = self.clock.now()
        return f"{first.slot}@{session.get_one(Partner, first.partner_id).key}"

    def release(self, scope: str) -> dict[int, Fate]:
        """Foretell, and let go."""
        with self.database.write() as session:
            terms = Terms.of(self.clock.now(), GRACE, CONTENTS, self.means.channels)
            told = {item.row.post.ident: item.fate for item in foresee(session, scope, terms)}
            person = session.get_one(User, 1)
            holding.release(session, person, scope, self.clock.now())
        return told

    def live(self) -> None:
        """Do what a daemon does until nothing is left to do."""
        for _ in range(600):
            now = self.clock.now()
            sweep.expire(self.means, now)
            sweep.hand_over(self.means, now)
            with self.database.read() as session:
                due = lanes.due_accounts(session, now, self.means.policy.grace, limit=9)
            for account_id, _ in due:
                serve(self.means, account_id)
            with self.database.read() as session:
                wake_at = upkeep.next_wake(session, self.clock.now(), GRACE)
            if wake_at is None:
                return
            self.clock.move(max(wake_at - self.clock.now(), timedelta(milliseconds=50)))

    def done(self, post_id: int) -> tuple[str, set[str]]:
        with self.database.read() as session:
            moves = {event.move for event in listing.events(session, post_id)}
            return str(session.get_one(Post, post_id).status), moves


def agrees(fate: Fate, status: str, moves: set[str], *, follows: bool = False) -> bool:
    """Say whether what became of an item is what was foretold. What is kept back is missed when its grace ends.

    ``follows``: it shares a post that is not of this release, and goes or not as that one does.
    """
    went_out = bool(moves & {Move.SETTLE, Move.HAND_OVER}) and not (follows and fate is Fate.WAITS)
    match fate:
        case Fate.SENT | Fate.GOES_ON:
            return status == Status.PUBLISHED
        case Fate.HANDED_OVER:
            return Move.HAND_OVER in moves
        case Fate.MISSED | Fate.FAILED:
            return status == {Fate.MISSED: Status.MISSED, Fate.FAILED: Status.FAILED}[fate] and not went_out
        case Fate.REVIEW:
            return Move.EDIT in moves and not went_out
        case Fate.HELD | Fate.WAITS:
            return (follows or status in {Status.APPROVED, Status.MISSED}) and not went_out
    raise AssertionError(fate)


@pytest.mark.thorough
@settings(max_examples=25, phases=[Phase.explicit, Phase.generate])
@given(scene=SCENES)
@example(Scene([Item(3, 650, "begun"), Item(3, 650, "frozen"), Item(3, 10, "")], ["everything"], 0, stopped=False))
@example(Scene([Item(0, 595, "")] * 9, ["everything"], 0, stopped=False))
@example(Scene([Item(0, 9, "ended"), Item(2, 9, "ended")], ["everything"], 0, stopped=False, daily=1))
@example(Scene([Item(0, 9, ""), Item(2, 9, "follower"), Item(0, 9, "share")], ["everything"], 300, stopped=False))
@example(Scene([Item(0, 9, "stray"), Item(2, 9, "stray"), Item(0, 5, "")], ["everything"], 0, stopped=False))
@example(Scene([Item(0, 9, ""), Item(0, 5, ""), Item(1, 5, "")], ["everything"], 0, stopped=False, daily=1))
@example(Scene([Item(0, 9, ""), Item(0, 5, ""), Item(1, 5, "")], ["everything"], 0, stopped=False, cap=1))
@example(Scene([Item(0, 300, ""), Item(0, 5, "")], ["channel:x", "partner:oak"], 590, stopped=False))
def test_the_foretold_and_the_done_agree_for_every_item(scene: Scene) -> None:
    with TemporaryDirectory() as folder:
        world = World(Path(folder), scene)
        told = world.release(scene.holds[0])
        world.live()
        done = {ident: (fate, *world.done(ident)) for ident, fate in told.items()}
        loose = {ident for ident, first in world.follow.items() if first not in told}
        wrong = {ident: found for ident, found in done.items() if not agrees(*found, follows=ident in loose)}
        world.database.close()
    assert not wrong
