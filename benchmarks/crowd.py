"""A workspace as it stands late in a long campaign: so many posts of 500 partners, their readings and their events.

The posts lie over forty weeks whatever their number, four of them still to come. Rows go in by the driver's own bulk
way (executemany, COPY) with the indexes taken down, and are what the program itself would have stored.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from benchmarks.loading import Row, columns, load
from campaign.app import App
from campaign.models import Database, audit, counts, newest, tallies
from campaign.models.audit import Audit, Head
from campaign.models.deliveries import Delivery
from campaign.models.holds import Hold
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.partners import Account, Agreement, Lane, Partner
from campaign.models.posts import Approval, Attempt, Event, Post
from campaign.models.snapshots import Snapshot
from campaign.models.types import table_of
from campaign.models.users import User
from campaign.plan.twins import text_key
from campaign.ports import Draft
from campaign.review.content import draft_to_json

PARTNERS = 500
CHANNELS = ("x", "facebook", "linkedin", "email")
TEMPLATES = ("post-1", "post-2", "question", "event", "good-practice", "last-day")
SLOTS = tuple(f"slot {number}" for number in range(1, 21))
KINDS, REGIONS = ("school", "council", "charity", "health"), ("London", "North West", "South East", "Midlands", "East")
READERS = 5000
_BACK, _AHEAD = timedelta(weeks=36), timedelta(weeks=4)
_HOURS = (1, 3, 6, 12, 24, 48, 72, 96, 120, 144, 168, 336, 504, 720, 1440)
"""So many readings has a post that is out and no mail: ten for each post of the campaign, all in all."""
_FEW = 40
"""Posts that only a person can settle: as many in a large campaign as in a small one."""
_STILL = timedelta(days=1)
"""So long nothing falls due: no daemon runs, and what shows what is late would grow while other pages are asked for."""
_FIGURES = {"x": (1, 0, 1, 1, 1, 1), "facebook": (1, 1, 1, 1, 1, 1), "linkedin": (1, 1, 1, 1, 1, 0)}


@dataclass(frozen=True)
class Crowd:
    """So many posts, seen from ``now``."""

    posts: int
    now: datetime


@dataclass(frozen=True)
class Planned:
    """One post: whose, when, and where it stands."""

    ident: int
    account: int
    turn: int
    due_at: datetime
    status: str

    @property
    def partner(self) -> int:
        return self.account // len(CHANNELS)

    @property
    def channel(self) -> str:
        return CHANNELS[self.account % len(CHANNELS)]

    @property
    def slot(self) -> str:
        return SLOTS[self.turn % len(SLOTS)]

    @property
    def template(self) -> str:
        if self.channel == "email":
            return "newsletter"
        return "question" if self.status == "in_review" else TEMPLATES[self.turn % len(TEMPLATES)]

    @property
    def is_out(self) -> bool:
        return self.status in {"published", "retracted"}


def fill(app: App, crowd: Crowd) -> None:
    """Fill an empty database."""
    database = app.database
    tables = [table_of(kind) for kind in (Post, Snapshot, Event, Attempt, Approval, Audit, Delivery, Subscriber)]
    _people(database, crowd.now)
    with database.engine.begin() as connection:
        for table in tables:
            for index in table.indexes:
                index.drop(connection)
    load(database, Post, _posts(app, crowd))
    load(database, Snapshot, _snapshots(crowd))
    load(database, Event, _events(crowd))
    load(database, Attempt, _attempts(crowd))
    load(database, Approval, _approvals(crowd))
    load(database, Subscriber, _subscribers(crowd.now))
    load(database, Delivery, _deliveries(crowd))
    _chain(database, crowd)
    with database.engine.begin() as connection:
        for table in tables:
            for index in table.indexes:
                index.create(connection)
    with database.write() as session:
        tallies.rebuild(session)
        newest.rebuild(session)
        counts.rebuild(session)
    settle_down(database)


def settle_down(database: Database) -> None:
    """Let the database learn what it holds, as it does by itself in time, or a daemon has it do once a day."""
    database.learn()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)" if database.is_sqlite else "VACUUM ANALYZE")


# --- who -------------------------------------------------------------------------------------------------------------


def _people(database: Database, now: datetime) -> None:
    with database.write() as session:
        for number in range(PARTNERS):
            session.add(_partner(number, now))
        session.flush()
        for number in range(PARTNERS):
            session.add(Agreement(partner_id=number + 1, given_by="olga", given_at=now - _BACK))
            session.add_all(_account(number, place, name) for place, name in enumerate(CHANNELS))
        session.flush()
        session.add_all(Lane(account_id=number + 1) for number in range(PARTNERS * len(CHANNELS)))
        session.add(MailingList(id=1, key="readers"))
        session.add(Hold(scope="partner:partner-9", reason="asked to wait", held_by="rita", held_at=now))
        session.add(User(name="olga", role="officer", partner_key="partner-1", added_at=now))
        session.add(User(name="rita", role="reviewer", added_at=now))
        session.add(User(name="adam", role="admin", added_at=now))


def _partner(number: int, now: datetime) -> Partner:
    details = {"x_line": f"Line {number} of our own", "own_words": "We care.", "contact": f"p{number}@example.org"}
    return Partner(
        id=number + 1,
        key=f"partner-{number + 1}",
        name=f"Partner number {number + 1}",
        kind=KINDS[number % len(KINDS)],
        region=REGIONS[number % len(REGIONS)],
        details=details,
        joined_at=now - _BACK,
    )


def _account(partner: int, place: int, channel: str) -> Account:
    ident = partner * len(CHANNELS) + place + 1
    known = {"id": ident, "partner_id": partner + 1, "channel": channel, "handle": f"p{partner + 1}"}
    if channel == "email":
        return Account(**known, external_id="readers", sender="News <news@example.org>")
    return Account(**known, external_id=str(1000 + ident), mode="by-hand" if ident % 10 == 0 else "api")


# --- what ------------------------------------------------------------------------------------------------------------


def planned(crowd: Crowd) -> Iterator[Planned]:
    """Yield every post, by due time."""
    accounts = PARTNERS * len(CHANNELS)
    step = (_BACK + _AHEAD) / crowd.posts
    begins, first_reviewed = crowd.now - _BACK, crowd.posts * 94 // 100
    for number in range(crowd.posts):
        due_at = begins + number * step
        status = _status(number, due_at, crowd, reviewed=number >= first_reviewed)
        yield Planned(number + 1, number % accounts, number // accounts, due_at, status)


def _status(number: int, due_at: datetime, crowd: Crowd, *, reviewed: bool) -> str:
    if crowd.now < due_at <= crowd.now + _STILL:
        return "withdrawn"
    if due_at > crowd.now:
        return "in_review" if reviewed else "approved"
    if number < _FEW:
        return "unconfirmed"
    odd = {1: "failed", 2: "missed", 3: "withdrawn", 4: "retracted", 5: "by_hand" if number > crowd.posts * 0.8 else ""}
    return odd.get(number % 199, "published") or "published"


def _posts(app: App, crowd: Crowd) -> Iterator[Row]:
    words = {name: _words(app, name) for name in CHANNELS}
    names = columns(Post)
    for post in planned(crowd):
        draft, key = words[post.channel]
        facts = _facts(post, crowd) | {"draft": draft, "text_key": f"{key}-{post.ident % 997}", "fields": "{}"}
        yield [facts.get(name) for name in names]


def _words(app: App, channel: str) -> tuple[str, str]:
    """Return the stored draft of a channel's posts, and the digest of its words."""
    words = "We want to hear your views on SEND reform: what works, what does not, and what would help. " * 2
    link = "https://www.gov.uk/dfe/SEND-conversation"
    draft = Draft(words=words, link=link)
    if channel == "email":
        draft = Draft(words=words * 20, subject="News", preheader="What we heard", audience="readers")
    key = text_key(app.contents.composer.compose(channel, draft, "t0000000"))
    return json.dumps(draft_to_json(draft)), key


