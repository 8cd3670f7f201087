"""outcomes.csv: ``day,name,number,source``; a row says how much of something there was on one local day."""

import re
from dataclasses import dataclass
from datetime import date

from campaign.intake.rows import Row
from campaign.intake.sheet import sheet_of
from campaign.intake.values import day

FILE_MAX = 1_000_000
"""Bytes of a file."""

COLUMNS = ("day", "name", "number", "source")
_NAME_MAX = 100
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]{1,10}")
_MOST = 2**31 - 1


@dataclass(frozen=True, slots=True)
class OutcomeRow:
    """One number of one day, and where it was counted."""

    day: date
    name: str
    number: int
    source: str


def read_outcomes(name: str, content: bytes, today: date) -> list[OutcomeRow]:
    """Read and check the whole file ``name``. Nothing was counted after ``today``, the local day.

    Raises:
        BadInput: every row and column that is wrong, each with its line and how to mend it.

    """
    sheet = sheet_of(name, content, required=COLUMNS, known=COLUMNS, free=False, file_max=FILE_MAX)
    rows = [_outcome(row, today) for row in sheet.rows]
    sheet.refuse_repeats("name", [(row, f"{day(row['day'])} {row['name']}") for row in sheet.rows])
    if not sheet.rows and not sheet.findings:
        sheet.fault("the file", "it has no rows", "Write a row for each day and number")
    sheet.refuse_faults()
    return rows


def _outcome(row: Row, today: date) -> OutcomeRow:
    """Return what a row says; stand-ins where it is wrong, which the noted faults keep from getting out."""
    on, text = day(row.need("day", _NAME_MAX)), row.need("number", _NAME_MAX)
    if row["day"] and on is None:
        row.fault("day", f"{row['day']!r} is no day", "Write 03/12/2025 or 2025-12-03")
    if on is not None and on > today:
        row.fault("day", f"{row['day']!r} is still to come", "Write the day on which it was counted")
    number = int(text.replace(",", "")) if _NUMBER.fullmatch(text) else -1
    if text and not 0 <= number <= _MOST:
        row.fault("number", f"{text!r} is no number that can be kept", "Write a whole number, as 1250")
    return OutcomeRow(on or date.min, row.need("name", _NAME_MAX), number, row.need("source", _NAME_MAX))
