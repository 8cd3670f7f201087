"""Reads tables of a TOML file typed and patiently: every fault is noted with its line, none stops the reading."""

import re
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from campaign.errors import BadInput, Finding, WrongUse

Value = TypeVar("Value")

_HEADER = re.compile(r"\s*(\[{1,2})\s*([^\[\]]+?)\s*\]{1,2}\s*(?:#.*)?")
_DATE = re.compile(r"=\s*(\d{4}-\d{2}-\d{2})")
_LINE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")
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


def toml_text(path: Path) -> str:
    """Return the text of a timetable, without a mark of UTF-8 before it. Raises BadInput: it cannot be read."""
    try:
        return path.read_bytes().decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = "is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else f"cannot be read ({error.strerror})"
        mend = "Name the timetable in config.toml under [campaign], and save it as UTF-8"
        raise BadInput([Finding(path.name, "file", why, mend)]) from error


def parsed(text: str, file: str) -> dict[str, object]:
    """Return what the text says, unchecked. Raises BadInput: it is no TOML, with the line."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = _LINE.search(str(error))
        problem = _LINE.sub("", str(error))
        line = int(place[1]) if place and place[1] else None
        mend = "Mend the line; texts stand in quotes, dates do not"
        raise BadInput(_impossible_days(text, file) or [Finding(file, "syntax", problem, mend, line)]) from error


def _impossible_days(text: str, file: str) -> list[Finding]:
    """Name days that no calendar has: TOML's own message for them is about its syntax."""
    found: list[Finding] = []
    places = {number: place for place, number in key_lines(text).items()}
    for number, line in enumerate(text.splitlines(), start=1):
        written = _DATE.search(line.split("#", 1)[0])
        try:
            _ = written and date.fromisoformat(written[1])
        except ValueError:
            key = re.sub(r"\.\d+\.", ".", places.get(number, line.split("=", 1)[0].strip()))
            problem = f"{written[1] if written else ''} is not a day that exists"
            found.append(Finding(file, key, problem, "Correct the date", number))
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
