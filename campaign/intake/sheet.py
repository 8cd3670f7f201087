"""A CSV file as a table of text: its encoding, its separator, its header, its rows with their line numbers."""

import codecs
import csv
import io
import logging
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from campaign.config import alike, nearest
from campaign.errors import BadInput, Finding
from campaign.intake.rows import Row, Sheet

FILE_MAX = 5_000_000
VALUE_MAX = 5_000
COLUMNS_MAX = 200
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_COLUMN = re.compile(r"[a-z][a-z0-9_]{0,59}")
_LIKENESS = 0.8
_SEPARATORS = ",;\t"
_TOLD = re.compile(rf'"?sep=([{_SEPARATORS}])"?\r?\n')
"""The line by which a spreadsheet is told the separator."""
_UNREAD = "\N{REPLACEMENT CHARACTER}"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Layout:
    """By what a file's values are separated, and how many lines stand above its header: one may name the separator."""

    separator: str
    above: int


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows of a sheet, made as they are gone through, however often: a long file is never in memory as rows."""

    sheet: Sheet
    content: bytes = field(repr=False)
    encoding: str
    layout: Layout

    def __iter__(self) -> Iterator[Row]:
        """Yield each row; one that does not fit the header is noted as a fault and left out."""
        lines = _records(self.content, self.encoding, self.layout, self.sheet)
        next(lines, None)
        for line, values in lines:
            if (row := _row(self.sheet, line, values)) is not None:
                yield row


def read_sheet(
    path: Path, *, required: Sequence[str], known: Sequence[str], free: bool, file_max: int = FILE_MAX
) -> Sheet:
    """Read a CSV with a header. ``free``: columns that are not known are welcome (they become details).

    UTF-8 with or without its mark; else Windows-1252, as Excel saves without asking (this is logged), but not where
    most of it is UTF-8. The separator is the one that a first line ``sep=;`` names, else comma, semicolon or tab:
    whichever gives the most known columns, the comma first. Columns at the end that have neither a name nor values are
    passed over. Header names lose case and outer blanks, inner blanks and hyphens become underscores. Empty rows are
    passed over. A value that looks like a spreadsheet formula is data like any other: only an export to a spreadsheet
    needs to disarm it. Rows that do not fit the header are noted as faults and left out; the caller checks the others,
    then calls ``refuse_faults`` once for all.

    Raises:
        BadInput: the file cannot be read as a table with these columns; rows were not looked at.

    """
    content = read_content(path, file_max)
    return sheet_of(path.name, content, required=required, known=known, free=free, file_max=file_max)


def sheet_of(
    name: str,
    content: bytes,
    *,
    required: Sequence[str],
    known: Sequence[str],
    free: bool,
    file_max: int = FILE_MAX,
) -> Sheet:
    """Read what came in as a file of this name, as ``read_sheet`` does. Raises BadInput."""
    rows = rows_of(name, content, required=required, known=known, free=free, file_max=file_max)
    rows.sheet.rows.extend(rows)
    return rows.sheet


def rows_of(
    name: str,
    content: bytes,
    *,
    required: Sequence[str],
    known: Sequence[str],
    free: bool,
    file_max: int = FILE_MAX,
) -> Rows:
    """Read the header alone, as ``read_sheet`` does; the sheet keeps no row. Raises BadInput."""
    sheet = Sheet(name)
    _refuse_content(content, sheet, file_max)
    encoding = _encoding(content, sheet)
    layout = _layout(content, encoding, known)
    sheet.header_line, header = next(_records(content, encoding, layout, sheet), (1, []))
    while header and not header[-1]:
        header.pop()
    sheet.columns = tuple(_column_name(name) for name in header)
    _check_header(sheet, header, required, known, free=free)
    sheet.refuse_faults()
    return Rows(sheet, content, encoding, layout)


def one_row(name: str, values: Mapping[str, str]) -> Row:
    """Return what was typed into a form, or sent by a program, as a sheet's one row: it is checked as a file is."""
    row = Row(Sheet(name), 1, {column: text.strip() for column, text in values.items()})
    row.sheet.rows.append(row)
    for column in row.values:
        row.one_line(column)
    return row


def read_content(path: Path, file_max: int = FILE_MAX) -> bytes:
    """Return the file's bytes, one more than ``file_max`` at most: so that a longer one shows. Raises BadInput."""
    try:
        with path.open("rb") as file:
            return file.read(file_max + 1)
    except OSError as error:
        raise BadInput(
            [Finding(str(path), "the file", f"it cannot be read ({error.strerror})", "Name a CSV file")]
        ) from error


def _refuse_content(content: bytes, sheet: Sheet, file_max: int) -> None:
    if len(content) > file_max:
        sheet.fault("the file", f"it has more than {file_max / 1_000_000:g} MB", "Split it and import the parts")
    elif content.startswith(_UTF16) or b"\0" in content:
        sheet.fault("the file", "it is not a CSV in UTF-8", "In the spreadsheet choose 'CSV UTF-8' when saving")
    sheet.refuse_faults()


