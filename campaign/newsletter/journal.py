"""The journal of an issue on this machine: what was about to be sent, and how it ended, before the database knows.

A sender writes a claim's opening before it claims, an intent right before the bytes of a copy go out, and the outcome
right after the reply. The operating system keeps what was written when the process is killed, so at most the one copy
that was on each connection is unknown then. What was written may be lost when the machine goes down: the opening names
the machine's run, and an opening of another run vouches for nothing but the outcomes that are there.

Where the machine does not tell its runs apart (``run`` is empty), every intent is forced to disk instead.
"""

import contextlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

_BOOT = Path("/proc/sys/kernel/random/boot_id")


def this_run() -> str:
    """Return what names this run of the machine, from its start to its end; empty where that is not told."""
    try:
        return _BOOT.read_text(encoding="ascii").strip()
    except OSError:
        return ""


@dataclass(slots=True)
class Past:
    """What a journal says of one claim. ``outcomes`` are by delivery, as they were written."""

    run: str
    intents: set[int] = field(default_factory=set)
    outcomes: dict[int, dict[str, Any]] = field(default_factory=dict)


class Journal:
    """The journal file of one issue; append-only until ``clear``. Thread-safe, for each line is one write."""

    def __init__(self, path: Path, *, run: str | None = None) -> None:
        self.path = path
        self.run = this_run() if run is None else run
        self._file = -1

    def __enter__(self) -> Self:
        """Open for appending."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._file = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        size = os.fstat(self._file).st_size
        if size and os.pread(self._file, 1, size - 1) != b"\n":
            # A line that was cut short must not swallow the next one.
            os.write(self._file, b"\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the file."""
        os.close(self._file)

    def begin(self, claim: str) -> None:
        """Open a claim, on disk, before the database is told of it."""
        self._append({"claim": claim, "run": self.run})
        os.fsync(self._file)

    def intend(self, claim: str, delivery_id: int) -> None:
        """Say that this copy's bytes go out next."""
        self._append({"claim": claim, "intent": delivery_id})
        if not self.run:
            os.fsync(self._file)

    def note(self, claim: str, delivery_id: int, facts: dict[str, Any]) -> None:
        """Say how it ended."""
        self._append({"claim": claim, "outcome": delivery_id, **facts})

    def _append(self, entry: dict[str, Any]) -> None:
        data = json.dumps(entry).encode("ascii") + b"\n"
        if os.write(self._file, data) != len(data):
            msg = f"{self.path} took only a part of a line"
            raise OSError(msg)

    def past(self) -> dict[str, Past]:
        """Return what is written, by claim. A line cut short was never relied on and is left out."""
        found: dict[str, Past] = {}
        for line in self.path.read_bytes().splitlines():
            with contextlib.suppress(ValueError, KeyError, TypeError):
                _read(found, json.loads(line))
        return found

    def clear(self) -> None:
        """Begin anew: every claim in it is settled in the database."""
        os.ftruncate(self._file, 0)

    def remove(self) -> None:
        """Take the file away; an issue that is done needs none, and replies name addresses."""
        self.path.unlink(missing_ok=True)


def _read(found: dict[str, Past], entry: dict[str, Any]) -> None:
    claim: str = entry["claim"]
    if "run" in entry:
        found[claim] = Past(entry["run"])
    elif "intent" in entry:
        found[claim].intents.add(entry["intent"])
    else:
        found[claim].outcomes[entry["outcome"]] = entry
