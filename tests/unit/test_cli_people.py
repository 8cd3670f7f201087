"""`campaign users`: roles change, people are sent away and taken back, and the last admin stays."""

from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col
from terminal import Terminal, opened_terminal

from campaign.models import Database
from campaign.models.users import User

pytestmark = pytest.mark.thorough


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def row(terminal: Terminal, name: str) -> dict[str, object]:
    return {one["name"]: one for one in terminal.json("users", "list")}[name]


def test_a_role_changes_and_what_is_not_named_stays(terminal: Terminal) -> None:
    terminal.run("users", "add", "nora", "--role", "officer", "--partner", "oak", "--email", "nora@example.org")
    assert "nora is officer of elm" in terminal.run("users", "change", "nora", "--partner", "elm")
    assert row(terminal, "nora")["email"] == "nora@example.org"
    assert "nora is reviewer." in terminal.run("users", "change", "nora", "--role", "reviewer")
    assert row(terminal, "nora")["partner"] is None
    terminal.run("users", "change", "nora", "--role", "officer", code=2)
    terminal.run("users", "change", "nobody", "--role", "admin", code=2)
    terminal.run("users", "change", "operator", "--role", "reviewer", "--as", "nora", code=2)


def test_who_is_sent_away_acts_no_more_until_taken_back(terminal: Terminal) -> None:
    terminal.run("users", "add", "nora", "--role", "admin")
    terminal.run("users", "send-away", "nora")
    assert row(terminal, "nora")["active"] is False
    terminal.run("hold", "--reason", "stop", "--as", "nora", code=2)
    terminal.run("users", "take-back", "nora")
    terminal.run("hold", "--reason", "stop", "--as", "nora")
    assert "0 sessions of nora ended." in terminal.run("users", "sign-out", "nora")


def test_the_last_admin_stays(terminal: Terminal) -> None:
    terminal.run("users", "send-away", "operator", code=2)
    terminal.run("users", "change", "operator", "--role", "reviewer", code=2)
    assert row(terminal, "operator")["active"] is True


def test_nobody_but_an_officer_belongs_to_a_partner_however_they_came(terminal: Terminal) -> None:
    said = terminal.run("users", "add", "nora", "--role", "reviewer", "--partner", "oak")
    assert said.strip() == "nora is reviewer. Only an officer belongs to a partner: --partner is left out."
    assert row(terminal, "nora")["partner"] is None
    said = terminal.run("users", "change", "nora", "--partner", "elm")
    assert said.strip() == "nora is reviewer. Only an officer belongs to a partner: --partner is left out."
    terminal.run("users", "change", "nora", "--role", "officer", "--partner", "ash", code=2)
    assert (row(terminal, "nora")["role"], row(terminal, "nora")["partner"]) == ("reviewer", None)


def test_an_address_is_one_persons_in_whatever_case(terminal: Terminal) -> None:
    taken = "Another person has this address"
    with_it = ("--email", "Rita@DFE.example.org")
    assert taken in terminal.run("users", "add", "nora", "--role", "admin", *with_it, code=2)
    assert "nora" not in {one["name"] for one in terminal.json("users", "list")}
    assert taken in terminal.run("users", "change", "olga", *with_it, code=2)
    assert row(terminal, "olga")["email"] is None
    terminal.run("users", "change", "rita", *with_it)
    assert row(terminal, "rita")["email"] == "Rita@DFE.example.org"


def test_the_address_of_somebody_who_was_sent_away_is_free_until_they_are_back(terminal: Terminal) -> None:
    terminal.run("users", "send-away", "rita")
    terminal.run("users", "add", "nora", "--role", "reviewer", "--email", "rita@dfe.example.org")
    assert "Another person has this address" in terminal.run("users", "take-back", "rita", code=2)
    assert row(terminal, "rita")["active"] is False
    terminal.run("users", "change", "rita", "--email", "r@dfe.example.org")
    terminal.run("users", "take-back", "rita")
    assert (row(terminal, "rita")["active"], row(terminal, "rita")["email"]) == (True, "r@dfe.example.org")


def test_two_who_share_an_address_of_old_can_be_told_apart(terminal: Terminal) -> None:
    terminal.run("users", "add", "nora", "--role", "reviewer", "--email", "nora@dfe.example.org")
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        session.execute(sa.update(User).where(col(User.name) == "nora").values(email="rita@dfe.example.org"))
    database.close()
    terminal.run("users", "change", "nora", "--role", "admin")
    terminal.run("users", "change", "nora", "--email", "nora@dfe.example.org")
    assert (row(terminal, "nora")["role"], row(terminal, "nora")["email"]) == ("admin", "nora@dfe.example.org")
