"""The migrations make the schema that the tables say, on both databases."""

from pathlib import Path

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import SQLModel

from campaign.models import Database
from campaign.models.migrations import versions


def test_migrations_lead_to_exactly_the_tables(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    before = database.revision()
    database.upgrade()
    newest = max(file.name[:4] for file in Path(versions.__file__).parent.glob("0*.py"))
    assert database.revision() == before == newest
