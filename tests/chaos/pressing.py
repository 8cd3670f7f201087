"""A press on *hold everything* while hundreds of posts and an issue are in flight, and what the world got after it.

The measure is taken by the world: the last request that the local platforms and the mail catcher received, against the
instant that the hold's own row carries, which lies before its commit.
"""

import os
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlmodel import select
from starlette.types import ASGIApp, Receive, Scope, Send
from trial import PLATFORMS, Trial
from workshop import CAMPAIGN, Workshop

from campaign.app import App
from campaign.models import deliveries, listing
from campaign.models.posts import Attempt
from campaign.sandbox.faults import Fault

CALL = 0.8
"""Seconds that a platform takes for a post; a mail server takes a fifth of it for a copy."""


class Arrivals:
    """Stands before the platforms and notes when each request arrives."""

    def __init__(self, inner: ASGIApp) -> None:
        self._inner = inner
        self.at: list[tuple[float, str]] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope.get("path", ""))
        if path.split("/")[1] in PLATFORMS:
            self.at.append((time.time(), f"{scope['method']} {path}"))
        await self._inner(scope, receive, send)


class Crowd(Trial):
    """A trial without faults whose platforms take their time, all posts due at one instant."""

    def __post_init__(self) -> None:
        super().__post_init__()
        slow = [Fault("store-then-delay", channel, "create", seconds=CALL) for channel in PLATFORMS]
        mail = Fault("store-then-delay", "email", "data", seconds=CALL / 5)
        self.sandbox.world.faults.replace([*slow, mail])
        self.arrivals = Arrivals(self.sandbox._app)
        self.sandbox._app = self.arrivals  # type: ignore[assignment]  # it is served like the one inside

    def hurry(self) -> None:
        """Let the platforms answer at once from now on."""
        self.sandbox.world.faults.replace(())

    def last_request(self, *, reads: bool = True) -> tuple[float, str]:
        """Return when the world got its last request or mail, and what it was. ``reads``: those count too that can
        publish nothing, such as the look at a post whose answer has just come.
        """
        mails = [(mail.at.timestamp(), f"mail to {mail.recipients}") for mail in self.sandbox.world.mails(limit=20)]
        return max([*((at, what) for at, what in self.arrivals.at if reads or not what.startswith("GET")), *mails])

    def received(self) -> int:
        """Return how many posts and mails the world has got."""
        return self.shown() + self.sandbox.world.mail_count()


@contextmanager
def dispatching(
    desk: Workshop, commands: Sequence[Sequence[str]], log: Path
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Run dispatching processes: ``run`` on SQLite, any number of ``run`` or ``worker`` on PostgreSQL."""
    with log.open("ab") as words:
        started = [
            subprocess.Popen(  # noqa: S603 - our own program
                [str(CAMPAIGN), "-w", str(desk.folder), *command],
                stdout=words,
                stderr=words,
                env=os.environ | desk.environ,
            )
            for command in commands
        ]
        try:
            yield started
        finally:
            for process in started:
                process.terminate()
            for process in started:
                _reap(process)


def _reap(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@dataclass
class Press:
    """What a press on *hold everything* has shown."""

    before: int
    """Posts and mails that the world had got when the command was given."""
    seconds: float
    """From the hold's own instant, which lies before its commit, to the last request that arrived."""
    last: str
    publishing: float
    """The same to the last request that can publish something."""
    posts: dict[str, int] = field(default_factory=dict)
    copies: dict[str, int] = field(default_factory=dict)
    open_attempts: int = 0

    def __str__(self) -> str:
        stands = f"posts {self.posts}, copies {self.copies}, {self.open_attempts} attempts open"
        times = f"hold to last request: {self.seconds:.3f} s ({self.last}), to the last one that publishes: "
        return f"{times}{self.publishing:.3f} s; {self.before} were out before; {stands}"


def press(crowd: Crowd, desk: Workshop, *, quiet: float) -> Press:
    """Hold everything, wait until nothing has arrived for ``quiet`` seconds, and look at what stands where."""
    before = crowd.received()
    desk.run("hold", "everything", "--reason", "a wrong figure", "--as", "rita")
    end = time.monotonic() + 60
    while time.time() - crowd.last_request()[0] < quiet and time.monotonic() < end:
        time.sleep(0.1)
    (held,) = desk.json("hold", "--list")
    held_at = datetime.fromisoformat(held["held_at"]).timestamp()
    at, last = crowd.last_request()
    seconds, publishing = (max(0.0, instant - held_at) for instant in (at, crowd.last_request(reads=False)[0]))
    return Press(before, seconds, last, publishing, *standing(desk))


def standing(desk: Workshop) -> tuple[dict[str, int], dict[str, int], int]:
    """Count posts by status, copies of issues by status, and attempts that are open."""
    app = App.open(desk.folder, os.environ | desk.environ)
    try:
        with app.database.read() as session:
            rows = listing.posts(session, listing.PostFilter())
            posts, copies = dict[str, int](), dict[str, int]()
            for row in rows:
                posts[str(row.post.status)] = posts.get(str(row.post.status), 0) + 1
                if row.post.channel == "email":
                    for status, count in deliveries.count(session, row.post.ident).items():
                        copies[status] = copies.get(status, 0) + count
            left = [attempt for attempt in session.exec(select(Attempt)) if attempt.closed_at is None]
    finally:
        app.close()
    return posts, copies, len(left)


def foretold(desk: Workshop) -> dict[str, Any]:
    """Return the fate that a release of everything foretells, by post."""
    return {row["id"]: row["fate"] for row in desk.json("release", "everything", "--dry-run", "--as", "rita")}
