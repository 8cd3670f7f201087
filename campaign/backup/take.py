"""Taking a backup, also while the daemon runs: one instant of the database, then the files that it speaks of."""

from dataclasses import dataclass
from pathlib import Path

import campaign
from campaign.backup.archive import COPY, KEY, MEDIA, Writer, writing
from campaign.backup.copies import copied, place, within
from campaign.clock import Clock, iso
from campaign.config import Settings
from campaign.errors import WrongUse
from campaign.models import Database, copying


@dataclass(frozen=True, slots=True)
class Taken:
    """What a backup holds, and how large its file is in bytes."""

    rows: int
    files: int
    size: int


def take(path: Path, passphrase: str, *, database: Database, settings: Settings, clock: Clock) -> Taken:
    """Write a backup of the workspace to ``path``.

    The time is read before the instant that the database is copied at, so that nothing which began after it can be
    missing from what a restore will look up. Images are written after the rows that name them; none is ever changed.

    Raises:
        WrongUse: a file is there already, or the workspace has no database.

    """
    made_at = clock.now()
    with writing(path, passphrase) as writer:
        with copying.snapshot(database) as connection:
            migration = copying.revision(connection)
            if migration is None:
                raise WrongUse(problem="There is no database to back up", mend="Run `campaign init`.")
            facts = {"made_at": iso(made_at), "migration": migration, "program": campaign.__version__}
            writer.facts(facts | {"campaign": settings.campaign.name})
            for table in copying.tables(connection):
                writer.table(table.name, copying.kinds(table), copying.rows(connection, table))
        _write_files(writer, settings)
    return Taken(writer.rows, writer.files, path.stat().st_size)


def _write_files(writer: Writer, settings: Settings) -> None:
    key = settings.vault.key_file
    if key.is_file():
        writer.file(KEY, key.name, key)
    for path in within(settings.media.folder):
        writer.file(MEDIA, path.relative_to(settings.media.folder).as_posix(), path)
    for path in copied(settings):
        writer.file(COPY, place(path, settings), path)
