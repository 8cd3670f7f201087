"""Where the files of a backup go. What people wrote is never overwritten: a copy that differs is put aside."""

import filecmp
import os
from datetime import datetime
from pathlib import Path
from typing import IO, Final

from campaign.backup.archive import KEY, MEDIA, FileHead
from campaign.backup.copies import original
from campaign.config import Settings
from campaign.errors import WrongUse

_STAMP: Final = "%Y%m%dT%H%M%SZ"


class Places:
    """Writes the files of one restore, one after another: images by their digest, copies of configuration, timetable
    and templates into a folder of their own where they differ from what is there, and the key beside its place, which
    it takes by ``take_key``.
    """

    def __init__(self, settings: Settings, made_at: datetime, now: datetime) -> None:
        self._settings = settings
        self._folder = settings.workspace / f"from-backup-{made_at:{_STAMP}}"
        self._now = now
        self._head: FileHead | None = None
        self._file: IO[bytes] | None = None
        self._key = settings.vault.key_file
        self._key_came = self._key_taken = False
        self.old_key: Path | None = None

    @property
    def aside(self) -> Path | None:
        """The folder of copies that differ, None when there is none."""
        return self._folder if self._folder.is_dir() else None

    def check_key(self, content: bytes | None, *, force: bool) -> None:
        """Refuse a backup whose key is another one than the workspace's, unless ``force`` is on.

        Raises:
            WrongUse: the workspace has another key.

        """
        path = self._key
        if force or content is None or not path.exists() or path.read_bytes() == content:
            return
        raise WrongUse(
            problem=f"{path} is another key than the one in the backup",
            mend="Restore with --force: the present key is kept beside it under another name.",
        )

    def take_key(self) -> None:
        """Put the key that came in its place, the last of all: until then the credentials that are there open. One that
        was another is kept aside.
        """
        if not self._key_came:
            return
        if self._key.exists():
            aside = self._key.with_name(f"{self._key.name}.before-{self._now:{_STAMP}}")
            self._key.rename(aside)
            self.old_key = aside
        _part_of(self._key).rename(self._key)
        self._key_taken = True

    def undo(self) -> None:
        """Let the key be that which was there; what broke off has put nothing in its place."""
        if self._file is not None:
            self._file.close()
        if self._key_taken:
            self._key.unlink()
        if self.old_key is not None:
            self.old_key.rename(self._key)
        _part_of(self._key).unlink(missing_ok=True)

    def begin(self, head: FileHead) -> None:
        """Begin a file."""
        self.finish()
        self._head = head
        part = self._part(head)
        part.parent.mkdir(parents=True, exist_ok=True)
        self._file = open(part, "wb", opener=lambda name, flags: os.open(name, flags, 0o600))  # noqa: SIM115 - closed by our own close

    def add(self, block: bytes) -> None:
        """Write a block of the file that was begun."""
        if self._file is not None:
            self._file.write(block)

    def finish(self) -> None:
        """End the file that was begun, and put it where it belongs; another key than is there waits to be taken."""
        if self._file is None or self._head is None:
            return
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        self._file = None
        part, there = self._part(self._head), self._target(self._head)
        if there.is_file() and (self._head.kind == MEDIA or filecmp.cmp(part, there, shallow=False)):
            part.unlink()
            _remove_empty(part.parent, self._folder)
        elif self._head.kind == MEDIA:
            part.rename(there)
        elif self._head.kind == KEY:
            self._key_came = True
        else:
            part.rename(part.with_suffix(part.suffix.removesuffix(".part")))

    def _target(self, head: FileHead) -> Path:
        match head.kind:
            case "key":
                return self._key
            case "media":
                return self._settings.media.folder / head.name
        return original(head.name, self._settings)

    def _part(self, head: FileHead) -> Path:
        place = self._target(head) if head.kind in {KEY, MEDIA} else self._folder / head.name
        return _part_of(place)


def _part_of(place: Path) -> Path:
    return place.with_name(f"{place.name}.part")


def _remove_empty(folder: Path, top: Path) -> None:
    """Remove folders that a copy equal to what is there has left empty."""
    while folder.is_relative_to(top) and folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
