"""Readings that an older program stored are counted by the upgrade."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from conftest import MovedClock
from older_rows import adder

from campaign.models import Database, figures, totals
from campaign.models.figures import Order
from campaign.models.snapshots import FIGURES, LogFilter


def add_published(add: Callable[..., None], at: datetime) -> None:
    """Put in a campaign with one post, published then."""
    add("campaign", id=1, timezone="Europe/London")
    add("partner", id=1, key="oak", name="Oak")
    add("account", id=1, partner_id=1, channel="x")
    add("post", id=1, account_id=1, partner_id=1, channel="x", published_at=at, template="t", slot="s")


def test_readings_of_old_count_after_the_upgrade(older: Callable[[str], Database], clock: MovedClock) -> None:
    database = older("0017")
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post", "snapshot")
        add("partner", id=1, key="oak", name="Oak")
        add("account", id=1, partner_id=1, channel="x")
        add("post", id=1, account_id=1, partner_id=1, channel="x", published_at=clock.now(), template="t", slot="s")
        add("snapshot", id=1, post_id=1, impressions=7)
    database.upgrade()
    with database.read() as session:
        [total] = totals.totals(session, LogFilter(slot="s"))
        assert totals.totals(session, LogFilter(published_from=clock.now())) == [total]
    assert (total.channel, total.posts, total.figures[0]) == ("x", 1, 7)


def test_readings_that_failed_stand_on_the_day_on_which_they_were_due_after_the_upgrade(
    older: Callable[[str], Database],
) -> None:
    database, at = older("0038"), datetime(2025, 12, 3, 12, tzinfo=UTC)
    taken, given_up = [at, at + 3 * timedelta(days=1)], at + 3 * timedelta(days=1)
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post", "snapshot", "tally", "campaign")
        add_published(add, at)
        for ident, due_at in enumerate(taken, start=1):
            add("snapshot", id=ident, post_id=1, due_at=due_at, taken_at=due_at, impressions=ident)
        for ident, days in ((3, 1), (4, 2)):
            due_at = at + days * timedelta(days=1)
            add("snapshot", id=ident, post_id=1, due_at=due_at, taken_at=given_up, gap="not running")
        # As the older program counted them.
        none = {f"{name}_posts": 0 for name in FIGURES}
        kept = {"part": "all", "partner_id": 0, "channel": "x", **none}
        add("tally", **kept, day="2025-12-03", taken_at=taken[0], posts=1, gaps=0, impressions=1)
        add("tally", **kept, day="2025-12-06", taken_at=taken[1], posts=0, gaps=2, impressions=1)
    database.upgrade()
    with database.read() as session:
        found = totals.growth(session, LogFilter(), "impressions", ZoneInfo("Europe/London"))
    assert [(one.day, one.grown, one.was_read, one.gaps) for one in found] == [
        (date(2025, 12, 3), 1, True, 0),
        (date(2025, 12, 4), 0, False, 1),
        (date(2025, 12, 5), 0, False, 1),
        (date(2025, 12, 6), 1, True, 0),
    ]


def test_readings_given_up_on_a_day_of_their_own_are_in_the_log_after_the_upgrade(
    older: Callable[[str], Database],
) -> None:
    database, at = older("0044"), datetime(2025, 12, 3, 12, tzinfo=UTC)
    given_up = at + timedelta(days=3)
    with database.write() as session:
        add = adder(session.connection(), "partner", "account", "post", "snapshot", "tally", "campaign")
        add_published(add, at)
        add("snapshot", id=1, post_id=1, partner_id=1, due_at=at, taken_at=given_up, gap="not running")
        # As the older program counted it.
        none = {f"{name}_posts": 0 for name in FIGURES}
        for day in ("", "2025-12-03"):
            add("tally", part="all", partner_id=0, channel="x", day=day, posts=0, gaps=1, **none)
    database.upgrade()
    with database.read() as session:
        (line,) = figures.log_page(session, LogFilter(), Order(), 50).rows
    assert (line.taken_at, line.gap) == (given_up, "not running")
