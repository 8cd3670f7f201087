"""A workspace with its database, to be backed up and restored."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from builders import add_account, add_post
from conftest import MovedClock

from campaign.backup.restore import Restored, restore
from campaign.backup.take import take
from campaign.config import load_settings
from campaign.models import Database, audit
from campaign.models.partners import Campaign
from campaign.models.posts import Post
from campaign.models.status import Status
from campaign.models.users import User
from campaign.vault import create_key

WORDS = "correct horse battery staple"
HOUR = timedelta(hours=1)
CONFIG = '[campaign]\nname = "Ours"\ntimezone = "Europe/London"\ntimetable = "own.toml"\ntemplates = "templates"\n'


@dataclass
class Place:
    """A workspace with its database."""

    folder: Path
    database: Database
    clock: MovedClock

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.write("config.toml", CONFIG)
        self.write("own.toml", "[days]\n")
        self.write("templates/hello.md", "Hello")
        self.settings = load_settings(self.folder, {})

    def write(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def backup(self, name: str = "b") -> Path:
        path = self.folder / name
        take(path, WORDS, database=self.database, settings=self.settings, clock=self.clock)
        return path

    def restore(self, path: Path, *, force: bool = False, by: str = "operator", words: str = WORDS) -> Restored:
        return restore(
            path, words, database=self.database, settings=self.settings, clock=self.clock, by=by, force=force
        )

    def status(self, post_id: int) -> str:
        with self.database.read() as session:
            return session.get_one(Post, post_id).status

    def open(self) -> None:
        """Fill a new workspace as `init` does, with an image and an officer."""
        create_key(self.settings.vault.key_file)
        self.write("media/ab.png", "an image")
        now = self.clock.now()
        with self.database.write() as session:
            session.add(Campaign(name="Ours", timezone="Europe/London", salt="first", created_at=now))
            session.add(User(name="operator", role="admin", email="op@example.org", added_at=now))
            session.add(User(name="olga", role="officer", partner_key="p", added_at=now))
            audit.record(session, who="operator", action="init", subject="workspace", at=now, facts={"name": "Ä"})

    def add(self, status: Status, due: timedelta, *, channel: str = "x", mode: str = "api", **changes: object) -> int:
        """Add a post on an account of its own, due so long from now."""
        now = self.clock.now()
        with self.database.write() as session:
            account = add_account(session, now, channel=channel, mode=mode)
            return add_post(session, account, now + due, status=status, changes=changes).ident

    def stale(self, by: timedelta = HOUR) -> Restored:
        """Make a backup, let time go on, and restore it."""
        path = self.backup()
        self.clock.move(by)
        return self.restore(path, force=True)
