"""How many posts stand where is kept by the database itself, and is right at every moment."""

import inspect
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from conftest import MovedClock
from counted import counted, kept
from sqlmodel import Session, col

from campaign.models import Database, calendar, counts, groups, moves, partners, planned
from campaign.models.counts import PostCount, PostNote
from campaign.models.posts import Post
from campaign.models.snapshots import Snapshot
from campaign.models.status import Move, Status
from campaign.models.types import table_of
from campaign.plan.days import day_start

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def rows_of(session: Session, rows: type[PostCount | PostNote]) -> int:
    return int(session.execute(sa.select(sa.func.count()).select_from(table_of(rows))).scalar_one())


@pytest.mark.parametrize("adds_up", [False, True])
def test_counts_follow_whatever_becomes_of_a_post(database: Database, clock: MovedClock, *, adds_up: bool) -> None:
    def look() -> None:
        if adds_up:
            counts.add_up(database)
        with database.read() as session:
            assert kept(session) == counted(session)

    with database.write() as session:
        account = add_account(session, clock.now())
        ident = add_post(session, account, clock.now() + HOUR, status=Status.IN_REVIEW).ident
        other = add_post(session, account, clock.now() + HOUR).ident
    look()
    with database.write() as session:
        post = session.get_one(Post, ident)
        moves.move(session, post, Move.APPROVE, who="rita", at=clock.now())
    look()
    with database.write() as session:
        assert planned.set_due(session, session.get_one(Post, ident), clock.now() + 3 * HOUR)
    look()
    with database.write() as session:
        planned.set_key(session, session.get_one(Post, ident), "another name", "once")
    look()
    with database.write() as session:
        session.execute(sa.delete(Post).where(col(Post.id) == other))
    look()


