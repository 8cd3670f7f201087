"""Which errors of a database pass by themselves: what was sent is kept until it can be stored."""

import psycopg
import pytest
from psycopg import errors
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, DisconnectionError, InvalidRequestError

from campaign.models import Database
from campaign.models.away import is_away


@pytest.mark.parametrize(
    "error",
    [
        errors.ReadOnlySqlTransaction("cannot execute UPDATE in a read-only transaction"),
        errors.FeatureNotSupported("cannot set transaction read-write mode during recovery"),
        errors.CannotConnectNow("the database system is starting up"),
    ],
)
def test_a_database_that_takes_no_writes_for_a_while_is_away(error: psycopg.Error) -> None:
    """As one is that others take over from, or whose disk is full."""
    assert is_away(DBAPIError.instance("UPDATE", None, error, psycopg.Error))


def test_a_broken_rule_of_the_tables_does_not_pass_by_itself() -> None:
    assert not is_away(DBAPIError.instance("UPDATE", None, errors.UniqueViolation("twice"), psycopg.Error))
    assert not is_away(InvalidRequestError("This session is in another state"))


def test_a_server_that_hangs_up_on_a_new_connection_too_is_away(database: Database) -> None:
    def hang_up(*_: object) -> None:
        raise DisconnectionError("the server has hung up")

    event.listen(database.engine, "checkout", hang_up)
    with pytest.raises(InvalidRequestError) as raised, database.write() as session:
        session.connection()
    event.remove(database.engine, "checkout", hang_up)
    assert is_away(raised.value)