def _encoding(content: bytes, sheet: Sheet) -> str:
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        _refuse_mixed(content, error.start, sheet)  # else not the end: Excel's plain "CSV" is Windows-1252
    else:
        return "utf-8-sig"
    try:
        content.decode("cp1252")
    except UnicodeDecodeError:
        sheet.fault("the file", "its letters can be read neither as UTF-8 nor as Windows-1252", "Save it as CSV UTF-8")
        sheet.refuse_faults()
        raise
    _log.warning(
        "%s is not UTF-8; it was read as Windows-1252, as Excel saves it: check names with accents", sheet.name
    )
    return "cp1252"


def _refuse_mixed(content: bytes, start: int, sheet: Sheet) -> None:
    """Refuse what is UTF-8 but for some letters, of which the first is at ``start``: read as anything else it would be
    wrong in all the others.
    """
    others = [mark for mark in content.decode("utf-8", errors="replace") if not mark.isascii()]
    if content.startswith(codecs.BOM_UTF8) or 2 * others.count(_UNREAD) <= len(others):
        line = content.count(b"\n", 0, start) + 1
        sheet.fault("the row", "a letter of it is not UTF-8, as the others are", "Save the file as CSV UTF-8", line)
        sheet.refuse_faults()


def _layout(content: bytes, encoding: str, known: Collection[str]) -> Layout:
    head = _opened(content, encoding).readline(csv.field_size_limit())  # no longer one is a header, nor is it read
    if told := _TOLD.match(head):
        return Layout(told[1], 1)

    def hits(mark: str) -> int:
        return sum(_column_name(name) in known for name in next(csv.reader([head], delimiter=mark)))

    return Layout(max((mark for mark in _SEPARATORS if mark in head), key=hits, default=","), 0)


def _records(content: bytes, encoding: str, layout: Layout, sheet: Sheet) -> Iterator[tuple[int, list[str]]]:
    """Yield each record with the line on which it begins; a record may span lines inside quotes."""
    file = _opened(content, encoding)
    for _ in range(layout.above):
        file.readline()
    reader = csv.reader(file, delimiter=layout.separator, strict=True)
    line = first = layout.above + 1
    try:
        for values in reader:
            if any(value.strip() for value in values):
                yield line, [value.strip() for value in values]
            line = reader.line_num + first
    except csv.Error as error:
        sheet.fault("the row", f"it cannot be read ({error})", "Close the quotes; double a quote inside quotes", line)


def _opened(content: bytes, encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(content), encoding, newline="")


def _column_name(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip().lower())


def _check_header(
    sheet: Sheet, header: Sequence[str], required: Sequence[str], known: Sequence[str], *, free: bool
) -> None:
    at = sheet.header_line
    if not header:
        sheet.fault("the header", "the file is empty", f"Begin it with the line {','.join(required)}", at)
        return
    if len(header) > COLUMNS_MAX:
        sheet.fault("the header", f"it has more than {COLUMNS_MAX} columns", "Remove the columns that nobody needs", at)
    strays = {column: name for column, name in zip(sheet.columns, header, strict=True) if column not in known}
    for column in required:
        if column not in sheet.columns:
            sheet.fault(column, "the column is missing", _how_to_have(column, strays), at)
    for column, written in zip(sheet.columns, header, strict=True):
        _check_column(sheet, column, written, known, free=free)


def _how_to_have(column: str, strays: Mapping[str, str]) -> str:
    """Return the mend of a column that is missing; ``strays``: how those that are not known are written."""
    holding = (stray for stray in strays if column in stray.split("_"))
    meant = alike(column, strays) or next(holding, None)
    return f"Rename {strays[meant]!r} to {column!r}" if meant else "Add it to the header"


def _check_column(sheet: Sheet, column: str, written: str, known: Sequence[str], *, free: bool) -> None:
    at = sheet.header_line
    if sheet.columns.count(column) > 1 and written:
        sheet.fault(column, "the column stands there twice", "Remove or rename one", at)
    if column in known:
        return
    if not free:
        sheet.fault(written or "the header", "there is no such column", nearest(column, known), at)
    elif not _COLUMN.fullmatch(column):
        sheet.fault(
            written or "the header", "it cannot be the name of a detail", "Use letters, digits, underscores", at
        )
    elif meant := alike(column, [name for name in known if name not in sheet.columns], _LIKENESS):
        sheet.fault(
            written, f"it is probably meant to be {meant!r}", f"Rename it to {meant!r}, or clearly differently", at
        )


def _row(sheet: Sheet, line: int, values: list[str]) -> Row | None:
    while len(values) > len(sheet.columns) and not values[-1]:
        values.pop()
    if len(values) != len(sheet.columns):
        problem = f"it has {len(values)} values for {len(sheet.columns)} columns"
        sheet.fault("the row", problem, "Put a value that holds a separator in double quotes", line)
        return None
    row = Row(sheet, line, dict(zip(sheet.columns, values, strict=True)))
    for column in sheet.columns:
        row.fit(column, VALUE_MAX)
    return row