def _facts(post: Planned, crowd: Crowd) -> dict[str, Any]:
    digest = sha256(str(post.ident).encode()).hexdigest()
    approved = None if post.status in {"in_review", "withdrawn"} else digest
    facts = {
        "id": post.ident,
        "account_id": post.account + 1,
        "partner_id": post.partner + 1,
        "channel": post.channel,
        "slot": post.slot,
        "occurrence": f"{post.due_at:%Y-%m-%dT%H:%M:%S} {post.turn}",
        "template": post.template,
        "template_version": "1",
        "token": f"t{post.ident:07}",
        "due_at": post.due_at,
        "window_from": post.due_at,
        "window_until": post.due_at,
        "status": post.status,
        "content_hash": digest,
        "approved_hash": approved,
        "version": 1,
        "queued_by": "olga",
        "writers": "[]",
        "moved": False,
        "withdrawn_by_plan": False,
        "next_try_at": post.due_at,
        "tries": 1 if post.due_at < crowd.now else 0,
        "looks": 0,
        "good_reads": 0,
        "readings": len(_HOURS),
        "created_at": crowd.now - _BACK,
    }
    if post.status == "unconfirmed":
        facts["needs_person"] = "Two posts look like it."
    if post.is_out:
        facts |= {"external_id": f"e{post.ident}", "url": f"https://example.org/{post.ident}"}
        facts |= {"published_at": post.due_at + timedelta(seconds=2), "started_at": post.due_at}
    return facts


