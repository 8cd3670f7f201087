"""Readings that an older program stored are counted by the upgrade."""

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa
from conftest import MovedClock

from campaign.models import Database, totals
from campaign.models.snapshots import LogFilter


def test_readings_of_old_count_after_the_upgrade(older: Callable[[str], Database], clock: MovedClock) -> None:
    database = older("0017")
    with database.write() as session:
        connection = session.connection()
        tables = sa.MetaData()
        tables.reflect(connection, only=["partner", "account", "post", "snapshot"])

        def add(table: str, **facts: object) -> None:
            needed = {c.name: _blank(c) for c in tables.tables[table].columns if not c.nullable}
            connection.execute(sa.insert(tables.tables[table]).values({**needed, **facts, "id": 1}))

        add("partner", key="oak", name="Oak")
        add("account", partner_id=1, channel="x")
        add("post", account_id=1, partner_id=1, channel="x", published_at=clock.now(), template="t", slot="s")
        add("snapshot", post_id=1, impressions=7)
    database.upgrade()
    with database.read() as session:
        [total] = totals.totals(session, LogFilter(slot="s"))
        assert totals.totals(session, LogFilter(published_from=clock.now())) == [total]
    assert (total.channel, total.posts, total.figures[0]) == ("x", 1, 7)


def _blank(column: sa.Column[object]) -> object:
    kinds = {"DATETIME": datetime(2025, 12, 2, tzinfo=UTC), "TIMESTAMP": datetime(2025, 12, 2, tzinfo=UTC)}
    kinds |= {"INTEGER": 1, "BOOLEAN": False, "JSON": {}}
    return kinds.get(type(column.type).__name__.upper(), "")
