"""Rows as an Excel workbook. Texts are stored as texts, so that no cell of it is ever a formula or a link."""

from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

import xlsxwriter

from campaign.errors import WrongUse
from campaign.reports.export import Row
from campaign.reports.log import LOG_COLUMNS

MOST_ROWS = 1_048_575
"""Rows that a sheet of Excel holds beside its head."""
_TEXTS = {"strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
_WIDTH = 16
_CELL = 32_767
"""Characters that a cell of Excel holds."""


def write_xlsx(
    rows: Iterable[Row],
    file: Path,
    columns: Sequence[str] = LOG_COLUMNS,
    *,
    title: str = "Engagement",
    most: int = MOST_ROWS,
) -> int:
    """Write rows as a workbook of one sheet, row by row, and return how many; unknown values are empty cells, and a
    text is cut where a cell ends.

    Raises:
        WrongUse: there are more rows than a sheet holds. The file is then removed.

    """
    left, count = iter(rows), 0
    with xlsxwriter.Workbook(str(file), {"constant_memory": True, **_TEXTS}) as book:
        sheet = book.add_worksheet(title)
        sheet.set_column(0, len(columns) - 1, _WIDTH)
        sheet.freeze_panes(1, 0)
        sheet.write_row(0, 0, columns, book.add_format({"bold": True}))
        for count, row in enumerate(islice(left, most), 1):
            for column, name in enumerate(columns):
                _write(sheet, count, column, row.get(name))
    if next(left, None) is not None:
        file.unlink()
        mend = "Take fewer with a filter, or take the CSV file, which has no end."
        raise WrongUse(problem=f"A sheet holds {most:,} rows, and there are more", mend=mend)
    return count


def _write(sheet: xlsxwriter.worksheet.Worksheet, row: int, column: int, value: str | int | None) -> None:
    if isinstance(value, str):
        sheet.write_string(row, column, value[:_CELL])
    elif value is not None:
        sheet.write_number(row, column, value)
