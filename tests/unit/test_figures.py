"""Engagement read for people: sorted pages by key, totals that grow by day, the best hours, and an issue's copies."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from builders import add_account, add_post
from sqlmodel import Session

from campaign.models import Database, figures, readings, snapshots
from campaign.models.deliveries import Delivery
from campaign.models.figures import ORDERS, Order
from campaign.models.mailing import MailingList, Subscriber
from campaign.models.partners import Account, Partner
from campaign.models.posts import Post
from campaign.models.snapshots import LogFilter, LogLine, Snapshot
from campaign.models.status import Status
from campaign.reports.log import totals
from campaign.reports.trends import best_hours, over_time

LONDON = ZoneInfo("Europe/London")
AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
EVERYTHING = LogFilter()


def published(session: Session, account: Account, at: datetime = AT, **more: object) -> Post:
    facts: Mapping[str, object] = {"status": Status.PUBLISHED, "published_at": at, **more}
    return add_post(session, account, at, changes=facts)


def reading(
    session: Session,
    post: Post,
    at: datetime,
    *,
    gap: str | None = None,
    taken: datetime | None = None,
    **values: int | None,
) -> None:
    facts = {
        "post_id": post.ident,
        "partner_id": post.partner_id,
        "reading": "1h",
        "due_at": at,
        "taken_at": taken or at,
        "gap": gap,
    }
    readings.store(session, post, [Snapshot.model_validate({**facts, **values})])


@pytest.mark.parametrize("descending", [True, False])
@pytest.mark.parametrize("column", ORDERS)
def test_every_page_of_the_log_shows_each_reading_once_in_order_there_and_back(
    database: Database, column: str, *, descending: bool
) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        for number in range(23):
            # Many readings share a value: the place must tell them apart.
            reading(session, post, AT + number * HOUR, impressions=number // 4, clicks=None if number % 3 else 1)
    order = Order(column, descending=descending)
    with database.read() as session:
        whole = figures.log_page(session, EVERYTHING, order, 99, after=None, before=None).rows
        there, place, more = list[LogLine](), None, True
        while more:
            page = figures.log_page(session, EVERYTHING, order, 5, after=place, before=None)
            there, more = there + page.rows, page.has_after
            place = order.place(page.rows[-1]) if page.rows else None
        back, place, more = whole[-1:], order.place(whole[-1]) if whole else None, bool(whole)
        while more:
            page = figures.log_page(session, EVERYTHING, order, 5, after=None, before=place)
            back, more = page.rows + back, page.has_before
            place = order.place(page.rows[0]) if page.rows else None
    assert there == whole
    assert back == whole
    places = [order.place(line) for line in whole]
    assert places == sorted(places, reverse=descending)


def test_the_log_is_walked_to_its_end_and_back(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        for number in range(12):
            reading(session, post, AT + number * HOUR, impressions=number // 3)
    order = Order("impressions")
    with database.read() as session:
        first = figures.log_page(session, EVERYTHING, order, 5, after=None, before=None)
        second = figures.log_page(session, EVERYTHING, order, 5, after=order.place(first.rows[-1]), before=None)
        third = figures.log_page(session, EVERYTHING, order, 5, after=order.place(second.rows[-1]), before=None)
        again = figures.log_page(session, EVERYTHING, order, 5, after=None, before=order.place(third.rows[0]))
    assert [line.figures[0] for line in first.rows + second.rows + third.rows] == [
        3,
        3,
        3,
        2,
        2,
        2,
        1,
        1,
        1,
        0,
        0,
        0,
    ]
    assert [(page.has_before, page.has_after) for page in (first, second, third)] == [
        (False, True),
        (True, True),
        (True, False),
    ]
    assert again.rows == second.rows
    assert again.has_before


def test_a_reading_without_the_figure_has_no_place_in_its_order(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        reading(session, post, AT, impressions=4)
        reading(session, post, AT + HOUR, gap="no answer")
    with database.read() as session:
        by_figure = figures.log_page(session, EVERYTHING, Order("impressions"), 5, after=None, before=None)
        by_time = figures.log_page(session, EVERYTHING, Order(), 5, after=None, before=None)
    assert len(by_figure.rows) == 1
    assert [line.gap for line in by_time.rows] == ["no answer", None]


LATE = {
    "": EVERYTHING,
    "channel": LogFilter(channel="x"),
    "slot": LogFilter(slot="s"),
    "template": LogFilter(template="t"),
}


@pytest.mark.parametrize("wanted", LATE.values(), ids=LATE)
def test_readings_given_up_on_a_later_day_than_they_were_due_are_on_the_page_as_in_the_file(
    database: Database, wanted: LogFilter
) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT), slot="s", template="t")
        reading(session, post, AT, impressions=10)
        reading(session, post, AT + 2 * DAY, taken=AT + 4 * DAY, gap="not running")
        reading(session, post, AT + 3 * DAY, taken=AT + 4 * DAY, gap="no answer")
    from_the_4th = replace(wanted, since=AT + 4 * DAY - HOUR)
    before_it = replace(wanted, until=AT + 4 * DAY)
    with database.read() as session:
        for asked, gaps in (
            (wanted, [None, "not running", "no answer"]),
            (from_the_4th, ["not running", "no answer"]),
            (before_it, [None]),
        ):
            page = figures.log_page(session, asked, Order(descending=False), 5).rows
            assert [line.gap for line in page] == gaps
            assert page == snapshots.page(session, asked, None, size=5)


def test_a_total_grows_by_what_each_reading_adds_and_breaks_where_readings_failed(database: Database) -> None:
    with database.write() as session:
        account = add_account(session, AT)
        one, two = published(session, account), published(session, account)
        reading(session, one, AT + HOUR, impressions=10)
        reading(session, two, AT + HOUR, impressions=1)
        reading(session, one, AT + DAY, gap="no answer")
        reading(session, one, AT + 2 * DAY, impressions=25)
        reading(session, two, AT + 3 * DAY, gap="no answer")
        reading(session, one, AT + 3 * DAY, impressions=30)
        late = published(session, add_account(session, AT, channel="facebook"))
        reading(session, late, AT + 2 * DAY, impressions=7)
    with database.read() as session:
        trend = over_time(session, EVERYTHING, "impressions", LONDON)
    assert trend.days == tuple(date(2025, 12, 2) + number * DAY for number in range(4))
    assert trend.channels == {"x": (11, None, 26, 31), "facebook": (None, None, 7, 7)}
    with database.read() as session:
        since = over_time(session, LogFilter(since=AT + 2 * DAY), "impressions", LONDON)
        assert since.channels["x"] == (15, 20), "what came before the first day is not counted"
        assert over_time(session, LogFilter(since=AT + 9 * DAY), "impressions", LONDON).days == ()
        assert over_time(session, EVERYTHING, "clicks", LONDON).channels == {"x": (None, None, None)}


def test_the_line_breaks_on_the_days_on_which_readings_were_due_and_nobody_took_them(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        for day, count in ((0, 100), (1, 200), (6, 900)):
            reading(session, post, AT + day * DAY, impressions=count)
        for day in (2, 3, 4, 5):
            reading(session, post, AT + day * DAY, gap="not running", taken=AT + 6 * DAY)
    with database.read() as session:
        for wanted in (EVERYTHING, LogFilter(template=post.template, slot=post.slot)):  # kept sums, and readings
            trend = over_time(session, wanted, "impressions", LONDON)
            assert trend.channels == {"x": (100, 200, None, None, None, None, 900)}
            until = replace(wanted, until=AT + 4 * DAY - 9 * HOUR)
            assert over_time(session, until, "impressions", LONDON).channels == {"x": (100, 200, None, None)}


def test_a_day_ends_at_local_midnight(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT))
        reading(session, post, datetime(2025, 7, 1, 23, 30, tzinfo=UTC), impressions=3)
    with database.read() as session:
        assert over_time(session, EVERYTHING, "impressions", LONDON).days == (date(2025, 7, 2),)


def test_totals_are_split_within_their_channel(database: Database) -> None:
    with database.write() as session:
        account, other = add_account(session, AT), add_account(session, AT, channel="facebook")
        session.get_one(Partner, account.partner_id).region = "London"
        for template, count in (("a", 5), ("a", 6), ("b", 7)):
            reading(session, published(session, account, template=template), AT + HOUR, impressions=count)
        reading(session, published(session, other, template="a"), AT + HOUR, impressions=100)
    with database.read() as session:
        by_template = totals(session, EVERYTHING, "template")
        by_region = totals(session, EVERYTHING, "region")
    assert [(row["channel"], row["template"], row["posts"], row["impressions"]) for row in by_template] == [
        ("facebook", "a", 1, 100),
        ("x", "a", 2, 11),
        ("x", "b", 1, 7),
    ]
    assert [(row["channel"], row["region"], row["impressions"]) for row in by_region] == [
        ("facebook", "", 100),
        ("x", "London", 18),
    ]


def test_partners_of_one_name_are_not_added_up(database: Database) -> None:
    with database.write() as session:
        accounts = [add_account(session, AT) for _ in range(2)]
        keys = []
        for account, count in zip(accounts, (5, 100), strict=True):
            partner = session.get_one(Partner, account.partner_id)
            partner.name = "St Mary's"
            keys.append(partner.key)
            reading(session, published(session, account), AT + HOUR, impressions=count)
    with database.read() as session:
        for wanted in (EVERYTHING, LogFilter(until=AT + HOUR / 2 + HOUR)):  # from the kept sums, and from the readings
            rows = totals(session, wanted, "partner")
            assert [(row["partner"], row["name"], row["impressions"]) for row in rows] == sorted(
                [(keys[0], "St Mary's", 5), (keys[1], "St Mary's", 100)]
            )


def test_the_best_hours_are_local_and_averages_of_posts(database: Database) -> None:
    summer = datetime(2025, 7, 1, 8, 15, tzinfo=UTC)
    with database.write() as session:
        account = add_account(session, AT)
        for at, count in ((AT, 10), (AT + DAY, 21), (summer, 30), (AT + 5 * HOUR, 4)):
            reading(session, published(session, account, at), at + HOUR, impressions=count)
        reading(session, published(session, account, AT), AT + HOUR, clicks=9)
    with database.read() as session:
        rows = best_hours(session, EVERYTHING, "impressions", LONDON)
    assert rows == [
        {"channel": "x", "hour": 9, "posts": 3, "average": 20},
        {"channel": "x", "hour": 14, "posts": 1, "average": 4},
    ]


def test_an_issue_tells_what_became_of_its_copies(database: Database) -> None:
    with database.write() as session:
        post = published(session, add_account(session, AT, channel="email"))
        readers = MailingList(key="families")
        session.add(readers)
        session.flush()
        for number, status in enumerate(["sent", "sent", "sent", "bounced", "suppressed", "unknown"]):
            left = {0: AT + DAY, 1: AT - DAY}.get(number)
            email = f"r{number}@example.org"
            reader = Subscriber(
                list_id=readers.ident,
                email=email,
                consent_source="form",
                consent_at=AT,
                token=email,
                unsubscribed_at=left,
            )
            session.add(reader)
            session.flush()
            facts = {"subscriber_id": reader.id, "email": email, "token": email, "status": status}
            session.add(Delivery(post_id=post.ident, next_try_at=AT, settled_at=AT, **facts))
    with database.read() as session:
        found = figures.funnel(session, post)
    assert (found.listed, found.sent, found.delivered, found.clicks, found.left) == (6, 5, 3, None, 1)
    assert dict(found.asides) == {"bounced": 1, "suppressed": 1, "unknown": 1}
