"""Putting a backup back: the whole file is checked before anything is changed, then all rows go in at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlmodel import Session

from campaign.backup.archive import KEY, Entry, FileHead, TableHead, entries
from campaign.backup.placing import Places
from campaign.backup.ruling import Ruled, rule
from campaign.clock import Clock
from campaign.config import Settings
from campaign.errors import WrongUse
from campaign.models import Database, copying, replaced, upkeep
from campaign.models.replaced import Replaced
from campaign.people import acting

_ALIVE: Final = timedelta(seconds=60)
_BATCH: Final = 500


@dataclass
class Survey:
    """What a backup holds, after it was read through and found whole."""

    made_at: datetime
    migration: str
    program: str
    campaign: str
    rows: dict[str, int] = field(default_factory=dict)
    files: int = 0
    key: bytes | None = None
    _table: str = ""
    _into_key: bool = False

    def note(self, entry: Entry) -> None:
        """Take one entry after the facts into account."""
        match entry:
            case TableHead(name=name):
                self._table = name
                self.rows[name] = 0
            case list():
                self.rows[self._table] += 1
            case FileHead(kind=kind):
                self.files += 1
                self._into_key = kind == KEY
            case bytes() if self._into_key:
                self.key = (self.key or b"") + entry


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore did. ``aside`` is the folder of copies that differ from the workspace's files, ``old_key`` where
    a key file was put that was another one.
    """

    ruled: Ruled
    aside: Path | None
    old_key: Path | None


def survey(path: Path, passphrase: str) -> Survey:
    """Read a backup through and change nothing.

    Raises:
        WrongUse: it is not whole, the passphrase is another one, or a newer program made it.

    """
    read = entries(path, passphrase)
    facts = next(read, None)
    if not isinstance(facts, Mapping):
        raise WrongUse(problem=f"{path} does not say what it is", mend="Take another backup.")
    found = _begun(facts)
    for entry in read:
        found.note(entry)
    return found


def _begun(facts: Mapping[str, Any]) -> Survey:
    made_at = datetime.fromisoformat(facts["made_at"])
    found = Survey(made_at, str(facts["migration"]), str(facts["program"]), str(facts["campaign"]))
    if not copying.knows_migration(found.migration):
        problem = f"A newer program made this backup (version {found.program}, migration {found.migration})"
        raise WrongUse(problem=problem, mend="Restore it with that version or a newer one.")
    return found


def restore(
    path: Path, passphrase: str, *, database: Database, settings: Settings, clock: Clock, by: str, force: bool
) -> Restored:
    """Put a backup back, in place of what the database holds; then everything is held.

    All rows are replaced in one transaction, so a restore that breaks off has changed nothing in the database, nor the
    key that opens what is sealed in it.

    Raises:
        WrongUse: a check failed: the file, the passphrase, a daemon that runs, a database in use without ``force``.

    """
    found = survey(path, passphrase)
    with database.alone():
        _refuse_living(database, clock.now())
        places = Places(settings, found.made_at, clock.now())
        try:
            with database.write() as session:
                before = _make_room(session, found, places, force=force)
                _load(session, path, passphrase, places)
                copying.migrate(session.connection(), "head")
                copying.count_on(session)
                ruled = rule(
                    session,
                    made_at=found.made_at,
                    now=clock.now(),
                    person=acting(session, by),
                    posts=found.rows.get("post", 0),
                    before=before,
                )
                places.take_key()
        except BaseException:
            places.undo()
            raise
    return Restored(ruled, places.aside, places.old_key)


def _refuse_living(database: Database, now: datetime) -> None:
    """Refuse while a daemon ticks. On SQLite the lock has said so already; on PostgreSQL the beats of all tell."""
    if database.is_sqlite or database.revision() is None:
        return
    with database.read() as session:
        alive = [beat for beat in upkeep.beats(session) if now - beat.tick_at < _ALIVE]
    if alive:
        problem = f"A daemon runs on this database ({alive[0].owner}, last tick {alive[0].tick_at:%H:%M:%S} UTC)"
        raise WrongUse(problem=problem, mend="End it; of one that was killed the beat is old after a minute.")


def _make_room(session: Session, found: Survey, places: Places, *, force: bool) -> Replaced:
    """Take the old tables away and make those of the backup's migration. Returns what the old ones tell.

    A workspace made just now has a key under which nothing is sealed: it gives way without ``force``.
    """
    connection = session.connection()
    if replaced.in_use(connection) and not force:
        raise WrongUse(
            problem="The database holds a campaign already",
            mend="Back it up with `campaign db backup`, then restore with --force.",
        )
    places.check_key(found.key, force=force or not replaced.seals(connection))
    before = replaced.read(connection)
    copying.remove_tables(connection)
    copying.migrate(connection, found.migration)
    return before


def _load(session: Session, path: Path, passphrase: str, places: Places) -> None:
    """Put every row and file where it belongs."""
    rows = _Rows(session)
    for entry in entries(path, passphrase):
        match entry:
            case list():
                rows.add(entry)
            case TableHead():
                rows.begin(entry)
            case FileHead():
                places.begin(entry)
            case bytes():
                places.add(entry)
    rows.put()
    places.finish()


class _Rows:
    """Puts rows in, some hundreds at a time."""

    def __init__(self, session: Session) -> None:
        self._connection = session.connection()
        self._tables = {table.name: table for table in copying.tables(self._connection)}
        self._head: TableHead | None = None
        self._waiting: list[list[Any]] = []

    def begin(self, head: TableHead) -> None:
        self.put()
        if head.name not in self._tables:
            raise WrongUse(problem=f"The backup has a table {head.name!r} that is not known", mend="Take another one.")
        self._head = head

    def add(self, row: list[Any]) -> None:
        self._waiting.append(row)
        if len(self._waiting) == _BATCH:
            self.put()

    def put(self) -> None:
        if self._head is not None:
            copying.insert(self._connection, self._tables[self._head.name], self._head.columns, self._waiting)
        self._waiting.clear()
