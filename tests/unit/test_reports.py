"""The engagement log as rows and totals: null stays null, a gap stays named, channels are never added up."""

import json
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from builders import add_account, add_post
from sqlmodel import Session

from campaign.models import Database, readings
from campaign.models.listing import PostFilter
from campaign.models.paging import sizes
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.snapshots import FIGURES, LogFilter, Snapshot
from campaign.models.status import Status
from campaign.reports import log
from campaign.reports.log import KNOWN, LOG_COLUMNS, each_log_row, log_rows, posts_report, totals

AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def published(session: Session, account: Account, external_id: str = "9") -> Post:
    facts = {"status": Status.PUBLISHED, "published_at": AT, "external_id": external_id}
    return add_post(session, account, AT, changes=facts)


def reading(session: Session, post: Post, hours: int, *, gap: str | None = None, **figures: int | None) -> None:
    readings.store(session, post, [snapshot(post, hours, gap=gap, **figures)])


def snapshot(post: Post, hours: int, *, gap: str | None = None, **figures: int | None) -> Snapshot:
    at = AT + hours * HOUR
    facts = {"post_id": post.ident, "partner_id": post.partner_id, "reading": f"{hours}h", "due_at": at}
    return Snapshot.model_validate({**facts, "taken_at": at, "gap": gap, **figures})


def test_a_row_has_every_column_and_unknown_figures_are_null(database: Database) -> None:
    with database.write() as session:
        account = add_account(session, AT)
        partner = session.get_one(Partner, account.partner_id)
        post = published(session, account, "1995")
        reading(session, post, 1, impressions=0, clicks=3)
    with database.read() as session:
        rows = log_rows(session)
    assert rows == [
        {
            "id": str(post.id),
            "partner": partner.key,
            "channel": "x",
            "external_id": "1995",
            "taken_at": "2025-12-02T10:00:00Z",
            "impressions": 0,
            "reach": None,
            "reactions": None,
            "comments": None,
            "shares": None,
            "clicks": 3,
            "reading": "1h",
            "slot": post.slot,
            "template": "t",
            "gap": None,
        }
    ]
    assert tuple(rows[0]) == LOG_COLUMNS
    assert json.loads(json.dumps(rows)) == rows


def test_rows_come_oldest_first_and_the_newest_can_be_had_alone(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        for hours in (24, 1, 6):
            reading(session, post, hours, impressions=hours)
    with database.read() as session:
        assert [row["reading"] for row in log_rows(session)] == ["1h", "6h", "24h"]
        assert [row["reading"] for row in log_rows(session, newest=2)] == ["6h", "24h"]


@pytest.mark.parametrize("by", ["partner", "channel", "slot", "post", "from", "until"])
def test_a_filter_takes_what_it_names_and_nothing_else(database: Database, by: str) -> None:
    with database.write() as session:
        mine, other = add_account(session, AT, channel="linkedin"), add_account(session, AT)
        partner = session.get_one(Partner, mine.partner_id)
        wanted, unwanted = published(session, mine), published(session, other)
        reading(session, wanted, 6, impressions=1)
        reading(session, unwanted, 1 if by == "from" else 24, impressions=1)
    chosen = {
        "partner": LogFilter(partner=partner.key),
        "channel": LogFilter(channel="linkedin"),
        "slot": LogFilter(slot=wanted.slot),
        "post": LogFilter(post_id=wanted.id),
        "from": LogFilter(since=AT + 6 * HOUR),
        "until": LogFilter(until=AT + 24 * HOUR),
    }[by]
    with database.read() as session:
        assert [row["id"] for row in log_rows(session, chosen)] == [str(wanted.id)]
        assert [row["channel"] for row in totals(session, chosen)] == ["linkedin"]


@pytest.mark.parametrize("taken", ["one after another", "all at one instant"])
def test_a_log_longer_than_a_page_is_read_whole_page_by_page(
    database: Database, monkeypatch: pytest.MonkeyPatch, taken: str
) -> None:
    monkeypatch.setattr(log, "_PAGE", 300)
    count = next(sizes(300)) + 600 + 1
    with database.write() as session:
        post = published(session, add_account(session, AT))
        session.add_all(snapshot(post, hours, impressions=hours) for hours in range(1, count + 1))
        if taken == "all at one instant":
            session.flush()
            session.execute(sa.update(Snapshot).values(taken_at=AT))
    rows = each_log_row(database, LogFilter())
    seen = [next(rows)["impressions"]]
    with database.write() as session:  # no page keeps a transaction open that a writer would have to wait for
        session.execute(sa.update(Post).values(slot="renamed"))
    seen += [row["impressions"] for row in rows]
    assert seen == list(range(1, count + 1))


def test_totals_add_the_newest_figures_of_each_post_by_channel(database: Database) -> None:
    with database.write() as session:
        account, other = add_account(session, AT), add_account(session, AT, channel="linkedin")
        first, second, third = published(session, account), published(session, account), published(session, other)
        reading(session, first, 1, impressions=10, reactions=1)
        reading(session, first, 6, impressions=30, reactions=2)
        reading(session, second, 1, impressions=5)
        reading(session, third, 1, reach=7)
    with database.read() as session:
        found = totals(session)
    assert [tuple(row) for row in found] == [("channel", "posts", "taken_at", *FIGURES, *KNOWN)] * 2
    linkedin, x = found
    assert (linkedin["channel"], linkedin["posts"], linkedin["reach"], linkedin["impressions"]) == (
        *("linkedin", 1, 7),
        None,
    )
    assert (x["channel"], x["posts"], x["impressions"], x["reactions"], x["clicks"]) == ("x", 2, 35, 2, None)
    assert x["taken_at"] == "2025-12-02T15:00:00Z"
    assert [x[name] for name in KNOWN] == [2, 0, 1, 0, 0, 0], "posts are counted by the figures that they have"


def test_a_figure_that_is_given_no_more_keeps_its_last_known_value_in_the_totals(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        reading(session, post, 1, impressions=10, clicks=4)
        reading(session, post, 6, impressions=30)
        reading(session, post, 24, gap="not running")
    with database.read() as session:
        (x,) = totals(session)
    assert (x["impressions"], x["clicks"], x["taken_at"]) == (30, 4, "2025-12-02T15:00:00Z")


def test_posts_with_gaps_alone_are_in_no_total(database: Database) -> None:
    with database.write() as session:
        reading(session, published(session, add_account(session, AT)), 1, gap="not running")
    with database.read() as session:
        assert totals(session) == []
        assert [row["gap"] for row in log_rows(session)] == ["not running"]


def test_posts_are_counted_by_local_day_partner_channel_and_status(database: Database) -> None:
    late = datetime(2026, 6, 1, 23, 30, tzinfo=UTC)  # half past midnight in London
    with database.write() as session:
        account = add_account(session, AT)
        key = session.get_one(Partner, account.partner_id).key
        add_post(session, account, AT)
        add_post(session, account, AT + HOUR)
        add_post(session, account, AT, changes={"status": Status.PUBLISHED, "published_at": late})
    with database.read() as session:
        report = posts_report(session, zone=ZoneInfo("Europe/London"))
        approved = posts_report(session, PostFilter(statuses=("approved",)))
    assert [tuple(row.values()) for row in report] == [
        ("2025-12-02", key, "x", "approved", 2),
        ("2026-06-02", key, "x", "published", 1),
    ]
    assert [row["posts"] for row in approved] == [2]
