"""The commands of an operator who looks after it: the doctor's findings, and a reviewer's inbox."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col
from terminal import Terminal, opened_terminal

from campaign.models import Database, upkeep
from campaign.models.posts import Post
from campaign.models.status import Status

pytestmark = pytest.mark.thorough


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    opened = opened_terminal(tmp_path)
    opened.run("queue")
    return opened


def tick(terminal: Terminal) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        upkeep.tick(session, "here:1", datetime.now(UTC), None)
    database.close()


def ask_person(terminal: Terminal, ident: str, status: Status) -> None:
    database = Database(f"sqlite:///{terminal.folder}/campaign.db", connections=1)
    with database.write() as session:
        values = {"status": status, "needs_person": "nobody can look"}
        session.execute(sa.update(Post).where(col(Post.id) == int(ident)).values(**values))
    database.close()


def test_the_doctor_ends_with_0_where_all_is_well(terminal: Terminal) -> None:
    tick(terminal)
    assert terminal.run("doctor") == "All is well.\n"
    assert terminal.json("doctor") == []


def test_the_doctor_ends_with_1_and_names_rule_severity_and_mend(terminal: Terminal) -> None:
    (terminal.folder / "campaign.key").chmod(0o644)
    found = {row["rule"]: row for row in terminal.json("doctor", code=1)}
    assert found.keys() == {"daemon-silent", "key-file"}
    assert found["key-file"].keys() == {"rule", "severity", "subject", "what", "mend", "runbook"}
    assert found["key-file"]["severity"] == "error"
    assert found["daemon-silent"]["runbook"] == "docs/runbook.md#daemon-silent"
    said = terminal.run("doctor", code=1)
    assert "chmod 600" in said
    assert "docs/runbook.md" in said


def test_the_doctor_ends_with_2_on_wrong_use_and_without_its_database(terminal: Terminal) -> None:
    assert "--prob" in terminal.run("doctor", "--prob", code=2)
    (terminal.folder / "campaign.db").unlink()
    assert "has no database yet" in terminal.run("doctor", code=2)


def test_the_review_names_what_waits_for_a_persons_word_beside_the_listing(terminal: Terminal) -> None:
    first, second, third = (row["id"] for row in terminal.posts())
    ask_person(terminal, first, Status.UNCONFIRMED)
    ask_person(terminal, second, Status.RETRACTING)
    out, err = terminal.both("review", "list", "--json")
    assert [row["id"] for row in json.loads(out)] == [third]
    assert f"Post {first} (" in err
    assert f"`campaign settle {first} --published URL`" in err
    assert f"then `campaign settle {second} --not-published`" in err
    out, err = terminal.both("review", "list", "--partner", "elm")
    assert "nobody can look" not in out
    assert err.count("campaign settle") == sum(row["partner"] == "elm" for row in terminal.posts()[:2]) * 2
