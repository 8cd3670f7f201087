"""What a page reads does not grow with the campaign: lists go by an index, and no further than the page."""

import json
import re
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from builders import CONTENTS, add_account, add_post
from conftest import MovedClock
from plans import plan_of
from sqlmodel import Session, col

from campaign.channels import load_channels
from campaign.models import (
    Database,
    asides,
    audit,
    bookings,
    figures,
    groups,
    lanes,
    leaving,
    listing,
    mailing,
    participation,
    readings,
    upkeep,
)
from campaign.models.audit import Audit, AuditFilter
from campaign.models.figures import Order
from campaign.models.listing import PostFilter, PostRow
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.partners import Partner
from campaign.models.posts import Post
from campaign.models.snapshots import LogFilter, Snapshot
from campaign.models.status import Status
from campaign.ports import Draft
from campaign.reports.readers import each_reader
from campaign.review import foresight
from campaign.review.content import draft_to_json
from campaign.review.foresight import Terms

DAY = timedelta(days=1)
FILTERS = {
    "no filter": PostFilter(),
    "one state": PostFilter(statuses=("failed",)),
    "some states": PostFilter(statuses=("failed", "missed")),
    "a channel": PostFilter(channels=("x",)),
    "a channel and states": PostFilter(channels=("x", "email"), statuses=("failed", "missed")),
    "a partner": PostFilter(partners=("p",)),
    "a partner, a channel and states": PostFilter(partners=("p",), channels=("x",), statuses=("failed", "missed")),
    "a slot": PostFilter(slots=("s",), channels=("x",)),
    "a slot of a partner": PostFilter(slots=("s",), partners=("p",), statuses=("failed", "missed")),
    "for a person": PostFilter(for_person=True),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_page_of_posts_is_read_in_the_order_of_an_index(database: Database, clock: MovedClock, name: str) -> None:
    def ask(session: Session) -> object:
        return listing.posts_page(session, FILTERS[name], 30, after=(clock.now(), 5))

    plan = plan_of(database, ask)
    assert not re.search(r"(?m)^\W*SCAN post$|Seq Scan on post\b", plan), plan
    if database.is_sqlite:
        searched = re.findall(r"SEARCH post USING (?:COVERING )?INDEX (\w+) \(([^)]*)\)", plan)
        assert searched, plan
        # The place is found in the index; of one partner's posts of one slot all are read, by their place.
        where = "account_id=? AND slot=?" if "slot of a partner" in name else "due_at"
        assert all(where in how for _, how in searched), plan


@pytest.mark.parametrize("name", FILTERS)
@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_by_arms_show_what_the_whole_list_has(
    database: Database, clock: MovedClock, name: str, *, newest_first: bool
) -> None:
    states = (Status.FAILED, Status.MISSED, Status.PUBLISHED)
    with database.write() as session:
        for channel in ("x", "email"):
            account = add_account(session, clock.now(), channel=channel)
            for number in range(12):
                facts = {"slot": "s" if number % 2 else "other", "occurrence": f"{number}"}
                due_at = clock.now() + number // 2 * DAY
                add_post(session, account, due_at, status=states[number % 3], changes=facts)
    wanted = FILTERS[name]
    with database.read() as session:
        whole = [row.post.id for row in listing.posts(session, wanted, newest_first=newest_first)]
        found, place = list[PostRow](), None
        while True:
            page = listing.posts_page(session, wanted, 5, after=place, newest_first=newest_first)
            found += page.rows
            if not page.has_after:
                break
            place = page.rows[-1].place
    assert [row.post.id for row in found] == whole


def test_what_is_named_twice_comes_once(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        post = add_post(session, account, clock.now(), changes={"slot": "s"})
        key = session.get_one(Partner, account.partner_id).key
    for wanted in (
        PostFilter(partners=(key, key), statuses=("approved", "approved")),
        PostFilter(slots=("s", "s")),
        PostFilter(channels=("x", "x")),
    ):
        with database.read() as session:
            assert [row.post.id for row in listing.posts_page(session, wanted, 5).rows] == [post.id]


def test_what_is_set_aside_is_found_by_its_ids_and_never_among_all_that_waits(database: Database) -> None:
    plan = plan_of(database, asides.waiting)
    assert not re.search(r"(?m)^\W*SCAN post\b|Seq Scan on post\b|post_(in_review|status_due|group|by_due)", plan), plan


def read_at(session: Session, post: Post, times: Sequence[datetime]) -> None:
    """Store a reading of a post at each of these times."""
    about = {"post_id": post.ident, "partner_id": post.partner_id, "reading": "1h", "impressions": 1}
    readings.store(session, post, [Snapshot(**about, due_at=at, taken_at=at) for at in times])


def test_days_without_readings_of_a_slot_are_passed_over(database: Database, clock: MovedClock) -> None:
    """Of a log before a day, what others have on the days between is not gone through."""
    first, now = clock.now(), clock.now() + 9 * DAY
    with database.write() as session:
        account = add_account(session, first)
        rare = add_post(session, account, first, status=Status.PUBLISHED, changes={"slot": "rare"})
        read_at(session, rare, [first, now])
        read_at(session, add_post(session, account, first, status=Status.PUBLISHED), [first + 3 * DAY])
    with database.read() as session:
        found = figures.spread(session, LogFilter(slot="rare", until=now - DAY), "taken_at")
        assert found is not None
        assert found.wanted.until is not None
        assert first < found.wanted.until < first + 2 * DAY
        (line,) = figures.log_page(session, LogFilter(slot="rare", until=now - DAY), Order(), 50).rows
        assert line.taken_at == first
        between = LogFilter(slot="rare", since=first + DAY, until=now - DAY)
        assert figures.spread(session, between, "taken_at") is None
        assert figures.log_page(session, between, Order(), 50).rows == []
        assert len(figures.log_page(session, LogFilter(slot="rare", since=now, until=now + DAY), Order(), 50).rows) == 1


def test_a_log_of_what_has_no_readings_is_not_searched_to_its_end(database: Database, clock: MovedClock) -> None:
    asked = list[str]()
    with database.write() as session:
        post = add_post(session, add_account(session, clock.now()), clock.now(), status=Status.PUBLISHED)
        read_at(session, post, [clock.now()])
    sa.event.listen(database.engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    with database.read() as session:
        for wanted in (LogFilter(channel="email"), LogFilter(slot="none"), LogFilter(template="none")):
            assert figures.log_page(session, wanted, Order(), 50).rows == []
        assert figures.log_page(session, LogFilter(), Order("clicks"), 50).rows == []
    assert not [statement for statement in asked if "FROM snapshot" in statement]


@pytest.mark.parametrize("newest_first", [True, False])
def test_a_place_deep_in_the_log_bounds_what_is_read(
    database: Database, clock: MovedClock, *, newest_first: bool
) -> None:
    """Of two bounds on one side SQLite goes by one: there must be none that is wider."""
    times, asked = [clock.now() + day * DAY for day in range(3)], list[str]()

    def note(*facts: Any) -> None:
        if "FROM snapshot" in facts[2]:
            given = facts[3].values() if isinstance(facts[3], dict) else facts[3]
            asked.extend(str(value)[:26] for value in given if re.match(r"20\d\d-", str(value)))

    with database.write() as session:
        post = add_post(session, add_account(session, clock.now()), clock.now(), status=Status.PUBLISHED)
        read_at(session, post, times)
    sa.event.listen(database.engine, "before_cursor_execute", note)
    with database.read() as session:
        order = Order("taken_at", descending=newest_first)
        (line,) = figures.log_page(session, LogFilter(), order, 50, after=(times[1], 2)).rows
    assert line.taken_at == times[0 if newest_first else 2]
    beyond = times[1] + timedelta(microseconds=1)
    bounds = sorted(asked)
    assert bounds
    assert bounds[-1] <= f"{beyond:%Y-%m-%d %H:%M:%S.%f}" if newest_first else bounds[0] >= f"{times[1]:%Y-%m-%d}"


def chain(database: Database, clock: MovedClock, rows: int) -> None:
    with database.write() as session:
        for number in range(rows):
            audit.record(session, who="rita", action="hold", subject=f"post:{number}", at=clock.now())


def told(database: Database) -> list[audit.Stretch]:
    """Walk the chain part by part, as a person follows the page's links."""
    found = list[audit.Stretch]()
    with database.read() as session:
        older = None
        while not found or older is not None:
            found.append(audit.walked(session, 3, before=older))
            older = found[-1].older
    return found


def test_a_chain_is_walked_part_by_part(database: Database, clock: MovedClock) -> None:
    chain(database, clock, 8)
    assert [(part.rows, part.faults) for part in told(database)] == [(3, ()), (3, ()), (2, ())]


HARM: dict[str, tuple[Callable[[], sa.Executable], int]] = {
    "changed": (lambda: sa.update(Audit).where(col(Audit.id) == 4).values(who="nobody"), 1),
    "the newest removed": (lambda: sa.delete(Audit).where(col(Audit.id) == 8), 0),
    "one in the middle removed": (lambda: sa.delete(Audit).where(col(Audit.id) == 4), 1),
    "the oldest removed": (lambda: sa.delete(Audit).where(col(Audit.id) == 1), 2),
}


@pytest.mark.parametrize("harm", HARM)
def test_harm_to_the_chain_shows_in_its_part(database: Database, clock: MovedClock, harm: str) -> None:
    chain(database, clock, 8)
    statement, part = HARM[harm]
    with database.write() as session:
        session.execute(statement())
    assert [bool(one.faults) for one in told(database)].index(True) == part


@pytest.mark.parametrize("by", [{"who": "rita"}, {"action": "hold"}, {"subject": "post:7"}], ids=str)
def test_the_audit_log_is_filtered_by_an_index(database: Database, by: dict[str, str]) -> None:
    [name] = by
    with database.engine.connect() as connection:
        found = sa.inspect(connection).get_indexes("audit")
    assert [name, "id"] in [one["column_names"] for one in found]
    with database.read() as session:
        assert audit.page(session, AuditFilter(**by), 50, after=(9,)).rows == []


@pytest.mark.parametrize(("scope", "bound"), [("partner:p", "partner_id=?"), ("account:1", "account_id=?")])
def test_what_a_hold_or_an_order_is_about_is_found_among_what_is_out(
    database: Database, scope: str, bound: str
) -> None:
    plan = plan_of(database, lambda session: foresight.under(session, scope, PostFilter(statuses=("published",))))
    assert not re.search(r"(?m)^\W*SCAN post$|Seq Scan on post\b", plan), plan
    assert not database.is_sqlite or bound in plan, plan


def test_orders_to_take_down_are_few_and_their_posts_are_found_by_their_ids(
    database: Database, clock: MovedClock
) -> None:
    with database.write() as session:
        account, now = add_account(session, clock.now()), clock.now()
        posts = [add_post(session, account, now, status=Status.UNCONFIRMED).ident for _ in range(3)]
        for number, ident in enumerate((*posts[:2], posts[0])):
            leaving.order(session, ident, by="rita", why=str(number), at=now + number * DAY)
        session.get_one(Post, posts[0]).status = Status.PUBLISHED
    with database.read() as session:
        assert [post.ident for post in leaving.to_carry_out(session)] == [posts[0]]
        found = [leaving.ordered(session, ident) for ident in posts]
        assert [one and one.why for one in found] == ["2", "1", None]
        assert (leaving.count(session), leaving.without_order(session, posts)) == (2, posts[2:])
    plan = plan_of(database, leaving.to_carry_out)
    assert not re.search(r"(?m)^\W*SCAN post$|post_(status_due|by_due)", plan), plan


def test_an_outlook_asks_no_more_for_many_posts_than_for_few(store: Database, clock: MovedClock) -> None:
    priced = {"monthly_cap": "9", "account_monthly_cap": "9", "connect": "2s", "read": "2s"}
    kinds = load_channels()
    channels = {"x": kinds["x"].from_settings(kinds["x"].settings_type.model_validate(priced), clock)}
    terms = Terms.of(clock.now(), DAY, CONTENTS, channels)

    def asked(posts: int) -> int:
        with store.write() as session:
            account = add_account(session, clock.now())
            for number in range(posts):
                post = add_post(session, account, clock.now(), changes={"occurrence": str(number)})
                post.draft = draft_to_json(
                    Draft(words="", share_of="launch@dfe") if number % 2 else CONTENTS.draft(post)
                )
                post.content_hash = post.approved_hash = CONTENTS.digest(post, account)
            key = session.get_one(Partner, account.partner_id).key
        with store.read() as session:
            statements = list[str]()
            listen = lambda _c, _k, statement, *_: statements.append(statement)  # noqa: E731
            sa.event.listen(session.get_bind(), "before_cursor_execute", listen)
            told = foresight.foresee(session, f"partner:{key}", terms)
            sa.event.remove(session.get_bind(), "before_cursor_execute", listen)
        assert {item.fate for item in told} == {foresight.Fate.SENT, foresight.Fate.WAITS}
        assert len(told) == posts
        return len(statements)

    assert asked(40) == asked(4)


def test_what_was_written_for_one_post_is_found_among_all_that_waits_by_an_index(
    database: Database, clock: MovedClock
) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        facts = {"status": Status.IN_REVIEW, "fields": {}}
        for number in range(199):
            add_post(session, account, clock.now(), changes=facts | {"occurrence": str(number)})
    with database.write() as session:
        connection = session.connection()
        connection.exec_driver_sql("ANALYZE post")  # of a time when there were none
    with database.write() as session:
        ours = add_post(session, account, clock.now() + DAY, changes=facts | {"fields": {"line": "ours"}})
        wanted, key = ours.ident, groups.GroupKey(ours.template, ours.template_version, ours.channel)
    with database.read() as session:
        assert groups.stored(session, limit=3)[0].post_id == wanted
        assert groups.posts_of(session, key, limit=3)[0].post.id == wanted
    for question in (
        lambda session: groups.stored(session, limit=1),
        lambda session: groups.posts_of(session, key, limit=1),
    ):
        plan = plan_of(database, question)
        assert "post_written" in plan
        expected = re.search(r"post_written.* rows=(\d+)", plan)
        assert database.is_sqlite or (expected and int(expected[1]) < 10), f"it thinks that most are: {plan}"


def test_a_list_is_read_page_by_page(database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("campaign.reports.readers._PAGE", 3)
    monkeypatch.setattr("campaign.models.paging._AT_ONCE", 2)
    names = [f"{letter}@example.org" for letter in "gfedcba"]
    with database.write() as session:
        session.add(MailingList(id=1, key="readers"))
        session.flush()
        for name in names:
            facts = {"list_id": 1, "email": name, "consent_source": "form", "consent_at": clock.now(), "token": name}
            session.add(Subscriber(**facts))
    assert [row["email"] for row in each_reader(database, 1)] == sorted(names)
    with database.read() as session:
        assert len(mailing.subscribers_page(session, 1, 3, "")) == 3


def test_published_posts_are_counted_no_further_than_is_told(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        for count in (1, 5):
            account = add_account(session, clock.now())
            for number in range(count):
                facts = {"published_at": clock.now(), "slot": f"{number}"}
                add_post(session, account, clock.now(), status=Status.PUBLISHED, changes=facts)
    with database.read() as session:
        assert sorted(one.published for one in participation.progress(session, published_up_to=2)) == [1, 2]


def test_who_says_the_same_is_found_by_its_words(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        mine, other = add_account(session, clock.now()), add_account(session, clock.now())
        post = add_post(session, other, clock.now(), status=Status.PUBLISHED, words="The same words")
        gone = add_post(session, other, clock.now(), status=Status.WITHDRAWN, words="Words that never went out")
    with database.read() as session:
        assert listing.others_say(session, "x", mine.ident, post.text_key)
        assert not listing.others_say(session, "x", other.ident, post.text_key), "one's own words"
        assert not listing.others_say(session, "facebook", mine.ident, post.text_key)
        assert not listing.others_say(session, "x", mine.ident, gone.text_key)
    plan = plan_of(database, lambda session: listing.others_say(session, "x", mine.ident, post.text_key))
    assert "post_says" in plan


def test_names_are_found_by_an_index_each_once_in_order(database: Database, clock: MovedClock) -> None:
    with database.read() as session:
        assert listing.names(session, "slot") == []
    with database.write() as session:
        account = add_account(session, clock.now())
        for number, slot in enumerate(("b", "a", "c", "a", "b")):
            facts = {"slot": slot, "occurrence": f"{number}"}
            add_post(session, account, clock.now(), status=Status.DRAFT, changes=facts)
    with database.read() as session:
        assert listing.names(session, "slot") == ["a", "b", "c"]
    if database.is_sqlite:
        plan = plan_of(database, lambda session: listing.names(session, "slot"))
        assert plan.count("SEARCH post USING COVERING INDEX post_of_slot") == 2, plan


MONEY: dict[str, Callable[[Session], object]] = {
    "of the channel": lambda session: bookings.spent(session, "x", "2025-12"),
    "of an account": lambda session: bookings.spent(session, "x", "2025-12", 1),
    "of the accounts of a turn": lambda session: bookings.spent_by(session, "x", "2025-12", [1, 2, 3]),
}


@pytest.mark.parametrize("name", MONEY)
def test_money_is_added_up_from_an_index_alone(database: Database, name: str) -> None:
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("VACUUM booking"))  # an index alone is read where no row is in doubt
    plan = plan_of(database, MONEY[name], "booking")
    assert re.search(r"COVERING INDEX booking_spent|Index Only Scan using booking_spent", plan), plan
    assert not re.search(r"SCAN booking|Seq Scan|TEMP B-TREE", plan), plan


UPKEEP: dict[str, Callable[[Session, datetime], object]] = {
    "what expires": lambda session, now: upkeep.overdue(session, now, DAY),
    "what is handed over": upkeep.to_hand_over,
    "who has something to send": lambda session, now: lanes.due_accounts(session, now, DAY, limit=1000),
    "when to wake": lambda session, now: upkeep.next_wake(session, now, DAY),
}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", UPKEEP)
@pytest.mark.parametrize("learnt", [False, True])
def test_a_look_reads_nothing_of_the_million_posts_that_are_still_to_come(
    database: Database, clock: MovedClock, monkeypatch: pytest.MonkeyPatch, name: str, *, learnt: bool
) -> None:
    """Whether SQLite was told what is typical or has learnt what there is: a daemon asks this at each beat."""
    monkeypatch.setattr("campaign.models.database._MANY", 0 if learnt else 10**6)
    steps, ahead = [], clock.now() + DAY
    with database.write() as session:
        account = add_account(session, clock.now())
        for number in range(300):
            facts = {"slot": f"s{number}"}
            add_post(session, account, ahead + number * DAY, status=Status.APPROVED, changes=facts)
    for more in (0, 300):
        with database.write() as session:
            for number in range(more):
                facts = {"slot": f"more {number}"}
                add_post(session, account, ahead + number * DAY, status=Status.APPROVED, changes=facts)
        database.learn()
        steps.append(steps_of(database, lambda session: UPKEEP[name](session, clock.now())))
    assert steps[1] <= steps[0] + 50, steps


def steps_of(database: Database, ask: Callable[[Session], object]) -> int:
    """Return how many steps of its machine SQLite takes to answer."""
    taken = [0]

    def step() -> int:
        taken[0] += 1
        return 0

    with database.read() as session:
        driver: Any = session.connection().connection.driver_connection
        driver.set_progress_handler(step, 1)
        try:
            ask(session)
        finally:
            driver.set_progress_handler(None, 1)
    return taken[0]


def test_what_was_approved_before_is_the_newest_of_each_of_few_partners_and_of_all_of_many(
    database: Database, clock: MovedClock
) -> None:
    with database.write() as session:
        accounts = [add_account(session, clock.now()) for _ in range(3)]
        for number in range(6):
            words = {"draft": {"words": str(number)}, "approved_hash": "seen", "occurrence": str(number)}
            add_post(session, accounts[number // 2], clock.now() + number * DAY, changes=words)
        first, second, third = (account.partner_id for account in accounts)
    crowd = [*range(1000, 1100), first, third]
    with database.read() as session:
        few = groups.approved_drafts(session, [first, second], limit=2)
        assert [(ident, json.loads(draft)["words"]) for ident, draft in few] == [(first, "1"), (second, "3")]
        many = groups.approved_drafts(session, crowd, limit=3)
        assert [(ident, json.loads(draft)["words"]) for ident, draft in many] == [
            (third, "5"),
            (third, "4"),
            (first, "1"),
        ], "what the second had approved since takes nothing from them"
    for idents in ([first], crowd):
        plan = plan_of(database, lambda session, idents=idents: groups.approved_drafts(session, idents, limit=2))
        assert not re.search(r"(?m)^\W*SCAN post$|Seq Scan on post\b", plan), plan
