"""Connections to a server are kept open: one that the server has ended is replaced, and a read holds no transaction."""

import psycopg
import pytest
import sqlalchemy as sa

from campaign.models import Database

_OPEN = "SELECT pid, state FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


def server_of(url: str) -> str:
    return url.replace("postgresql+psycopg://", "postgresql://")


def pid(database: Database) -> int:
    with database.read() as session:
        return int(session.execute(sa.text("SELECT pg_backend_pid()")).scalar_one())


def test_a_connection_that_the_server_ended_is_replaced_before_it_is_used(postgres_url: str) -> None:
    database = Database(postgres_url, connections=2)
    before = pid(database)
    assert pid(database) == before, "it is kept open"
    with psycopg.connect(server_of(postgres_url), autocommit=True) as admin:
        admin.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert pid(database) != before
    with database.write() as session:
        session.execute(sa.text("CREATE TABLE kept (number int)"))
    database.close()


def test_what_only_reads_may_not_write(database: Database) -> None:
    forget = sa.text("DELETE FROM post")
    for opened in (database.read, database.at_one_instant):
        if not database.is_sqlite:
            with opened() as session, pytest.raises(sa.exc.InternalError, match="read-only transaction"):
                session.execute(forget)
    with database.write() as session:
        session.execute(forget)


def test_a_read_holds_no_transaction_between_its_questions(postgres_url: str) -> None:
    database = Database(postgres_url, connections=2)
    with database.read() as session, psycopg.connect(server_of(postgres_url), autocommit=True) as other:
        session.execute(sa.text("SELECT 1"))
        assert [state for _, state in other.execute(_OPEN)] == ["idle"]
    database.close()