def _snapshots(crowd: Crowd) -> Iterator[Row]:
    """Yield the readings of each post that is out and is no mail; one in fifty is a gap."""
    number = 0
    late = timedelta(seconds=20)
    offsets = [(f"{hours}h", timedelta(hours=hours), 10 - 9 / (place + 1)) for place, hours in enumerate(_HOURS)]
    for post in planned(crowd):
        given = _FIGURES.get(post.channel)
        if not post.is_out or given is None:
            continue
        size = 20 + post.ident * 7919 % 5000
        for name, offset, share in offsets:
            number += 1
            due_at = post.due_at + offset
            if due_at > crowd.now:
                break
            if number % 50 == 0:
                yield [
                    number,
                    post.ident,
                    post.partner + 1,
                    name,
                    due_at,
                    due_at + late,
                    *[None] * 6,
                    "the call failed",
                ]
                continue
            top = int(size * share)
            values = (top, top * 3 // 4, top // 20, top // 90, top // 60, top // 30)
            figures = [value if known else None for value, known in zip(values, given, strict=True)]
            yield [number, post.ident, post.partner + 1, name, due_at, due_at + late, *figures, None]


def _events(crowd: Crowd) -> Iterator[Row]:
    number, before = 0, timedelta(days=14)
    for post in planned(crowd):
        moves = [("queue", "", "draft", "olga"), ("submit", "draft", "in_review", "olga")]
        if post.status != "in_review":
            moves.append(("approve", "in_review", "approved", "rita"))
        if post.is_out:
            moves += [("claim", "approved", "publishing", "engine"), ("settle", "publishing", "published", "engine")]
        for move, old, new, who in moves:
            number += 1
            at = post.due_at if who == "engine" else post.due_at - before
            yield [number, post.ident, at, who, move, old, new, ""]


def _attempts(crowd: Crowd) -> Iterator[Row]:
    names = columns(Attempt)
    for post in planned(crowd):
        if not post.is_out and post.status != "unconfirmed":
            continue
        facts = {
            "id": post.ident,
            "post_id": post.ident,
            "number": 1,
            "owner": "engine",
            "content_hash": "",
            "started_at": post.due_at,
            "lease_until": post.due_at,
            "media_ids": "[]",
            "closed_at": post.due_at,
            "outcome": "posted" if post.is_out else "unknown",
            "detail": "",
        }
        yield [facts.get(name) for name in names]


def _approvals(crowd: Crowd) -> Iterator[Row]:
    for post in planned(crowd):
        if post.status != "in_review":
            digest = sha256(str(post.ident).encode()).hexdigest()
            yield [post.ident, post.ident, digest, "dfe", "rita", post.due_at]


def _subscribers(now: datetime) -> Iterator[Row]:
    names = columns(Subscriber)
    for number in range(READERS):
        address = f"r{number:06}@example.org"
        facts = {"id": number + 1, "list_id": 1, "email": address, "address_key": address, "name": f"Reader {number}"}
        facts |= {"details": "{}", "consent_source": "form", "consent_at": now - _BACK, "token": f"s{number}"}
        yield [facts.get(name) for name in names]


def _deliveries(crowd: Crowd) -> Iterator[Row]:
    """Yield twenty copies of each of the newest forty issues."""
    names = columns(Delivery)
    issues = [post for post in planned(crowd) if post.channel == "email" and post.status == "published"][-40:]
    for place, post in enumerate(issues):
        for reader in range(20):
            facts = {"id": place * 20 + reader + 1, "post_id": post.ident, "subscriber_id": reader + 1, "tries": 1}
            facts |= {"email": f"r{reader:06}@example.org", "name": "", "details": "{}", "token": f"s{reader}"}
            facts |= {"status": "sent", "next_try_at": post.due_at, "settled_at": post.due_at}
            yield [facts.get(name) for name in names]


def _chain(database: Database, crowd: Crowd) -> None:
    """Write the decisions as a whole chain: each post was queued and, mostly, approved."""
    end = ["", "0"]

    def rows() -> Iterator[Row]:
        for post in planned(crowd):
            for action, who in (("queue", "olga"), ("approve", "rita"))[: 1 if post.status == "in_review" else 2]:
                subject, facts = f"post:{post.ident}", dict[str, object]()
                row = Audit(
                    at=post.due_at, who=who, action=action, subject=subject, facts=facts, before=end[0], digest=""
                )
                end[:] = [audit.digest(row), str(int(end[1]) + 1)]
                yield [int(end[1]), row.at, who, action, subject, "{}", row.before, end[0]]

    load(database, Audit, rows())
    with database.write() as session:
        session.add(Head(id=1, rows=int(end[1]), digest=end[0]))
