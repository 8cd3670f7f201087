"""The kept sums say what the readings say, whatever comes in, and charts of a large campaign are read from them."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from sqlmodel import Session, SQLModel, col, select
from terminal import CONFIG
from waiting import stopped_by_a_lock

from campaign import opening
from campaign.config import load_settings
from campaign.models import Database, newest, planned, readings, summed, tallies, totals
from campaign.models.newest import Newest
from campaign.models.partners import Campaign, Partner
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, LogFilter, Snapshot
from campaign.models.status import Status
from campaign.models.tallies import Tally

LONDON = ZoneInfo("Europe/London")
AT = datetime(2025, 10, 24, 22, 30, tzinfo=UTC)  # over the end of summer time
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
CHANCE = Random
SINCE = datetime(2025, 10, 26, tzinfo=LONDON)
UNTIL = datetime(2025, 10, 28, tzinfo=LONDON)


def stored(session: Session, chance: Random, *, posts: int = 8) -> list[Post]:
    """Store posts with readings: some figures missing, some readings failed, some come late."""
    session.add(Campaign(name="c", timezone="Europe/London", salt="s", created_at=AT))
    accounts = [add_account(session, AT, channel=channel) for channel in ("x", "facebook", "x")]
    for account, region in zip(accounts, ("North", "", "North"), strict=True):
        session.get_one(Partner, account.partner_id).region = region
    found = []
    for number in range(posts):
        account = accounts[number % len(accounts)]
        at = AT + number * 5 * HOUR
        facts = {"published_at": at, "template": f"t{number % 2}", "slot": f"s{number % 3}", "occurrence": str(number)}
        post = add_post(session, account, at, status=Status.PUBLISHED, changes=facts)
        found.append(post)
        dues = [at + hours * HOUR for hours in (1, 6, 24, 48, 72)]
        chance.shuffle(dues)
        for due_at in dues:
            readings.store(session, post, [reading(post, due_at, chance)])
    return found


def reading(post: Post, due_at: datetime, chance: Random) -> Snapshot:
    if chance.random() < 0.2:  # as one is that was due while the program was off
        return Snapshot(
            post_id=post.ident,
            partner_id=post.partner_id,
            reading="1h",
            due_at=due_at,
            taken_at=due_at + chance.choice((0, 7, 50)) * HOUR,
            gap="no answer",
        )
    values = {name: chance.choice([None, 0, chance.randrange(100)]) for name in FIGURES}
    return Snapshot(
        post_id=post.ident, partner_id=post.partner_id, reading="1h", due_at=due_at, taken_at=due_at, **values
    )


def filters(session: Session) -> list[LogFilter]:
    keys = [None, *session.execute(sa.select(col(Partner.key)).order_by(col(Partner.id)).limit(1)).scalars()]
    return [
        LogFilter(partner=key, channel=channel, template=template, slot=slot, since=since, until=until)
        for key in keys
        for channel, since, until in (
            *((None, None, None), ("x", None, None), (None, None, UNTIL)),
            *((None, SINCE, None), (None, SINCE, UNTIL)),
        )
        for template, slot in ((None, None), ("t1", None), (None, "s1"))
    ]


def test_the_kept_sums_say_what_the_readings_say(database: Database) -> None:
    with database.write() as session:
        stored(session, CHANCE(1))
    with database.read() as session:
        for wanted in filters(session):
            for by in (None, *totals.PARTS):
                assert totals.totals(session, wanted, by) == summed.totals(session, wanted, by), (wanted, by)
            for figure in FIGURES[:1]:
                kept, read = (source.growth(session, wanted, figure, LONDON) for source in (totals, summed))
                assert [(one.channel, one.day, one.grown, one.was_read, bool(one.gaps)) for one in kept] == [
                    (one.channel, one.day, one.grown, one.was_read, bool(one.gaps)) for one in read
                ]
                hours = [source.by_publishing(session, wanted, figure, LONDON) for source in (totals, summed)]
                assert hours[0] == hours[1], wanted


def test_what_a_post_gained_from_a_day_on_is_what_it_has_more_than_before(database: Database) -> None:
    with database.write() as session:
        session.add(Campaign(name="c", timezone="Europe/London", salt="s", created_at=AT))
        account = add_account(session, AT)
        old, young = (
            add_post(session, account, AT + number * HOUR, status=Status.PUBLISHED, changes={"published_at": AT})
            for number in range(2)
        )
        for post, hours, count in ((old, 1, 1000), (young, 1, 5), (young, 90, 15)):
            at = AT + hours * HOUR
            facts = {"post_id": post.ident, "partner_id": post.partner_id, "reading": "1h", "due_at": at}
            readings.store(session, post, [Snapshot(**facts, taken_at=at, impressions=count)])
    with database.read() as session:
        for since in (SINCE, SINCE + HOUR):  # from the kept sums, and from the readings
            [total] = totals.totals(session, LogFilter(since=since))
            assert (total.figures[0], total.posts, total.known[0]) == (10, 2, 2)
            assert total.taken_at == AT + 90 * HOUR
            [grown] = totals.growth(session, LogFilter(since=since), "impressions", LONDON)
            assert grown.grown == 10
            [hour] = totals.by_publishing(session, LogFilter(since=since), "impressions", LONDON)
            assert (hour.posts, hour.total) == (2, 10)
        after = LogFilter(since=AT + 200 * HOUR)
        assert totals.totals(session, after) == []
        assert totals.growth(session, after, "impressions", LONDON) == []


def test_what_posts_of_some_days_brought_is_what_their_readings_say(database: Database) -> None:
    with database.write() as session:
        stored(session, CHANCE(2), posts=12)
        key = session.execute(sa.select(col(Partner.key)).order_by(col(Partner.id)).limit(1)).scalar()
    spans = [LogFilter(published_from=AT + 10 * HOUR), LogFilter(published_until=AT + 30 * HOUR)]
    spans.append(LogFilter(published_from=AT + 5 * HOUR, published_until=AT + 40 * HOUR))
    wanted = [replace(span, **more) for span in spans for more in ({}, {"channel": "x"}, {"partner": key})]
    with database.write() as session:
        before = rows_of(session, Newest)
        for one in wanted:
            assert newest.answers(one)
            assert totals.totals(session, one) == summed.totals(session, one), one
        newest.rebuild(session)
        session.expire_all()
        assert rows_of(session, Newest) == before
        most = newest.best(session, spans[0], "reach", 99)
        assert most == sorted(most, key=lambda pair: (-pair[1], pair[0]))
        assert sum(value for _, value in most) == sum(
            total.figures[1] or 0 for total in summed.totals(session, spans[0])
        )
    assert not newest.answers(LogFilter(published_from=AT, slot="s1"))
    assert not newest.answers(LogFilter())


def rows_of(session: Session, kind: type[SQLModel]) -> list[dict[str, object]]:
    return [row.model_dump() for row in session.exec(select(kind).order_by(col(Newest.post_id)))]


def test_a_slot_that_gets_another_name_takes_its_sums_along(database: Database) -> None:
    with database.write() as session:
        post, *_ = stored(session, CHANCE(1))
        planned.set_key(session, post, "renamed", post.occurrence)
    assert_slots_agree(database, "s0", "renamed")


def test_a_reading_of_an_old_post_touches_the_rows_that_it_changes(database: Database) -> None:
    wrote = list[int]()
    with database.write() as session:
        stored(session, CHANCE(3))
        post = add_post(session, add_account(session, AT), AT, status=Status.PUBLISHED, changes={"published_at": AT})
        for day in range(1, 41):
            readings.store(session, post, [reading(post, AT + day * DAY, CHANCE(day))])

        def note(_connection: object, cursor: sqlite3.Cursor, statement: str, *_more: object) -> None:
            if "INTO tally" in statement:
                wrote.append(cursor.rowcount)

        sa.event.listen(session.connection(), "after_cursor_execute", note)
        late = Snapshot(
            post_id=post.ident,
            partner_id=post.partner_id,
            reading="1h",
            due_at=AT + 41 * DAY,
            taken_at=AT + 41 * DAY,
            clicks=1,
        )
        readings.store(session, post, [late])
        assert wrote == [11]
        kept = rows(session)
        tallies.rebuild(session)
        session.expire_all()
        assert rows(session) == kept


def test_a_slot_renamed_between_the_question_and_the_answer_counts_under_its_new_name(database: Database) -> None:
    with database.write() as session:
        post, *_ = stored(session, CHANCE(1))
        seen = post.model_copy()
    with database.write() as session:
        planned.set_key(session, session.get_one(Post, post.ident), "renamed", post.occurrence)
    with database.write() as session:
        at = AT + 80 * HOUR
        row = Snapshot(
            post_id=post.ident, partner_id=post.partner_id, reading="1h", due_at=at, taken_at=at, clicks=1000
        )
        assert readings.settle_reading(session, seen, [row], readings=seen.readings + 1, next_reading_at=None) == 1
    assert_slots_agree(database, "s0", "renamed")


def assert_slots_agree(database: Database, *slots: str) -> None:
    with database.read() as session:
        for slot in slots:
            assert totals.totals(session, LogFilter(slot=slot)) == summed.totals(session, LogFilter(slot=slot)), slot


def test_a_slot_is_renamed_when_the_reading_that_is_being_stored_is_there(database: Database) -> None:
    with database.write() as session:
        post, *_ = stored(session, CHANCE(1))

    def rename() -> None:
        with database.write() as session:
            planned.set_key(session, session.get_one(Post, post.ident), "renamed", post.occurrence)

    at = AT + 80 * HOUR
    row = Snapshot(post_id=post.ident, partner_id=post.partner_id, reading="1h", due_at=at, taken_at=at, clicks=1000)
    with ThreadPoolExecutor(1) as other:
        with database.write() as session:
            assert readings.settle_reading(session, post, [row], readings=1, next_reading_at=None) == 1
            renamed = stopped_by_a_lock(database, other, rename)
        renamed.result(timeout=20)
    assert_slots_agree(database, "s0", "renamed")


def test_counting_anew_comes_to_the_same(database: Database) -> None:
    with database.write() as session:
        stored(session, CHANCE(2))
        kept = rows(session)
        tallies.rebuild(session)
        session.expire_all()
        assert rows(session) == kept
        assert kept


def test_failed_readings_counted_on_other_days_are_counted_anew_on_theirs(database: Database) -> None:
    with database.write() as session:
        stored(session, CHANCE(5))
        kept = rows(session)
        assert sum(1 for row in kept if row["gaps"] and row["day"]) > 5
        session.execute(sa.update(Tally).where(col(Tally.day) != "").values(gaps=3))
        facts = {"part": "all", "partner_id": 0, "name": "", "channel": "x", "day": "2025-11-30", "posts": 0, "gaps": 1}
        session.add(Tally.model_validate({**facts, **{f"{name}_posts": 0 for name in FIGURES}}))
        session.flush()
        tallies.recount_gaps(session)
        session.expire_all()
        assert rows(session) == kept


def test_after_another_time_zone_charts_are_right_and_after_an_upgrade_they_are_kept_sums_again(
    database: Database, tmp_path: Path
) -> None:
    zone, asked = ZoneInfo("America/New_York"), list[str]()
    with database.write() as session:
        stored(session, CHANCE(4))

    with database.read() as session:
        hours = summed.by_publishing(session, LogFilter(), "reach", zone)
        days = totals.growth(session, LogFilter(), "reach", zone)
        assert totals.by_publishing(session, LogFilter(), "reach", zone) == hours
    url = database.url.render_as_string(hide_password=False)
    (tmp_path / "config.toml").write_text(CONFIG.replace("Europe/London", zone.key))
    opening.upgraded(load_settings(tmp_path, {"CAMPAIGN__DATABASE__URL": url})).close()
    sa.event.listen(database.engine, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with database.read() as session:
        assert totals.growth(session, LogFilter(), "reach", zone) == days
        assert totals.by_publishing(session, LogFilter(), "reach", zone) == hours
    assert asked
    assert not [statement for statement in asked if "snapshot" in statement]


def rows(session: Session) -> list[dict[str, object]]:
    found = session.execute(sa.select(Tally).order_by(*sa.inspect(Tally).primary_key)).scalars()
    return [one.model_dump() for one in found]


@pytest.mark.parametrize(
    "wanted",
    [LogFilter(), LogFilter(partner="p"), LogFilter(slot="s", channel="x"), LogFilter(since=SINCE, slot="s")],
    ids=["all", "partner", "slot", "since"],
)
def test_charts_read_no_reading(database: Database, wanted: LogFilter) -> None:
    asked = list[str]()
    with database.write() as session:
        session.add(Campaign(name="c", timezone="Europe/London", salt="s", created_at=AT))
    sa.event.listen(database.engine, "before_cursor_execute", lambda *facts: asked.append(facts[2]))
    with database.read() as session:
        totals.totals(session, wanted)
        totals.growth(session, wanted, "reach", LONDON)
        if wanted.slot is None:
            totals.totals(session, wanted, "template")
            totals.by_publishing(session, wanted, "reach", LONDON)
    assert not [statement for statement in asked if "snapshot" in statement]
