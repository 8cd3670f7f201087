"""What stands in a backup: lines of JSON, compressed. An object opens a part, an array is a row, a string is bytes.

::

    {"backup": {"made_at": ..., "migration": ..., "program": ..., "campaign": ...}}
    {"table": "post", "columns": {"id": "plain", "due_at": "time", ...}}
    [1, "2025-12-02T09:00:00Z", ...]
    {"file": "ab12...png", "kind": "media"}
    "iVBORw0KGgo..."
    {"end": {"rows": 1204, "files": 3}}

Nothing of it is kept in memory but one line, and nothing depends on the kind of database.
"""

import base64
import gzip
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from campaign.backup.seal import PIECE, SealedReader, SealedWriter
from campaign.errors import WrongUse

_BLOCK: Final = 48 * 1024
KEY, MEDIA, COPY = "key", "media", "copy"


@dataclass(frozen=True, slots=True)
class TableHead:
    """A table follows: its name and the kinds of its columns by name."""

    name: str
    columns: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class FileHead:
    """A file follows; ``kind`` is key, media or copy, ``name`` its place under the folder of that kind."""

    kind: str
    name: PurePosixPath


Entry = Mapping[str, Any] | TableHead | FileHead | list[Any] | bytes
"""What a reader meets: the facts of the backup, the head of a table or a file, a row, a block of a file."""


class Writer:
    """Writes the parts of a backup in order: facts, tables, files, end."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._file = file
        self.rows = 0
        self.files = 0

    def facts(self, found: Mapping[str, object]) -> None:
        """Write what the backup is."""
        self._line({"backup": found})

    def table(self, name: str, columns: Mapping[str, str], rows: Iterable[list[Any]]) -> None:
        """Write a table with its rows."""
        self._line({"table": name, "columns": columns})
        for row in rows:
            self._line(row)
            self.rows += 1

    def file(self, kind: str, name: str, path: Path) -> None:
        """Write a file."""
        self._line({"file": name, "kind": kind})
        with path.open("rb") as source:
            while block := source.read(_BLOCK):
                self._line(base64.b64encode(block).decode("ascii"))
        self.files += 1

    def end(self) -> None:
        """Say that nothing follows, and how much there was."""
        self._line({"end": {"rows": self.rows, "files": self.files}})

    def _line(self, value: object) -> None:
        self._file.write(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n")


@contextmanager
def writing(path: Path, passphrase: str) -> Iterator[Writer]:
    """Write a backup that appears under ``path``, for its owner alone, only once it is whole and on disk.

    Raises:
        WrongUse: a file is there already.

    """
    _refuse_existing(path)
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")  # another backup may be going to that name
    try:
        with open(part, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            sealed = SealedWriter(file, passphrase)
            with gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=6, mtime=0) as packed:
                writer = Writer(packed)
                yield writer
                writer.end()
            sealed.finish()
            file.flush()
            os.fsync(file.fileno())
        _refuse_existing(path)
        part.rename(path)
    finally:
        part.unlink(missing_ok=True)


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise WrongUse(problem=f"{path} is there already", mend="Choose another name; a backup is never overwritten.")


def entries(path: Path, passphrase: str) -> Iterator[Entry]:
    """Read a backup through. That it ended without an error proves that it is whole.

    Raises:
        WrongUse: it is no backup, damaged or cut off, or the passphrase is another one.

    """
    seen, end = {"rows": 0, "files": 0}, None
    with path.open("rb") as file:
        sealed = io.BufferedReader(SealedReader(file, passphrase), PIECE)
        with gzip.GzipFile(fileobj=sealed, mode="rb") as packed:
            for read in map(json.loads, packed):
                if isinstance(read, dict) and "end" in read:
                    end = read["end"]
                    continue
                entry = _entry(read)
                seen["rows"] += isinstance(entry, list)
                seen["files"] += isinstance(entry, FileHead)
                yield entry
    if end != seen:
        raise _odd(f"it holds {seen} and says {end}")


def _entry(read: Any) -> Entry:
    match read:
        case list():
            return read
        case str():
            return base64.b64decode(read)
        case {"table": str(name), "columns": dict(columns)}:
            return TableHead(name, columns)
        case {"file": str(name), "kind": str(kind)}:
            return FileHead(kind, _safe(name))
        case {"backup": dict(facts)}:
            return facts
    raise _odd("a line of it says nothing known")


def _safe(name: str) -> PurePosixPath:
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or not path.parts:
        raise _odd(f"it holds a file by the name {name!r}")
    return path


def _odd(what: str) -> WrongUse:
    return WrongUse(problem=f"The backup does not hold together: {what}", mend="Take another backup.")
