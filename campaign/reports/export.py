"""The files that people take away: CSV that a spreadsheet may open without harm, and JSON."""

import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Final, TextIO

from campaign.models.paging import sizes
from campaign.reports.log import LOG_COLUMNS

Row = Mapping[str, str | int | None]

_PIECE: Final = 200
_BLANK: Final = r'\s"\x00-\x1f\x7f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff'
_SIGNS: Final = r"=+\-@\uff0b\uff0d\uff1d\uff20"
"""With their full-width forms, which some keyboards type."""
_BEGINS: Final = re.compile(rf"(?<![;{_BLANK}])[;{_BLANK}]*+(?=[{_SIGNS}])")
"""What stands before a sign that begins a formula: nothing, or blanks, quotes and what lines are split at."""
_SPLIT: Final = re.compile(r"[;\t\r\n]")


def write_csv(rows: Iterable[Row], file: TextIO, columns: Sequence[str] = LOG_COLUMNS) -> int:
    """Write rows as CSV with a header and return how many; unknown values are empty cells, texts are quoted.

    A text that a spreadsheet would read as a formula gets an apostrophe before that. Open the file with ``newline=""``.
    """
    file.write(_head(columns))
    return _write_rows(file, rows, columns)


def csv_pieces(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """Yield the same file piece by piece, for whoever takes it away over the network: it is never held whole."""
    left, head = iter(rows), _head(columns)
    for size in sizes(_PIECE):
        file = io.StringIO(newline="")
        file.write(head)
        count = _write_rows(file, islice(left, size), columns)
        yield file.getvalue()
        if count < size:
            return
        head = ""


def _head(columns: Sequence[str]) -> str:
    """Return the first line; a name that is no plain word may come from people, as those of details do."""
    return ",".join([name if name.isidentifier() else _cell(name) for name in columns]) + "\r\n"


def _write_rows(file: TextIO, rows: Iterable[Row], columns: Sequence[str]) -> int:
    count = 0
    for row in rows:
        file.write(",".join([_cell(row.get(name)) for name in columns]) + "\r\n")
        count += 1
    return count


def _cell(value: str | int | None) -> str:
    """Return a cell as RFC 4180 has it. The library quotes either no text that could do without or unknown values too
    (before Python 3.12), and some databases take ``""`` for a text.
    """
    if value is None:
        return ""
    return str(value) if not isinstance(value, str) else f'"{safe(value).replace(chr(34), 2 * chr(34))}"'


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula, nor a part of it where lines are split at semicolons or
    tabs: quotes do not keep a cell together then.
    """
    found = _BEGINS.sub(_disarmed, text)
    return f"'{found}" if text.startswith(("\t", "\r")) else found


def _disarmed(before: re.Match[str]) -> str:
    begins = before.start() == 0 or _SPLIT.search(before[0])
    return f"{before[0]}'" if begins else before[0]


def write_json(rows: Iterable[Row], file: TextIO) -> int:
    """Write rows as one JSON array, a row a line, and return how many; unknown values are null."""
    count = 0
    file.write("[")
    for row in rows:
        file.write(",\n " if count else "\n ")
        file.write(json.dumps(row, ensure_ascii=False))
        count += 1
    file.write("\n]\n" if count else "]\n")
    return count
