"""A post that a person moved: what a later plan, another word, another event and another launch make of it."""

from pathlib import Path

import pytest
from terminal import HELLO, Terminal, opened_terminal

from campaign.models.posts import Post


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    return opened_terminal(tmp_path)


def ident_of(terminal: Terminal, partner: str = "oak", channel: str = "x") -> str:
    (found,) = [post["id"] for post in terminal.posts("--partner", partner) if post["channel"] == channel]
    return str(found)


def seen(terminal: Terminal, ident: str) -> Post:
    with terminal.database() as database, database.read() as session:
        return session.get_one(Post, int(ident))


def move(terminal: Terminal, ident: str, at: str, code: int = 0) -> str:
    return terminal.run("posts", "move", ident, "--at", at, "--as", "olga", code=code)


def test_an_approval_for_one_day_is_not_good_for_another_after_a_plan_changed_the_words(terminal: Terminal) -> None:
    terminal.run("queue")
    ident = ident_of(terminal)
    move(terminal, ident, "2030-12-20 10:00")
    terminal.write("templates/own/hello.md", HELLO.replace("joins in", "takes part"))
    assert "3 change" in terminal.run("queue")
    post = seen(terminal, ident)
    assert post.window_from <= post.due_at <= post.window_until
    terminal.approve(ident)
    assert "in_review" in move(terminal, ident, "2030-12-02 09:00")
