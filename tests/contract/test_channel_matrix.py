"""Every signal of every platform, over real HTTP into the real client library, and what dispatch makes of it.

Each case says what the first attempt ends as, how many posts stand on the platform then, and how it all ends: once
published, or with a person who has been told. Never two posts, and never none without a word.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from dispatch_room import Room, opened_room

from campaign.models.status import Status
from campaign.sandbox.faults import Fault
from campaign.sandbox.server import Sandbox

X, FACEBOOK, LINKEDIN = "x", "facebook", "linkedin"
EVERYWHERE = (X, FACEBOOK, LINKEDIN)
WORDS = "The conversation on SEND reform is open: have your say, and pass it on."
HOURS = timedelta(hours=1)


@dataclass(frozen=True)
class Case:
    """``faults`` are (kind, more) of calls to create, the first one by default. ``outcome`` and ``stored`` hold after
    the first attempt, ``elsewhere`` where a channel differs; ``ends`` is published, person, or either; ``attempts``
    are the outcomes of all of them, where the case is about that.
    """

    name: str
    outcome: str
    stored: int
    faults: tuple[tuple[str, Mapping[str, Any]], ...]
    ends: str = "published"
    channels: tuple[str, ...] = EVERYWHERE
    attempts: tuple[str, ...] = ()
    elsewhere: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    def on(self, channel: str, what: str) -> Any:
        return self.elsewhere.get(channel, {}).get(what, getattr(self, what))

    def plan(self, channel: str) -> list[Fault]:
        first = {"endpoint": "create", "nth": (1,)}
        return [Fault(kind, channel, **{**first, **more}) for kind, more in self.faults]


def once(kind: str, outcome: str, stored: int, **more: Any) -> Case:
    """The first create goes wrong in one way."""
    facts = {name: more.pop(name) for name in ("seconds", "nth", "endpoint") if name in more}
    return Case(kind, outcome, stored, ((kind, facts),), **more)


# LinkedIn tells the id in a header and sends no body, so what happens to a body does not happen to its answer.
WHOLE = {LINKEDIN: {"outcome": "posted"}}

CASES = (
    # stored, and the answer lost (contracts: UNKNOWN): found and adopted
    once("store-then-drop", "unknown", 1),
    once("store-then-5xx", "unknown", 1),
    once("store-then-delay", "unknown", 1, seconds=3.0),
    once("id-less-2xx", "unknown", 1),
    once("empty-2xx", "unknown", 1),
    once("html-2xx", "unknown", 1),
    once("truncated", "unknown", 1, elsewhere=WHOLE),
    once("cut-body", "unknown", 1, elsewhere=WHOLE),
    once("slow-drip", "unknown", 1, seconds=3.0, elsewhere=WHOLE),
    # an answer that is odd, and whole: posted
    once("no-content-type", "posted", 1),
    once("slow-drip", "posted", 1, seconds=0.1),
    once("store-then-delay", "posted", 1, seconds=0.1),
    # not stored, and nobody can tell (UNKNOWN): proven absent, sent once more
    once("drop-before-store", "unknown", 0),
    once("5xx-before-store", "unknown", 0),
    once("silence-before-store", "unknown", 0, seconds=3.0),
    once("edge-403", "unknown", 0),
    once("edge-404", "unknown", 0),
    # refused for now: at the stated time, or after a while, once more
    once("429", "wait", 0, seconds=600.0, elsewhere={LINKEDIN: {"ends": "either"}}),  # its day ends at midnight UTC
    once("429-no-reset", "wait", 0),
    once("dead-token", "credential", 0, channels=(FACEBOOK,)),
    once("dead-token", "posted", 1, channels=(X, LINKEDIN)),  # which refuse good tokens for a moment: asked twice
    once("dead-token", "credential", 0, nth=(1, 2), channels=(X, LINKEDIN)),
    once("out-of-credits", "blocked", 0, channels=(X,)),
    once("version-sunset", "blocked", 0, channels=(LINKEDIN,)),
    # refused for good, or until a person acts
    once("dead-token", "credential", 0, nth=(), ends="person"),
    once("out-of-credits", "blocked", 0, nth=(), channels=(X,), ends="person"),
    once("version-sunset", "blocked", 0, nth=(), channels=(LINKEDIN,), ends="person"),
    once("policy-block", "blocked", 0, channels=(FACEBOOK,), ends="person"),  # for hours: longer than the grace
    once("no-permission", "refused", 0, ends="person"),
    once("stale-duplicate", "duplicate", 0, ends="person"),
    # one trouble after another
    Case("unknown, then absent, then unknown and there", "unknown", 0,
         (("drop-before-store", {}), ("store-then-drop", {"nth": (2,)}))),
    Case("unknown twice, both times absent", "unknown", 0,
         (("drop-before-store", {}), ("5xx-before-store", {"nth": (2,)}))),
    Case("unknown and absent, then a stale duplicate", "unknown", 0,
         (("drop-before-store", {}), ("stale-duplicate", {"nth": (2,)})), ends="person",
         attempts=("unknown", "duplicate")),
    Case("throttled, then unknown and there", "wait", 0, (("429-no-reset", {}), ("store-then-5xx", {"nth": (2,)}))),
    Case("refused token, then unknown and absent", "credential", 0,
         (("dead-token", {"nth": (1, 2)}), ("drop-before-store", {"nth": (3,)})), channels=(X, LINKEDIN)),
    Case("down for longer than the grace", "unknown", 0, (("5xx-before-store", {"nth": ()}),), ends="person",
         channels=(FACEBOOK,)),
    # looking up goes wrong on the way
    Case("there, but reads lag for a while", "unknown", 1,
         (("store-then-drop", {}), ("read-lag", {"endpoint": "list", "nth": (), "seconds": 100.0}))),
    Case("there, but reads lag beyond all patience: the second try is a true duplicate", "unknown", 1,
         (("store-then-drop", {}), ("read-lag", {"endpoint": "list", "nth": (), "seconds": 1500.0})), ends="person",
         attempts=("unknown", "duplicate")),
    Case("there, and the first listing is stale", "unknown", 1,
         (("store-then-drop", {}), ("stale-list", {"endpoint": "list", "seconds": 900.0}))),
    Case("there, and the first listings fail", "unknown", 1,
         (("store-then-drop", {}), ("5xx-before-store", {"endpoint": "list", "nth": (1, 2)}))),
    Case("there, and the first listings are a 404 of an edge", "unknown", 1,
         (("store-then-drop", {}), ("edge-404", {"endpoint": "list", "nth": (1, 2)}))),
    Case("absent, and some listings fail, are cut or throttled", "unknown", 0,
         (("drop-before-store", {}), ("truncated", {"endpoint": "list"}),
          ("429-no-reset", {"endpoint": "list", "nth": (2,)}), ("html-2xx", {"endpoint": "list", "nth": (4,)}))),
    Case("there, and the account may not read", "unknown", 1,
         (("store-then-drop", {}), ("no-permission", {"endpoint": "list", "nth": ()})), ends="person"),
    Case("absent, and the account may not read", "unknown", 0,
         (("drop-before-store", {}), ("no-permission", {"endpoint": "list", "nth": ()})), ends="person"),
    Case("there, and the listing never works", "unknown", 1,
         (("store-then-drop", {}), ("5xx-before-store", {"endpoint": "list", "nth": ()})), ends="unsettled"),
)  # fmt: skip

MATRIX = [
    pytest.param(channel, case, id=f"{channel}-{case.name}-{case.outcome}-{case.ends}")
    for case in CASES
    for channel in case.channels
]


@pytest.fixture
def room(request: pytest.FixtureRequest, sandbox: Sandbox, tmp_path: Path) -> Iterator[Room]:
    """A room whose account has published a post an hour ago: the control of every look-up."""
    for opened in opened_room(request.param, sandbox, tmp_path, read="500ms"):
        opened.post("An older post")
        opened.serve()
        opened.later(HOURS)
        yield opened


@pytest.mark.parametrize(("room", "case"), MATRIX, indirect=["room"])
def test_whatever_a_platform_does_a_post_is_there_once_or_a_person_is_told(room: Room, case: Case) -> None:
    (control,) = room.shown()
    room.box.world.faults.replace(case.plan(room.channel))
    post_id = room.post(WORDS)
    room.serve()
    assert room.attempts(post_id) == [case.on(room.channel, "outcome")]
    assert len(room.shown()) - 1 == case.stored
    if case.ends == "unsettled":
        unsettled(room, post_id)
        return
    room.come_to_rest()
    assert kinds_applied(room) == {kind for kind, _ in case.faults}, "a fault was not applied"
    assert case.attempts in {(), tuple(room.attempts(post_id))}
    check_end(room, post_id, case.on(room.channel, "ends"), [one for one in room.shown() if one != control])


def kinds_applied(room: Room) -> set[str]:
    applied: Any = room.box.world.faults.report()["applied"]
    return {key.rpartition(".")[2] for key in applied}


def check_end(room: Room, post_id: int, ends: str, there: list[str]) -> None:
    post = room.seen(post_id)
    assert len(there) <= 1, "two posts of one"
    if ends == "published" or (ends == "either" and post.status == Status.PUBLISHED):
        assert (post.status, [post.external_id]) == (Status.PUBLISHED, there)
    else:
        assert post.status != Status.PUBLISHED
        assert room.notices(), "nothing was published, and nobody was told"


def unsettled(room: Room, post_id: int) -> None:
    """It is looked up without end, never sent again, and a person has been told once."""
    room.look(post_id, 14)
    post = room.seen(post_id)
    assert (post.status, post.needs_person, post.good_reads) == (Status.UNCONFIRMED, None, 0)
    assert [notice.subject for notice in room.notices()] == ["Oak: a post is still unconfirmed"]
    room.box.world.faults.replace(())
    room.look(post_id)
    assert room.seen(post_id).external_id in room.shown()
