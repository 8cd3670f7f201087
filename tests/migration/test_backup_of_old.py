"""A backup that an older program made, at each migration that ever was, is put back and brought up to date."""

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from backup_place import Place
from conftest import MovedClock
from counted import counted, kept
from sqlmodel import select

from campaign.models import Database, audit, copying
from campaign.models.audit import Audit
from campaign.models.database import migrations
from campaign.models.partners import Account
from campaign.models.posts import Post
from campaign.vault import create_key

DAY = timedelta(days=1)
OLDER = migrations()[:-1]
WAYS = [("sqlite", "postgresql"), ("postgresql", "sqlite")]
CROSSINGS = [
    (*way, revision)
    for number, revision in enumerate(reversed(OLDER))
    for way in (WAYS if number < 4 else [WAYS[number % 2]])
]
"""Each older migration goes over to the other kind of database, the newest four both ways."""
SAID: dict[tuple[str, str], object] = {
    ("users", "name"): "operator",
    ("users", "role"): "admin",
    ("users", "active"): True,
    ("campaign", "timezone"): "Europe/London",
    ("post", "status"): "published",
    ("post", "draft"): {"words": "Have your say", "media": []},
    ("account", "mode"): "api",
    ("account", "channel"): "x",
    ("delivery", "status"): "sent",
}
"""What a cell must say for the program to read its row."""


def cell(column: sa.Column[Any], now: datetime) -> object:
    """A value that a column takes, as of the first row of its table."""
    said = SAID.get((column.table.name, column.name))
    if said is not None:
        return said
    kinds = (sa.Boolean, False), (sa.DateTime, now), (sa.Date, now.date()), (sa.LargeBinary, b"sealed"), (sa.JSON, {})
    for kind, value in kinds:
        if isinstance(column.type, kind):
            return value
    return 1 if isinstance(column.type, sa.Integer) else f"{column.name} of old"


def one_row_in_each(database: Database, now: datetime) -> None:
    """Put a row into every table, as an older program might have left it."""
    with database.write() as session:
        connection = session.connection()
        tables = copying.tables(connection)
        for table in tables:
            row = {column.name: cell(column, now) for column in table.columns}
            connection.execute(sa.insert(table), [row])
        chained = audit_row(now)
        connection.execute(sa.update(Audit).values(chained.model_dump(exclude={"id"})))
        if "audithead" in {table.name for table in tables}:
            connection.execute(sa.text("UPDATE audithead SET digest = :digest"), {"digest": chained.digest})


def audit_row(now: datetime) -> Audit:
    row = Audit(at=now, who="operator", action="init", subject="workspace", before="", digest="")
    row.digest = audit.digest(row)
    return row


@pytest.fixture
def old(older: Callable[[str], Database], clock: MovedClock, tmp_path: Path) -> Callable[[str], Place]:
    """Opens a workspace whose database stands at an older migration, with a row in each table."""

    def at(revision: str) -> Place:
        place = Place(tmp_path / "here", older(revision), clock)
        create_key(place.settings.vault.key_file)
        one_row_in_each(place.database, clock.now() - DAY)
        return place

    return at


@pytest.mark.parametrize(("database_url", "elsewhere", "revision"), CROSSINGS, indirect=["database_url", "elsewhere"])
def test_it_stands_on_the_newest_migration_with_all_its_rows(
    old: Callable[[str], Place], elsewhere: Place, revision: str
) -> None:
    place = old(revision)
    elsewhere.restore(place.backup())
    assert elsewhere.database.revision() == migrations()[-1]
    with elsewhere.database.write() as session:
        assert [post.draft["words"] for post in session.exec(select(Post))] == ["Have your say"]
        assert [account.sealed for account in session.exec(select(Account))] == [b"sealed"]
        assert list(audit.faults(session)) == []
        assert kept(session) == counted(session)


def test_a_database_of_old_is_replaced_by_its_own_backup(old: Callable[[str], Place]) -> None:
    place = old(OLDER[0])
    place.restore(place.backup(), force=True)
    assert place.database.revision() == migrations()[-1]
    with place.database.read() as session:
        assert len(list(session.exec(select(Post)))) == 1
        assert kept(session) == counted(session)
