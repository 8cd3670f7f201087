"""The demo's line of progress: what is on its way, what comes next, and that the rest of the timetable lies ahead."""

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from builders import add_account, add_post
from conftest import MovedClock

from campaign.demo.progress import Progress
from campaign.demo.run import Demo
from campaign.models import Database
from campaign.sandbox.accounts import SandboxAccount
from campaign.sandbox.pages.feed import face


def told(database: Database, clock: MovedClock) -> list[str]:
    """What the demo says in two looks at the same state."""
    settings = SimpleNamespace(campaign=SimpleNamespace(timezone="Europe/London"))
    app: Any = SimpleNamespace(database=database, clock=clock, settings=settings)
    world: Any = SimpleNamespace(mail_count=lambda: 1)
    lines: list[str] = []
    progress = Progress(app, world, lines.append, "`campaign -w .demo posts list`")
    for _ in range(2):
        with progress.shown():
            pass
    return lines


@pytest.mark.parametrize(
    ("ahead", "said", "lies_ahead"),
    [
        (timedelta(seconds=-20), "due now (launch)", False),
        (timedelta(seconds=40), "next 09:00:40 (launch)", False),
        (timedelta(days=3), "next Fri 5 Dec 09:00 (launch)", True),
    ],
)
def test_what_comes_next_is_said_as_it_stands(
    database: Database, clock: MovedClock, ahead: timedelta, said: str, *, lies_ahead: bool
) -> None:
    with database.write() as session:
        account = add_account(session, clock.now())
        add_post(session, account, clock.now() + ahead, changes={"slot": "launch"})
    first, *more = told(database, clock)
    assert said in first
    assert "1 mail," in first
    assert len(more) == lies_ahead
    assert all("lies ahead: `campaign -w .demo posts list` shows it." in line for line in more)


def test_a_demo_in_a_folder_of_its_own_is_started_again_with_that_folder(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    again = {name: Demo(tmp_path / name, print)._again for name in (".demo", "mine")}
    assert again == {".demo": "campaign demo", "mine": "campaign demo --folder mine"}


def test_a_partner_has_one_colour_on_every_platform_and_initials_of_its_long_words() -> None:
    name = "Department for Education"
    faces = [
        face(SandboxAccount(one, f"{one}-{number}", "dfe", "dfe", name)) for number, one in enumerate(("x", "facebook"))
    ]
    assert {one.initials for one in faces} == {"DE"}
    assert len({one.colour for one in faces}) == 1
