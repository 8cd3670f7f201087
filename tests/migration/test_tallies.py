"""Readings that an older program stored are counted by the upgrade."""

from collections.abc import Callable

from conftest import MovedClock
from older_rows import adder

from campaign.models import Database, totals
from campaign.models.snapshots import LogFilter


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
