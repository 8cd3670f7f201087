"""Images that nobody uses any more, or never did: uploads that came into no post. They are removed after a week."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import structlog

from campaign.clock import Clock, SystemClock
from campaign.config import Settings
from campaign.models import Database, images
from campaign.plan.media import is_note, is_own

log = structlog.get_logger(__name__)

KEPT = timedelta(days=7)
"""So long an image is kept that nothing speaks of: longer than any session in which somebody uploads it and goes on,
any plan that has it in hand and any backup under way."""
_SEEN_AGAIN = timedelta(days=1)
"""After so long it is written down anew, as the time of the file, that something speaks of an image."""
_WRITTEN = frozenset({".md", ".toml"})
_AT_A_TIME = 2000  # posts that one question reads


@dataclass(frozen=True)
class Unused:
    """Looks through the media folder. The time of a file is when it was stored, used by a plan or a form, or last found
    to be spoken of by a post, a partner's details, a template or the timetable. ``clock`` is the machine's own, as that
    of the files is.
    """

    database: Database
    settings: Settings
    stopping: Event = field(default_factory=Event)
    clock: Clock = field(default_factory=SystemClock)

    def sweep(self, _now: datetime) -> None:
        """Remove what nothing has spoken of for a week."""
        # Before the rows are read: what comes in or is used from here on is young, and stays.
        old = [path for path in self._files() if self._age(path) > _SEEN_AGAIN]
        spoken_of = self._spoken_of() if old else set()
        if self.stopping.is_set():
            return
        removed = sum(self._settled(path, spoken_of) for path in sorted(old, key=_notes_last))
        if removed:
            log.info("unused images removed", count=removed)

    def _files(self) -> Iterator[Path]:
        with suppress(FileNotFoundError):
            yield from (path for path in self.settings.media.folder.iterdir() if is_own(path) and path.is_file())

    def _age(self, path: Path) -> timedelta:
        """Return how old a file is; one that is gone is new."""
        try:
            return timedelta(seconds=self.clock.now().timestamp() - path.stat().st_mtime)
        except FileNotFoundError:
            return timedelta()

    def _spoken_of(self) -> set[str]:
        """Return the digests that anything speaks of; a part where the program is told to stop."""
        found = {digest for path in self._texts() for digest in images.digests_in(path.read_text("utf-8", "replace"))}
        with self.database.read() as session:
            found |= images.of_partners(session)
            newest = images.newest_post(session)
        for first in range(1, newest + 1, _AT_A_TIME):
            if self.stopping.is_set():
                break
            with self.database.read() as session:
                found |= images.of_posts(session, first, first + _AT_A_TIME - 1)
        return found

    def _texts(self) -> Iterator[Path]:
        wanted = self.settings.campaign
        yield from (path for path in (wanted.timetable, *wanted.templates.rglob("*")) if path.suffix in _WRITTEN)

    def _settled(self, path: Path, spoken_of: set[str]) -> bool:
        """Note that an image is spoken of, or remove it where its time has come; say whether it was."""
        if self._stays(path, spoken_of):
            with suppress(OSError):
                os.utime(path)
            return False
        if self._age(path) <= KEPT:
            return False
        path.unlink(missing_ok=True)
        return not is_note(path)

    def _stays(self, path: Path, spoken_of: set[str]) -> bool:
        """Say whether something speaks of an image, or of the one that a note is of."""
        if not is_note(path):
            return not path.name.startswith(".") and path.stem in spoken_of
        try:
            return (self.settings.media.folder / path.read_text("ascii")).is_file()
        except (OSError, UnicodeDecodeError):
            return False


def _notes_last(path: Path) -> tuple[bool, str]:
    """Order the notes of sources behind the images that they speak of."""
    return is_note(path), path.name
