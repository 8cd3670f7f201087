"""The command line in this process: a workspace written by hand, and commands run as a person would type them.

A process of its own costs a command seconds; the stories pay that, the unit tests do not.
"""

import io
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import leaks
import sqlalchemy as sa
from sqlmodel import col

from campaign.cli.frame import main
from campaign.models import Database
from campaign.models.posts import Post

CONFIG = """[campaign]
name = "A campaign of our own"
timezone = "Europe/London"
timetable = "schedules/own.toml"
templates = "templates/own"
"""
HELLO = """---
title: Hello
version: 1
fields:
  line: {type: text, max: 80, required: true}
---
{{ partner.name }} joins in. {{ line }}
"""
PARTNERS = "partner,name,kind,region,line\noak,Oak School,school,London,Come on Friday\nelm,Elm School,school,,Ours\n"
ACCOUNTS = """partner,channel,handle,external_id,mode,credentials
oak,x,@oak,1000,by-hand,
oak,facebook,oak,1001,by-hand,
elm,x,@elm,2000,by-hand,
"""
HEAD = '[details]\nviews_url = "https://www.gov.uk/dfe/SEND-conversation"\n\n[days]\nlaunch = 2030-12-02\n\n'


EVENT = """[days]
launch = 2030-12-02

[[event]]
name = "early"
title = "Early help"
principle = "early"
starts = {starts}
register_url = "https://example.org/early"
status = "{status}"
confirmed = true

"""


def event(status: str, starts: str = "2030-12-10T18:00:00") -> str:
    """Return the head of a timetable with one event."""
    return EVENT.format(status=status, starts=starts)


def slot(name: str, at: str = "launch 09:00", *, channels: Sequence[str] = ("x",), more: str = "") -> str:
    return (
        f'[[slot]]\nname = "{name}"\ntemplate = "hello"\nchannels = {json.dumps(list(channels))}\nat = "{at}"\n{more}\n'
    )


@dataclass
class Terminal:
    """A workspace and its command line."""

    folder: Path

    def write(self, name: str, text: str | bytes) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def timetable(self, *slots: str, head: str = HEAD) -> None:
        self.write("schedules/own.toml", head + "\n".join(slots))

    def run(self, *arguments: str, code: int = 0, workspace: bool = True) -> str:
        """Run a command; returns stdout, or what was said on both where it ended with another code than 0."""
        out, err = self.both(*arguments, code=code, workspace=workspace)
        return out if code == 0 else out + err

    def both(self, *arguments: str, code: int = 0, workspace: bool = True) -> tuple[str, str]:
        """Run a command; returns stdout and stderr."""
        out, err, ended = io.StringIO(), io.StringIO(), 0
        argv = ["campaign", *(["-w", str(self.folder)] if workspace else []), *arguments]
        with patch.object(sys, "argv", argv), redirect_stdout(out), redirect_stderr(err):
            try:
                main()
            except SystemExit as end:
                ended = int(end.code or 0)
        assert ended == code, f"{arguments}: exit {ended}\n{out.getvalue()}\n{err.getvalue()}"
        leaks.check(out.getvalue() + err.getvalue(), f"what {arguments[0]} said")
        return out.getvalue(), err.getvalue()

    def json(self, *arguments: str, code: int = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code))

    def posts(self, *arguments: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.json("posts", "list", *arguments)
        return found

    def approve(self, *idents: str, who: str = "rita") -> None:
        hashes = {post["id"]: post["content_hash"] for post in self.posts()}
        self.run("review", "approve", *(f"{ident}@{hashes[ident]}" for ident in idents), "--as", who)

    @contextmanager
    def database(self) -> Iterator[Database]:
        opened = Database(f"sqlite:///{self.folder}/campaign.db", connections=1)
        yield opened
        opened.close()

    def put(self, ident: str, **values: object) -> None:
        """Put a post where dispatch would have left it."""
        with self.database() as database, database.write() as session:
            session.execute(sa.update(Post).where(col(Post.id) == int(ident)).values(**values))


def opened_terminal(folder: Path, config: str = CONFIG) -> Terminal:
    """A workspace with two partners, three accounts, one slot, a reviewer and an officer of oak."""
    terminal = Terminal(folder)
    terminal.write("config.toml", config)
    terminal.write("templates/own/hello.md", HELLO)
    terminal.timetable(slot("launch", channels=("x", "facebook")))
    terminal.run("init", str(folder))
    terminal.run("partners", "import", str(terminal.write("partners.csv", PARTNERS)))
    terminal.run("accounts", "import", str(terminal.write("accounts.csv", ACCOUNTS)))
    terminal.run("users", "add", "rita", "--role", "reviewer", "--email", "rita@dfe.example.org")
    terminal.run("users", "add", "olga", "--role", "officer", "--partner", "oak")
    return terminal
