"""Tokens of the API: what they may hold, and one write under one key, for programs that send at one instant too."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from campaign.errors import UnknownName, WrongUse
from campaign.models import Database, tokens
from campaign.models.tokens import Answered
from campaign.models.users import User
from campaign.people import bearers

AT = datetime(2025, 12, 2, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def issued(database: Database, **more: Any) -> str:
    facts: dict[str, Any] = {"name": "figures", "scopes": ["read"], "lasts": DAY, "by": "ann", "now": AT}
    with database.write() as session:
        person = User(name=f"ann {more}", role="admin", added_at=AT)
        session.add(person)
        session.flush()
        return bearers.issue(session, person, **{**facts, **more})


def test_a_token_serves_until_its_end_and_its_secret_is_not_stored(database: Database) -> None:
    secret = issued(database)
    with database.read() as session:
        found = bearers.look(session, secret, AT + DAY - timedelta(seconds=1))
        assert found is not None
        assert found[0].digest != secret
        assert bearers.look(session, secret, AT + DAY) is None
        assert bearers.look(session, secret.removeprefix("cmp_"), AT) is None


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"scopes": []}, WrongUse),
        ({"scopes": ["everything"]}, UnknownName),
        ({"name": " "}, WrongUse),
        ({"lasts": timedelta(days=366)}, WrongUse),
        ({"lasts": timedelta(0)}, WrongUse),
    ],
)
def test_a_token_without_bounds_is_not_made(
    database: Database, more: dict[str, object], error: type[Exception]
) -> None:
    with pytest.raises(error):
        issued(database, **more)


def test_of_many_who_write_under_one_key_at_once_one_does(database: Database) -> None:
    issued(database)

    def write(number: int) -> bool:
        with database.write() as session:
            tokens.lock_key(session, 1, "k")
            if tokens.answered(session, 1, "k", AT) is not None:
                return False
            session.add(Answered(token_id=1, key="k", request=str(number), body={}, at=AT))
            return True

    with ThreadPoolExecutor(6) as pool:
        assert sorted(pool.map(write, range(6))) == [False] * 5 + [True]


def test_answers_are_forgotten(database: Database) -> None:
    issued(database)
    with database.write() as session:
        session.add(Answered(token_id=1, key="k", request="", body={}, at=AT))
    with database.write() as session:
        tokens.forget_answers(session, AT)
        assert tokens.answered(session, 1, "k", AT) is not None
        assert tokens.answered(session, 1, "k", AT + DAY) is None, "forgotten or not, it is too old"
        tokens.forget_answers(session, AT + DAY)
        assert tokens.answered(session, 1, "k", AT) is None
