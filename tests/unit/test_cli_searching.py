"""Searching posts, and recording a yes that was given elsewhere, on the command line."""

from pathlib import Path

import pytest
from sqlmodel import select
from terminal import Terminal, opened_terminal

from campaign.models import partners
from campaign.models.partners import Agreement

pytestmark = pytest.mark.thorough
SAID = ("--given-by", "Jo Smith", "--given-on", "2025-11-20", "--source", "A mail")


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def test_posts_are_searched_by_number_by_name_and_in_words(terminal: Terminal) -> None:
    terminal.run("queue")
    keys = {post["id"]: post["partner"] for post in terminal.posts()}
    first = next(iter(keys))
    assert [post["id"] for post in terminal.posts("--search", first)] == [first]
    assert {post["partner"] for post in terminal.posts("--search", "oak school")} == {"oak"}
    assert {post["partner"] for post in terminal.posts("--search", "FRIDAY")} == {"oak"}
    assert terminal.posts("--search", "monday") == []
    assert terminal.posts("--search", "friday", "--partner", "elm") == []


def given(terminal: Terminal) -> list[Agreement]:
    with terminal.database() as database, database.read() as session:
        oak = partners.partner_by_key(session, "oak")
        assert oak is not None
        return partners.agreements(session, oak.ident)


def test_a_yes_given_elsewhere_is_kept_with_who_when_and_where(terminal: Terminal) -> None:
    terminal.run("revoke", "--partner", "oak")
    assert "given after that" in terminal.run("agree", "--partner", "oak", *SAID, code=2)
    with terminal.database() as database, database.write() as session:
        for row in session.exec(select(Agreement)):
            session.delete(row)
    assert "no such right" in terminal.run("agree", "--partner", "oak", *SAID, "--as", "olga", code=2)
    assert "Give --given-by" in terminal.run("agree", "--partner", "oak", *SAID[:2], code=2)
    assert "is no day" in terminal.run("agree", "--partner", "oak", *SAID[:3], "soon", *SAID[4:], code=2)
    assert given(terminal) == []
    terminal.run("agree", "--partner", "oak", *SAID)
    assert [(one.given_by, one.source) for one in given(terminal)] == [("Jo Smith", "A mail")]
