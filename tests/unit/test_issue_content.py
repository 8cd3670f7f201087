"""An issue's approval is bound to the letter that goes out: its sender, reply address, partner, way to unsubscribe."""

import os
from pathlib import Path

import pytest
from terminal import CONFIG, Terminal, opened_terminal, slot

from campaign.app import App
from campaign.clock import SystemClock
from campaign.models import listing
from campaign.newsletter.merge import Copies, Mould, Recipient

NEWS = "---\ntitle: News\nversion: 1\nsubject: News\n---\nHello there, dear readers.\n"
ACCOUNTS = "partner,channel,handle,external_id,mode,credentials,sender,reply_to\noak,email,oak,list-oak,api,,{},{}\n"
MAIL = '\n[channels.email]\nsender = "One <one@a.example.org>"\n[web]\npublic_url = "https://a.example.org"\n'


def take_in(terminal: Terminal, sender: str = "", reply_to: str = "") -> None:
    text = ACCOUNTS.format(sender, reply_to)
    terminal.run("accounts", "import", str(terminal.write("accounts.csv", text)))


@pytest.fixture
def terminal(tmp_path: Path) -> Terminal:
    terminal = opened_terminal(tmp_path)
    terminal.write("config.toml", CONFIG + MAIL)
    terminal.write("templates/own/news.md", NEWS)
    terminal.timetable(slot("news", channels=("email",)).replace('"hello"', '"news"'))
    take_in(terminal)
    terminal.run("queue")
    terminal.approve(terminal.posts()[0]["id"])
    return terminal


def letter(terminal: Terminal) -> str:
    """Return one copy of the issue as the sender would make it now."""
    app = App.open(terminal.folder, os.environ)
    with app.database.read() as session:
        (row,) = listing.posts(session, listing.PostFilter())
    assert app.contents.digest(row.post, row.account) == row.post.content_hash
    message = app.contents.message(row.post)
    copies = Copies(message, Mould.of(row.post.ident, message, salt="s"))
    app.close()
    return copies.copy(Recipient("r@example.org", "R", "token", {}), SystemClock().now()).data.decode()


def status(terminal: Terminal) -> str:
    (post,) = terminal.posts()
    return str(post["status"])


def test_nothing_in_an_approved_letter_changes_behind_its_approval(terminal: Terminal) -> None:
    approved = letter(terminal)
    assert "One <one@a.example.org>" in approved.replace('"', "")
    assert "https://a.example.org/u/token" in approved
    config = (CONFIG + MAIL).replace("one@a.example.org", "two@b.example.org").replace("//a.", "//b.")
    terminal.write("config.toml", config)
    terminal.run("partners", "set", "oak", "name=Another Name")
    head, _, _ = letter(terminal).partition("Date:")
    assert head == approved.partition("Date:")[0]
    assert "Another Name" not in letter(terminal)
    assert [(row["action"], row["reason"]) for row in terminal.json("plan")] == [
        ("change", "what goes with its words changes")
    ]
    terminal.run("queue")
    assert status(terminal) == "in_review"
    after = letter(terminal)
    assert "two@b.example.org" in after
    assert "https://b.example.org/u/token" in after
    assert "Another Name" in after
    shown = terminal.json("posts", "preview", terminal.posts()[0]["id"])
    assert (shown["sender"], shown["partner"]) == ("One <two@b.example.org>", "Another Name")
    assert "0 change" in terminal.run("queue")


def test_an_import_that_changes_the_reply_address_voids_the_approval(terminal: Terminal) -> None:
    take_in(terminal, reply_to="b@oak.example.org")
    assert status(terminal) == "in_review"
    terminal.run("queue")
    assert "b@oak.example.org" in letter(terminal)
    terminal.run("review", "approve", "--all", "--as", "rita")
    assert status(terminal) == "approved"
    take_in(terminal, reply_to="b@oak.example.org")
    assert status(terminal) == "approved"


def test_a_plan_makes_up_for_what_composing_changed(terminal: Terminal) -> None:
    """A new version of the program may compose otherwise: approving must not answer "changed" for ever."""
    app = App.open(terminal.folder, os.environ)
    with app.database.write() as session:
        (row,) = listing.posts(session, listing.PostFilter())
        row.post.content_hash = row.post.approved_hash = "0" * 64
        session.add(row.post)
    app.close()
    assert "1 change" in terminal.run("queue")
    assert status(terminal) == "in_review"
    terminal.run("review", "approve", "--all", "--as", "rita")
    assert status(terminal) == "approved"
