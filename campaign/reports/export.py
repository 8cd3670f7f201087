"""The files that people take away: CSV that a spreadsheet may open without harm, and JSON."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TextIO

from campaign.models.paging import sizes
from campaign.reports.log import LOG_COLUMNS

Row = Mapping[str, str | int | None]

_PIECE = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Iterable[Row], file: TextIO, columns: Sequence[str] = LOG_COLUMNS) -> int:
    """Write rows as CSV with a header and return how many; unknown values are empty cells.

    A text that a spreadsheet would read as a formula gets a leading apostrophe. Open the file with ``newline=""``.
    """
    writer = csv.writer(file)
    writer.writerow(columns)
    return _write_rows(writer, rows, columns)


def csv_pieces(rows: Iterable[Row], columns: Sequence[str]) -> Iterator[str]:
    """Yield the same file piece by piece, for whoever takes it away over the network: it is never held whole."""
    left, head = iter(rows), True
    for size in sizes(_PIECE):
        file = io.StringIO(newline="")
        writer = csv.writer(file)
        if head:
            writer.writerow(columns)
        count = _write_rows(writer, islice(left, size), columns)
        yield file.getvalue()
        if count < size:
            return
        head = False


def _write_rows(writer: Any, rows: Iterable[Row], columns: Sequence[str]) -> int:
    count = 0
    for row in rows:
        writer.writerow([safe(row.get(name)) for name in columns])
        count += 1
    return count


def safe(value: str | int | None) -> str | int | None:
    """Return a cell that no spreadsheet takes for a formula."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value


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