def test_what_cancels_out_leaves_no_rows(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        post = add_post(session, add_account(session, clock.now()), clock.now(), status=Status.APPROVED)
        ident = post.ident
    counts.add_up(database)
    with database.write() as session:
        moves.move(session, session.get_one(Post, ident), Move.CLAIM, who="engine", at=clock.now())
    with database.read() as session:
        assert rows_of(session, PostNote) == 2
    counts.add_up(database)
    with database.read() as session:
        assert (rows_of(session, PostCount), rows_of(session, PostNote)) == (1, 0)
        assert kept(session) == counted(session)


def test_a_change_that_no_count_is_about_is_not_noted(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        post = add_post(session, add_account(session, clock.now()), clock.now())
    counts.add_up(database)
    with database.write() as session:
        session.execute(sa.update(Post).where(col(Post.id) == post.ident).values(tries=1, status="approved"))
    with database.read() as session:
        assert rows_of(session, PostNote) == 0


def test_a_reader_sees_one_moment_while_notes_are_added_up(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now())
    with database.write() as adding:
        noted = list(adding.execute(sa.delete(PostNote).returning(col(PostNote.id))))
        assert noted
        with database.read() as session:
            assert kept(session) == counted(session)  # not yet added, still noted
        counts.rebuild(adding)
    with database.read() as session:
        assert kept(session) == counted(session)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_of_two_machines_one_adds_up(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        add_post(session, add_account(session, clock.now()), clock.now())
    with database.write() as other:
        other.execute(sa.select(sa.func.pg_advisory_xact_lock(counts._ADDING_UP)))
        counts.add_up(database)
        with database.read() as session:
            assert rows_of(session, PostNote) == 1
    counts.add_up(database)
    with database.read() as session:
        assert (rows_of(session, PostNote), kept(session)) == (0, counted(session))


def edges(first: datetime, days: int) -> list[datetime]:
    return [first + number * DAY for number in range(days + 1)]


def test_a_calendar_of_kept_counts_is_that_of_the_posts(database: Database, clock: MovedClock) -> None:
    first = datetime(2025, 12, 1, 23, tzinfo=UTC)
    states = (Status.APPROVED, Status.PUBLISHED, Status.MISSED)
    with database.write() as session:
        for channel in ("x", "facebook"):
            account = add_account(session, clock.now(), channel=channel)
            for number in range(60):
                due_at = first + number * timedelta(minutes=171)
                changes = {"slot": f"slot {number % 2}", "occurrence": f"{number}"}
                add_post(session, account, due_at, status=states[number % 3], changes=changes)
    counts.add_up(database)
    with database.write() as session:
        add_post(session, account, first + DAY, changes={"slot": "slot 0", "occurrence": "new"})
        alone = add_post(session, account, first + 2 * DAY)
    with database.read() as session:
        found = calendar.due(session, edges(first, 4), ())
        assert found == calendar.due(session, edges(first, 4), [one.key for one in partners.partners(session)])
    assert sum(one.posts for day in found for one in day) > 60
    assert [one.post_id for day in found for one in day if one.posts == 1] == [alone.ident]


@pytest.mark.parametrize("first", [date(2026, 3, 28), date(2025, 10, 25)])
@pytest.mark.parametrize("zone", ["Europe/London", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
def test_a_local_day_has_its_own_posts_over_a_clock_change(
    database: Database, clock: MovedClock, first: date, zone: str
) -> None:
    days = [day_start(first + number * DAY, ZoneInfo(zone)) for number in range(5)]
    times = [days[0].astimezone(UTC) + number * timedelta(minutes=53) - 3 * HOUR for number in range(110)]
    with database.write() as session:
        account = add_account(session, clock.now())
        for number, at in enumerate(times):
            add_post(session, account, at, changes={"slot": "s", "occurrence": f"{number}"})
    mine = [[at for at in times if start <= at < end] for start, end in pairwise(days)]
    with database.read() as session:
        for keys in ((), [one.key for one in partners.partners(session)]):
            found = [(one.posts, one.first_at) for (one,) in calendar.due(session, days, keys)]
            assert found == [(len(some), min(some)) for some in mine]


def test_a_zone_whose_days_begin_within_an_hour_is_counted_from_the_posts(
    database: Database, clock: MovedClock
) -> None:
    midnight = datetime(2025, 12, 1, 18, 30, tzinfo=UTC)  # in Kolkata
    with database.write() as session:
        account = add_account(session, clock.now())
        before, after = (add_post(session, account, midnight + step) for step in (-timedelta(minutes=1), timedelta()))
    with database.read() as session:
        found = calendar.due(session, edges(midnight - DAY, 2), ())
    assert [[one.post_id for one in day] for day in found] == [[before.ident], [after.ident]]


def test_the_groups_that_wait_are_those_of_the_posts(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        for number in range(6):
            changes = {"template": f"t{number % 2}"}
            add_post(session, account, clock.now() + number * HOUR, status=Status.IN_REVIEW, changes=changes)
        add_post(session, account, clock.now() - HOUR, changes={"template": "t0"})
    with database.read() as session:
        found = groups.waiting(session)
        assert found == groups.waiting(session, [one.key for one in partners.partners(session)])
    assert [(one.key.template, one.posts, one.first_due_at) for one in found] == [
        ("t0", 3, clock.now()),
        ("t1", 3, clock.now() + HOUR),
    ]


def test_posts_are_watched_before_they_are_counted_first() -> None:
    # Workers of before go on while the schema is brought here: what one changes after the count must be noted.
    written = inspect.getsource(import_module("campaign.models.migrations.versions.0029_counts_of_posts").upgrade)
    assert written.index("counts.watch(") < written.index("counts.rebuild(")


def test_a_reading_of_a_worker_of_before_gets_its_posts_partner(database: Database, clock: MovedClock) -> None:
    with database.write() as session:
        post = add_post(session, add_account(session, clock.now()), clock.now(), status=Status.PUBLISHED)
        row = {"post_id": post.ident, "reading": "1h", "due_at": clock.now(), "taken_at": clock.now()}
        names = [name for name in row if name != "partner_id"]
        statement = sa.insert(table_of(Snapshot)).from_select(names, sa.select(*map(sa.literal, row.values())))
        session.execute(statement)
        session.expire_all()
        assert session.execute(sa.select(col(Snapshot.partner_id))).scalar_one() == post.partner_id
