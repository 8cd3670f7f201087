"""posts.csv: ``channel,template,at`` and, where they are needed, ``partner,account``; each row is one new post.

Any further column is a field of a template, named as the template names it. What is wrong stands with its row, so that
a preview shows every row; only a file that is no such table is refused whole.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from campaign.errors import Finding
from campaign.intake.rows import Row, Sheet
from campaign.intake.sheet import sheet_of
from campaign.intake.values import local_instant

FILE_MAX = 400_000
"""Bytes of a file."""
ROWS_MAX = 500
"""Posts of a file."""

REQUIRED = ("channel", "template", "at")
COLUMNS = ("partner", "channel", "account", "template", "at")
"""The columns that are no fields, in the order of the file that people fill in."""
_NAME_MAX = 200
_AT_MEND = "Write day and time, as 03/12/2025 09:30 or 2025-12-03T09:30"


@dataclass(frozen=True, slots=True)
class PostLine:
    """One row. ``due_at`` (aware UTC) is None where ``at`` is none. ``account`` is a handle, empty: the only one."""

    line: int
    partner: str = ""
    channel: str = ""
    account: str = ""
    template: str = ""
    at: str = ""
    due_at: datetime | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()


def read_posts(name: str, content: bytes, zone: ZoneInfo) -> list[PostLine]:
    """Read the file ``name``. Times without an offset are of the wall in ``zone``.

    Raises:
        BadInput: it cannot be read as a table with these columns, or has no rows, or too many.

    """
    sheet = sheet_of(name, content, required=REQUIRED, known=COLUMNS, free=True, file_max=FILE_MAX)
    lines = {row.line: _line(row, zone) for row in sheet.rows}
    _refuse_size(sheet)
    unread = {finding.line or 1: PostLine(finding.line or 1) for finding in sheet.findings}
    return [_judged(line, sheet.findings) for _, line in sorted((unread | lines).items())]


def _refuse_size(sheet: Sheet) -> None:
    if not sheet.rows and not sheet.findings:
        sheet.fault("the file", "it has no rows", "Write a row for each post")
        sheet.refuse_faults()
    if len(sheet.rows) > ROWS_MAX:
        sheet.findings.clear()
        sheet.fault("the file", f"it has {len(sheet.rows)} rows", f"Import at most {ROWS_MAX} posts at once")
        sheet.refuse_faults()


def _line(row: Row, zone: ZoneInfo) -> PostLine:
    due_at = local_instant(row.need("at", _NAME_MAX), zone)
    if row["at"] and due_at is None:
        row.fault("at", f"{row['at']!r} is no day with a time", _AT_MEND)
    return PostLine(
        row.line,
        row.at_most("partner", _NAME_MAX),
        row.need("channel", _NAME_MAX).lower(),
        row.at_most("account", _NAME_MAX).removeprefix("@"),
        row.need("template", _NAME_MAX),
        row["at"],
        due_at,
        row.details(COLUMNS),
    )


def _judged(line: PostLine, findings: Sequence[Finding]) -> PostLine:
    mine = tuple(finding for finding in findings if (finding.line or 1) == line.line)
    return replace(line, findings=mine)
