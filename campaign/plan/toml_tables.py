"""Reads tables of a TOML file typed and patiently: every fault is noted with its line, none stops the reading."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from typing import TypeVar

from campaign.errors import Finding, WrongUse

Value = TypeVar("Value")

_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")
_KEY = re.compile(r'\s*"?([\w.-]+)"?\s*=')


def key_lines(text: str) -> dict[str, int]:
    """Find on which line each table and key stands: ``slot.0`` for a header, ``slot.0.at`` for a key.

    The standard reader tells no lines. This one only looks for them and may miss a key in an unusual layout.
    """
    found: dict[str, int] = {}
    counts: dict[str, int] = {}
    table = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.fullmatch(line):
            table = header[2]
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = f"{table}.{counts[table]}"
            found.setdefault(table, number)
        elif key := _KEY.match(line):
            found.setdefault(f"{table}.{key[1]}" if table else key[1], number)
    return found


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the mend for an unknown name: the nearest known one, else all of them."""
    names = sorted(known)
    close = get_close_matches(name, names, n=1)
    return f'Did you mean "{close[0]}"?' if close else f"Known are: {', '.join(names) or 'none'}"


def twins(keyed: Iterable[tuple[str, str]]) -> Iterator[tuple[int, str]]:
    """Yield the number of each entry that bears the key of an earlier one, and what to say of it.

    ``keyed`` are the entries' keys, by which posts are known, and their names; one without a name is at fault already.
    """
    first: dict[str, str] = {}
    for number, (key, name) in enumerate(keyed):
        if not name:
            continue
        if key in first:
            other = first[key]
            yield number, "is there more than once" if other == name else f'and "{other}" are one name to a post, {key}'
        first.setdefault(key, name)


@dataclass(slots=True)
class Faults:
    """The faults of one file, in the order in which they were found."""

    file: str
    lines: Mapping[str, int]
    found: list[Finding] = field(default_factory=list)

    def add(self, place: str, name: str, problem: str, mend: str) -> None:
        """Note a fault. ``place`` is a key of ``lines``, ``name`` what the reader calls it."""
        line = self.lines.get(place) or self.lines.get(place.rpartition(".")[0])
        self.found.append(Finding(self.file, name, problem, mend, line))


@dataclass(slots=True)
class Table:
    """One table of the file, with the place where it stands and the name that findings give it."""

    data: Mapping[str, object]
    place: str
    name: str
    faults: Faults

    @property
    def line(self) -> int | None:
        """Return the line of the table's header."""
        return self.faults.lines.get(self.place)

    def fault(self, key: str, problem: str, mend: str) -> None:
        """Note a fault of one key."""
        self.faults.add(f"{self.place}.{key}" if self.place else key, f"{self.name}.{key}", problem, mend)

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that nobody reads, naming the nearest that somebody does."""
        names = set(known)
        for key in self.data:
            if key not in names:
                self.fault(key, "there is no such key", nearest(key, names))

    def text(self, key: str) -> str:
        """Return a text that must be there and not be empty; an empty one stands in for a fault."""
        return self.optional(key) or self._missing(key)

    def _missing(self, key: str) -> str:
        if key not in self.data:
            self.fault(key, "is missing", "Write it in quotes")
        return ""

    def optional(self, key: str) -> str | None:
        """Return a text that need not be there; where it is, it says something."""
        value = self.data.get(key)
        if value is None or (isinstance(value, str) and value.strip()):
            return value
        self.fault(key, "is empty" if isinstance(value, str) else "must be text", "Write it in quotes")
        return None

    def blankable(self, key: str) -> str:
        """Return a text that may still be empty; `check` judges that."""
        value = self.data.get(key, "")
        if isinstance(value, str):
            return value
        self.fault(key, "must be text", "Write it in quotes")
        return ""

    def choice(self, key: str, options: Mapping[str, Value], default: str) -> Value:
        """Return what the written word stands for."""
        value = self.data.get(key, default)
        if isinstance(value, str) and value in options:
            return options[value]
        self.fault(key, f"{value!r} is not one of the choices", nearest(str(value), options))
        return options[default]

    def flag(self, key: str) -> bool:
        """Return true or false; false where nothing is written."""
        value = self.data.get(key, False)
        if isinstance(value, bool):
            return value
        self.fault(key, "must be true or false", "Write it without quotes")
        return False

    def words(self, key: str) -> tuple[str, ...]:
        """Return a list of words; one word alone counts as a list."""
        value = self.data.get(key, [])
        items = [value] if isinstance(value, str) else value
        if isinstance(items, list) and all(isinstance(item, str) and item.strip() for item in items):
            return tuple(items)
        self.fault(key, "must be a list of words", 'Write it as ["one", "two"]')
        return ()

    def read(self, key: str, reader: Callable[[str], Value]) -> Value | None:
        """Return what ``reader`` makes of a text; None where nothing is written or it is at fault."""
        value = self.data.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.fault(key, "must be text", "Write it in quotes")
            return None
        try:
            return reader(value)
        except WrongUse as error:
            self.fault(key, str(error.facts["problem"]), str(error.facts["mend"]))
            return None

    def day(self, key: str) -> date | None:
        """Return a date or a local date-time; a zone is refused, as a timetable speaks local time."""
        value = self.data.get(key)
        if isinstance(value, datetime) and value.tzinfo is not None:
            self.fault(key, "carries a zone", "Write local wall time, without Z or an offset")
            return None
        if isinstance(value, date):
            return value
        problem = "is missing" if value is None else "is not a date"
        self.fault(key, problem, "Write a date without quotes, such as 2025-12-02")
        return None
